/** @file The method as a model: alone for callers that have the signals, and as the middle of a baked model. */
import { refusalFor } from "../../core/index.js";
import { type GraphDraft, newDraft, newModel, type Tensor } from "../graph/graph-draft.js";
import { onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError } from "../proto/errors.js";
import { axes, makeValueInfo } from "../proto/make.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { type BakeMethodOptions, type BakeRules, bakeRules } from "./options.js";
import { recoupGraph } from "./recoup/graph.js";
import { recoverableGraph } from "./recoverable/graph.js";

const float = (name: string, shape: ValueInfo["shape"]) => makeValueInfo(name, DATA_TYPES.float32.id, shape);
const integers = (name: string, shape: ValueInfo["shape"]) => makeValueInfo(name, DATA_TYPES.int32.id, shape);

/**
 * A model of the method alone. Inputs, float32, are columns of a `TokenTable`: `features` [N, C] and `text_similarity` [N], for
 * `recoverable` also `keys` [N, Ck] and `cls_attention` [N]. Outputs: `compressed` [K, C], and those of `methodOutputs`.
 *
 * @throws OnnxInputError for options that do not fit, InvalidInputError for the grids, BudgetError for the budget.
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
  const { rows, outputs } = methodGraph(op, rules, {
    features: "features",
    keys: () => "keys",
    clsAttention: () => column("cls_attention"),
    textSimilarity: () => column("text_similarity"),
  });
  const width = rules.method === "recoup" ? rules.width : "width";
  op.output(rows, float("compressed", [rules.rows ?? "rows", width]));
  for (const info of methodOutputs(rules)) op.output(outputs[info.name], info);
  const signals = [float("keys", [tokens, "key_width"]), float("cls_attention", [tokens])];
  const inputs = [
    float("features", [tokens, width]),
    ...(rules.method === "recoverable" ? signals : []),
    float("text_similarity", [tokens]),
  ];
  return newModel(op, { inputs, outputs: op.outputs });
}

/**
 * What a method gives beside its rows. `count` [1] int32: the rows that are made. Of `recoup` also `anchors` [K] int32: the token at which each row
 * stands, ascending; `roles` [K] int32: 0 visual, 1 text, 2 merged. If asked for: `mass` [K], `weights` [K, N].
 */
export function methodOutputs(rules: BakeRules): readonly ValueInfo[] {
  const { rows = "rows", tokens } = rules;
  const count = integers("count", [1]);
  const weights = rules.weights ? [float("weights", [rows, tokens])] : [];
  if (rules.method === "recoverable") return [count, ...weights];
  const mass = rules.mass ? [float("mass", [rows])] : [];
  return [count, integers("anchors", [rows]), integers("roles", [rows]), ...mass, ...weights];
}

/** The signals of one image, float32; those that a method does not read are not made. */
interface Signals {
  /** `[N, C]`. */
  readonly features: Tensor;
  /** `[N, Ck]`. */
  keys(): Tensor;
  /** `[N, 1]`. */
  clsAttention(): Tensor;
  /** The model's cosines, `[N, 1]`. */
  textSimilarity(): Tensor;
}

/** The rows, `[K, C]`, and all outputs of `methodOutputs` by name. */
interface MethodGraph {
  readonly rows: Tensor;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

function methodGraph(op: GraphDraft, rules: BakeRules, signals: Signals): MethodGraph {
  const { features } = signals;
  const textSimilarity = signals.textSimilarity();
  if (rules.method === "recoverable") {
    const table = { keys: signals.keys(), clsAttention: signals.clsAttention(), textSimilarity };
    const outputs = recoverableGraph(op, table, rules);
    return { rows: op.matMul(outputs.weights, features), outputs: { ...outputs } };
  }
  const inRow = op.reshape(textSimilarity, [1, rules.tokens]);
  const { rows, mass, ...outputs } = recoupGraph(op, { features, textSimilarity: inRow }, rules);
  return { rows, outputs: { ...outputs, ...(mass !== undefined && { mass }) } };
}

/**
 * A model of the method behind a tower. Inputs of one image, float32: `states`, `query`, `key`, `embeddings` [1, N + 1, width], the class
 * token first, and `text` [1, D]. Outputs: `rows` [1, K, C] and those of `methodOutputs`.
 */
export function methodModel(rules: BakeRules, opset: number): OnnxModel {
  const { tokens } = rules;
  const op = newDraft("", opset);
  const matrix = (name: Tensor) => op.reshape(op.reshape(name, [1, tokens + 1, -1]), [tokens + 1, -1]);
  const rowsOf = (whole: Tensor) => op.slice(whole, 0, 1, tokens + 1);
  const { rows, outputs } = methodGraph(op, rules, {
    features: rowsOf(matrix("states")),
    keys: () => rowsOf(matrix("key")),
    clsAttention: () => classAttention(op, matrix("key"), matrix("query"), tokens),
    textSimilarity: () => cosines(op, rowsOf(matrix("embeddings"))),
  });
  op.output(op.unsqueeze(rows, 0), float("rows", axes(3)));
  for (const info of methodOutputs(rules)) op.output(outputs[info.name], info);
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
