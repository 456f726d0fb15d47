/** @file The whole compression as one model: pixel values and a question's vector in, compressed rows of the language model out. */

import { graft } from "../graph/graft.js";
import { type GraphDraft, newDraft, operators, type Tensor } from "../graph/graph-draft.js";
import { viewGraph } from "../graph/graph-view.js";
import { newModel } from "../graph/new-model.js";
import { raiseOpset } from "../graph/raise-opset.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { makeNode, makeValueInfo } from "../proto/write-model.js";
import { type Parts, type PartsOptions, threeParts } from "../vision/split.js";
import { type BakeMethodOptions, type BakeRules, bakeRules } from "./options.js";
import { recoverableGraph } from "./recoverable-graph.js";

/** The method's options, and which files: see `threeParts`. */
export interface BakeOptions extends BakeMethodOptions, PartsOptions {}

/** Names of the baked model's inputs and outputs. */
export const BAKED = {
  text: "text_embeds",
  features: "compressed_features",
  count: "count",
  weights: "weights",
} as const;

/**
 * One model for any ONNX Runtime language. Inputs: the encoder's picture [1, 3, H, W] and `text_embeds` [1, D], the CLIP text model's
 * vector of the question. Outputs: `compressed_features` [1, K, width of the language model], `count` [1] int32 (rows from `count` on,
 * in the static form, are to be left out), and `weights` [K, N] if asked for. One picture at a time.
 *
 * The method is `recoverable`, variant `paper`; scores are computed in float32 whatever the model's precision.
 *
 * @param vision a LLaVA's vision encoder without CLIP's last layer, `clip` the CLIP vision file of the same tower.
 * @throws OnnxUnsupportedError for towers without class token or projection into the text's space; OnnxInputError for options that do
 *   not fit.
 */
export function bake(vision: OnnxModel, options: BakeOptions): OnnxModel {
  const rules = bakeRules(options);
  // One model has one version of each operator: the later of the two files'.
  const opset = Math.max(vision.opsets.get("") ?? 0, options.clip?.opsets.get("") ?? 0);
  const clip = options.clip && raiseOpset(options.clip, opset);
  const parts = threeParts(raiseOpset(vision, opset), { ...options, clip });
  const { embeddings } = parts.plan.tail;
  if (embeddings === undefined || parts.plan.projector.drops !== 1) {
    throw new OnnxUnsupportedError({
      operation: "bake",
      expected: "a tower with a class token and, in its CLIP file, a projection into the text's space",
      got: embeddings === undefined ? "no projection" : "no class token",
    });
  }
  assertRows(parts.projector.graph.outputs[0], rules.tokens);
  const text = makeValueInfo(BAKED.text, DATA_TYPES.float32.id, [1, undefined]);
  const trunk: OnnxModel = {
    ...parts.trunk,
    graph: { ...parts.trunk.graph, inputs: [...parts.trunk.graph.inputs, text], outputs: [] },
  };
  const trunkView = viewGraph(parts.trunk.graph);
  if (trunkView.producer.has(BAKED.text) || trunkView.given.has(BAKED.text)) throw nameTaken(BAKED.text);
  const { states } = parts.plan.trunk;
  const { query, key } = parts.plan.tail;
  const tail = graft(trunk, parts.tail, { prefix: "tail.", connect: { [parts.plan.tail.states]: states } });
  const middle = graft(tail, methodModel(rules, opset), {
    prefix: "method.",
    connect: {
      states,
      query: `tail.${query}`,
      key: `tail.${key}`,
      embeddings: `tail.${embeddings}`,
      text: BAKED.text,
    },
  });
  const whole = graft(middle, parts.projector, {
    prefix: "projector.",
    connect: { [parts.plan.projector.input]: "method.rows" },
  });
  return withOutputs(whole, parts, rules);
}

