/** @file The compression alone as a model: signals in, compressed rows out. */

import { newDraft, operators, type Tensor } from "../graph/graph-draft.js";
import { newModel } from "../graph/new-model.js";
import { OnnxInputError } from "../proto/errors.js";
import type { OnnxModel } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { makeValueInfo } from "../proto/write-model.js";
import { type BakeMethodOptions, bakeRules } from "./options.js";
import { recoverableGraph } from "./recoverable-graph.js";

/**
 * A model of the method alone, for hosts that have the signals already. Inputs, float32: `features` [N, C], `keys` [N, Ck],
 * `cls_attention` [N], `text_similarity` [N] (the columns of a `TokenTable`). Outputs: `compressed` [K, C], `count` [1] int32, and
 * `weights` [K, N] if asked for.
 *
 * @throws OnnxInputError for options that do not fit.
 */
export function compressionModel(options: BakeMethodOptions, { opset = 17 }: { opset?: number } = {}): OnnxModel {
  const rules = bakeRules(options);
  // Earlier versions compare no floats.
  if (!Number.isInteger(opset) || opset < 11) {
    throw new OnnxInputError({ operation: "bake", expected: "opset as a whole number from 11", got: String(opset) });
  }
  const { tokens } = rules;
  const draft = newDraft("recoup.", opset);
  const op = operators(draft);
  const column = (name: Tensor) => op.reshape(name, [tokens, 1]);
  const table = {
    keys: "keys",
    clsAttention: column("cls_attention"),
    textSimilarity: column("text_similarity"),
  };
  const plan = recoverableGraph(draft, op, table, rules);
  draft.add("MatMul", [plan.weights, "features"], { outputs: ["compressed"] });
  draft.add("Identity", [plan.count], { outputs: ["count"] });
  if (rules.weights) draft.add("Identity", [plan.weights], { outputs: ["weights"] });
  const rows = rules.form === "static" ? (rules.retain ?? rules.maxTokens) : "rows";
  const float = (name: string, ...shape: (number | string)[]) => makeValueInfo(name, DATA_TYPES.float32.id, shape);
  return newModel(draft, {
    inputs: [
      float("features", tokens, "width"),
      float("keys", tokens, "key_width"),
      float("cls_attention", tokens),
      float("text_similarity", tokens),
    ],
    outputs: [
      float("compressed", rows, "width"),
      makeValueInfo("count", DATA_TYPES.int32.id, [1]),
      ...(rules.weights ? [float("weights", rows, tokens)] : []),
    ],
  });
}
