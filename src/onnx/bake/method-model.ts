/** @file The method as a model: alone for callers that have the signals, and as the middle of a baked model. */
import { refusalFor } from "../../core/index.js";
import { type GraphDraft, newDraft, newModel, type Tensor } from "../graph/graph-draft.js";
import { onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError } from "../proto/errors.js";
import { axes, makeValueInfo } from "../proto/make.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { type BakeMethodOptions, type BakeRules, bakeRules } from "./options.js";
import { recoverableGraph } from "./recoverable-graph.js";

const float = (name: string, shape: ValueInfo["shape"]) => makeValueInfo(name, DATA_TYPES.float32.id, shape);
const COUNT = makeValueInfo("count", DATA_TYPES.int32.id, [1]);

/**
 * A model of the method alone. Inputs, float32: `features` [N, C], `keys` [N, Ck], `cls_attention` [N], `text_similarity` [N] (the
 * columns of a `TokenTable`). Outputs: `compressed` [K, C], `count` [1] int32, and `weights` [K, N] if asked for.
 *
 * @throws OnnxInputError for options that do not fit, BudgetError for the budget.
 */
export function compressionModel(options: BakeMethodOptions, more: { opset?: number } = {}): OnnxModel {
  const { opset = 17 } = onnxOptions("bake", more, {});
  const rules = bakeRules(options);
  // Earlier versions compare no floats.
  if (!Number.isInteger(opset) || opset < 11) {
    throw refusalFor("bake", OnnxInputError)("opset as a whole number from 11", opset);
  }
  const { tokens } = rules;
  const op = newDraft("recoup.", opset);
  const column = (name: Tensor) => op.reshape(name, [tokens, 1]);
  const [clsAttention, textSimilarity] = [column("cls_attention"), column("text_similarity")];
  const plan = recoverableGraph(op, { keys: "keys", clsAttention, textSimilarity }, rules);
  const { rows = "rows" } = rules;
  op.output(op.matMul(plan.weights, "features"), float("compressed", [rows, "width"]));
  op.output(plan.count, COUNT);
  if (rules.weights) op.output(plan.weights, float("weights", [rows, tokens]));
  const inputs = [
    float("features", [tokens, "width"]),
    float("keys", [tokens, "key_width"]),
    float("cls_attention", [tokens]),
    float("text_similarity", [tokens]),
  ];
  return newModel(op, { inputs, outputs: op.outputs });
}

/**
 * A model of the method behind a tower. Inputs of one image, float32: `states`, `query`, `key`, `embeddings` [1, N + 1, width], the class
 * token first, and `text` [1, D]. Outputs: `rows` [1, K, C], `count` [1] int32, `weights` [K, N].
 */
export function methodModel(rules: BakeRules, opset: number): OnnxModel {
  const { tokens } = rules;
  const op = newDraft("", opset);
  const matrix = (name: Tensor) => op.reshape(op.reshape(name, [1, tokens + 1, -1]), [tokens + 1, -1]);
  const rowsOf = (whole: Tensor) => op.slice(whole, 0, 1, tokens + 1);
  const keys = matrix("key");
  const table = {
    keys: rowsOf(keys),
    clsAttention: classAttention(op, keys, matrix("query"), tokens),
    textSimilarity: cosines(op, rowsOf(matrix("embeddings"))),
  };
  const plan = recoverableGraph(op, table, rules);
  op.output(op.unsqueeze(op.matMul(plan.weights, rowsOf(matrix("states"))), 0), float("rows", axes(3)));
  op.output(plan.count, COUNT);
  op.output(plan.weights, float("weights", axes(2)));
  const ofTower = ["states", "query", "key", "embeddings"].map((name) => float(name, axes(3)));
  return newModel(op, { inputs: [...ofTower, float("text", axes(2))], outputs: op.outputs });
}

/** softmax(q · kᵀ · C^-0.5) over all rows, the class token's own entry dropped, `[N, 1]`: `clsAttention` of recoup. */
function classAttention(op: GraphDraft, keys: Tensor, queries: Tensor, tokens: number): Tensor {
  const query = op.slice(queries, 0, 0, 1);
  // The width is the query's own: C = Σ 1.
  const width = op.sum(op.isEqual(query, query), 1);
  const logits = op.div(op.matMul(query, op.transpose(keys)), op.sqrt(width));
  return op.reshape(op.slice(op.softmax(logits), 1, 1, tokens + 1), [tokens, 1]);
}

/** Cosine of each row with the question's vector, `[N, 1]`; norms are floored at 1e-12. */
function cosines(op: GraphDraft, embeddings: Tensor): Tensor {
  const norm = (rows: Tensor) => op.max(op.sqrt(op.sum(op.mul(rows, rows), 1)), 1e-12);
  const product = op.matMul(embeddings, op.transpose("text"));
  return op.div(product, op.mul(norm(embeddings), norm("text")));
}