/** States and signals of one picture to compressed rows [1, K, C]. */
function methodModel(rules: BakeRules, opset: number): OnnxModel {
  const { tokens } = rules;
  const draft = newDraft("", opset);
  const op = operators(draft);
  const matrix = (name: Tensor) => op.reshape(op.reshape(name, [1, tokens + 1, -1]), [tokens + 1, -1]);
  const rowsOf = (whole: Tensor) => op.slice(whole, 0, 1, tokens + 1);
  const keys = matrix("key");
  const table = {
    keys: rowsOf(keys),
    clsAttention: classAttention(draft, keys, matrix("query"), tokens),
    textSimilarity: cosines(draft, rowsOf(matrix("embeddings"))),
  };
  const plan = recoverableGraph(draft, op, table, rules);
  const compressed = op.matMul(plan.weights, rowsOf(matrix("states")));
  draft.add("Unsqueeze", draft.opset >= 13 ? [compressed, draft.integers([0])] : [compressed], {
    outputs: ["rows"],
    attributes: draft.opset >= 13 ? {} : { axes: [0n] },
  });
  draft.add("Identity", [plan.count], { outputs: [BAKED.count] });
  draft.add("Identity", [plan.weights], { outputs: [BAKED.weights] });
  const float = (name: string, rank: number) => makeValueInfo(name, DATA_TYPES.float32.id, Array(rank).fill(undefined));
  return newModel(draft, {
    inputs: [...["states", "query", "key", "embeddings"].map((name) => float(name, 3)), float("text", 2)],
    outputs: [float("rows", 3), makeValueInfo(BAKED.count, DATA_TYPES.int32.id, [1]), float(BAKED.weights, 2)],
  });
}

/** softmax(q · kᵀ · C^-0.5) over all rows, the class token's own entry dropped, `[N, 1]`: `clsAttention` of recoup. */
function classAttention(draft: GraphDraft, keys: Tensor, queries: Tensor, tokens: number): Tensor {
  const op = operators(draft);
  const query = op.slice(queries, 0, 0, 1);
  // The width is the query's own: C = Σ 1.
  const width = op.sum(op.isEqual(query, query), 1);
  const logits = op.div(op.matMul(query, op.transpose(keys)), op.sqrt(width));
  return op.reshape(op.slice(op.softmax(logits), 1, 1, tokens + 1), [tokens, 1]);
}

/** Cosine of each row with the question's vector, `[N, 1]`; norms are floored at 1e-12. */
function cosines(draft: GraphDraft, embeddings: Tensor): Tensor {
  const op = operators(draft);
  const floor = draft.floats([1e-12], [1, 1]);
  const norm = (rows: Tensor) => op.max(op.sqrt(op.sum(op.mul(rows, rows), 1)), floor);
  const product = op.matMul(embeddings, op.transpose("text"));
  return op.div(product, op.mul(norm(embeddings), norm("text")));
}

/** The outputs that the caller reads, by stable names, and no others. */
function withOutputs(model: OnnxModel, { plan, projector }: Parts, rules: BakeRules): OnnxModel {
  const type = projector.graph.outputs[0].dataType;
  const rows = rules.form === "static" ? (rules.retain ?? rules.maxTokens) : undefined;
  const named: [string, string, ValueInfo][] = [
    [`projector.${plan.projector.output}`, BAKED.features, makeValueInfo(BAKED.features, type, [1, rows, undefined])],
    [`method.${BAKED.count}`, BAKED.count, makeValueInfo(BAKED.count, DATA_TYPES.int32.id, [1])],
  ];
  if (rules.weights) {
    const info = makeValueInfo(BAKED.weights, DATA_TYPES.float32.id, [rows, rules.tokens]);
    named.push([`method.${BAKED.weights}`, BAKED.weights, info]);
  }
  const view = viewGraph(model.graph);
  const taken = named.map(([, to]) => to).find((name) => view.producer.has(name) || view.given.has(name));
  if (taken !== undefined) throw nameTaken(taken);
  const nodes = named.map(([from, to]) =>
    makeNode({ opType: "Identity", name: `${to}/Identity`, inputs: [from], outputs: [to] }),
  );
  const { graph } = model;
  return {
    ...model,
    graph: { ...graph, nodes: [...graph.nodes, ...nodes], outputs: named.map(([, , info]) => info) },
  };
}

function nameTaken(name: string): OnnxInputError {
  return new OnnxInputError({
    operation: "bake",
    expected: `an encoder without a tensor ${name}, which the baked model has`,
    got: "one with it",
  });
}

/** The encoder's output [B, N, D] says how many tokens a picture has, where it names a length. */
function assertRows({ name, shape }: ValueInfo, tokens: number): void {
  const rows = shape?.length === 3 ? shape[1] : undefined;
  if (typeof rows !== "number" || rows === tokens) return;
  throw new OnnxInputError({ operation: "bake", expected: `tokens ${rows}, as ${name} has rows`, got: String(tokens) });
}
