/** @file The whole compression as one model: pixel values and a question's vector in, compressed rows of the language model out. */
import { refusalFor } from "../../core/index.js";
import { graft } from "../graph/graft.js";
import { newDraft } from "../graph/graph-draft.js";
import { takenName, viewGraph } from "../graph/graph-view.js";
import { raiseOpset } from "../graph/raise-opset.js";
import { withAdded } from "../graph/with-added.js";
import { assertModel, onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { makeValueInfo } from "../proto/make.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { locate, towerWidth } from "../vision/locate.js";
import { type Split, type SplitOptions, split } from "../vision/split.js";
import { methodModel, methodOutputs } from "./method-model.js";
import { type BakeMethodOptions, type BakeRules, bakeRules } from "./options.js";

/** A method with its options, and those of `split`. */
export type BakeOptions = BakeMethodOptions & SplitOptions;

/** The baked model's input for the question. */
const TEXT = "text_embeds";

const refusal = refusalFor("bake", OnnxInputError);

/**
 * One model for any ONNX Runtime language, for one image at a time. Inputs: the encoder's image [1, 3, H, W] and `text_embeds` [1, D],
 * the CLIP text model's vector of the question. Outputs: `compressed_features` [1, K, width of the language model], and those of
 * `methodOutputs`: `count`; of `recoup` also `anchors`, `roles` and, if asked for, `mass`; `weights` if asked for. In the static form of
 * `recoverable`, rows from `count` on are to be left out.
 *
 * The method is `recoup`, or `recoverable` (variant `paper`). Signals are computed in float32 for models of any precision.
 *
 * @param vision a LLaVA's vision encoder without CLIP's last layer; `clip` is the CLIP vision file of the same tower.
 * @throws OnnxUnsupportedError for towers without class token or projection into the text's space; OnnxInputError for options that do
 *   not fit; InvalidInputError for grids; BudgetError.
 */
export function bake(vision: OnnxModel, given: BakeOptions): OnnxModel {
  assertModel("bake", vision);
  const options = onnxOptions("bake", given, {});
  const rules = bakeRules(options.method === "recoverable" ? options : { ...options, width: widthOf(vision, options) });
  if (options.clip !== undefined) assertModel("bake", options.clip, "clip");
  // One model has one version of each operator: the later of the two files'.
  const opset = Math.max(vision.opsets.get("") ?? 0, options.clip?.opsets.get("") ?? 0);
  const clip = options.clip && raiseOpset(options.clip, opset);
  const parts = split(raiseOpset(vision, opset), { ...options, clip });
  const { tail, projector, trunk } = parts.plan;
  if (tail.embeddings === undefined || projector.drops !== 1) {
    throw refusalFor("bake", OnnxUnsupportedError)(
      "a tower with a class token and, in its CLIP file, a projection into the text's space",
      tail.embeddings === undefined ? "no projection" : "no class token",
    );
  }
  assertRows(parts.projector.graph.outputs[0], rules.tokens);
  const { states } = trunk;
  const withTail = graft(withText(parts.trunk), parts.tail, { prefix: "tail.", connect: { [tail.states]: states } });
  const [query, key, embeddings] = [tail.query, tail.key, tail.embeddings].map((name) => `tail.${name}`);
  const withMethod = graft(withTail, methodModel(rules, opset), {
    prefix: "method.",
    connect: { states, query, key, embeddings, text: TEXT },
  });
  const whole = graft(withMethod, parts.projector, {
    prefix: "projector.",
    connect: { [projector.input]: "method.rows" },
  });
  return withOutputs(whole, parts, rules);
}

/** Channels of the tower. @throws OnnxInputError where the file says another number than the options. */
function widthOf(vision: OnnxModel, { width }: { readonly width?: number }): number | undefined {
  const own = towerWidth(locate(vision));
  if (own === undefined || width === undefined || own === width) return width ?? own;
  throw refusal(`width ${own}, the tower's`, width);
}

/** The trunk with the question's vector as an input, and no outputs. */
function withText(trunk: OnnxModel): OnnxModel {
  const { graph } = trunk;
  assertFree(graph, [{ name: TEXT }]);
  const text = makeValueInfo(TEXT, DATA_TYPES.float32.id, [1, undefined]);
  return { ...trunk, graph: { ...graph, inputs: [...graph.inputs, text], outputs: [] } };
}

/** The model with the outputs for the caller, by stable names, and no others. */
function withOutputs(model: OnnxModel, { plan, projector }: Split, rules: BakeRules): OnnxModel {
  const type = projector.graph.outputs[0].dataType;
  const { rows } = rules;
  const op = newDraft("baked.", model.opsets.get("") ?? 0);
  op.output(`projector.${plan.projector.output}`, makeValueInfo("compressed_features", type, [1, rows, undefined]));
  for (const info of methodOutputs(rules)) op.output(`method.${info.name}`, info);
  const { graph } = model;
  assertFree(graph, op.outputs);
  return withAdded({ ...model, graph: { ...graph, outputs: [] } }, graph, op);
}

function assertFree(graph: OnnxModel["graph"], infos: readonly Pick<ValueInfo, "name">[]): void {
  const names = infos.map(({ name }) => name);
  const taken = takenName(viewGraph(graph), names);
  if (taken === undefined) return;
  throw refusal(`an encoder without a tensor ${taken}, which the baked model has`, "one with it");
}

/** The encoder's output [B, N, D] has the number of tokens, where it names a length. */
function assertRows({ name, shape }: ValueInfo, tokens: number): void {
  const rows = shape?.length === 3 ? shape[1] : undefined;
  if (typeof rows === "number" && rows !== tokens) throw refusal(`tokens ${rows}, as ${name} has rows`, tokens);
}
