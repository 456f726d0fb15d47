/** @file The attention that a fused node keeps inside, computed once more from the node's inputs. */
import type { GraphDraft, Tensor } from "../graph/graph-draft.js";
import type { GraphView } from "../graph/graph-view.js";
import { rankOf } from "../graph/infer.js";
import type { Attention, AttentionForm } from "./locate-attention.js";

/** The wanted rows, and the caller's part in computing them. */
export interface FusedOptions {
  /** The first token's row, or all. */
  readonly rows: "first" | "all";
  /** Queries or keys, bias in, [B, L, C]. */
  readonly project: (name: "query" | "key") => Tensor;
  /** The error for a node that is not supported. */
  readonly refuse: (reason: string) => Error;
}

/**
 * softmax(scale · q · kᵀ) per head, [B, H, 1 or L, L], in float32.
 *
 * @throws what `refuse` makes, for a node with a mask, a cap or a past: vision towers have none of these.
 */
export function fusedProbabilities(
  draft: GraphDraft,
  view: GraphView,
  attention: Attention,
  { rows, project, refuse }: FusedOptions,
): Tensor {
  const { node, form, heads } = attention;
  const extra = EXTRA[form].inputs.find((i) => (node.inputs[i] ?? "") !== "");
  if (extra !== undefined) throw refuse(`a mask, bias or past (${node.inputs[extra]}) goes into its probabilities`);
  const changing = EXTRA[form].attributes.find((name) => isSet(attention, name));
  if (changing !== undefined) throw refuse(`its probabilities follow from ${changing}, too`);
  if (isGrouped(view, attention)) throw refuse("several of its queries share one key");
  const perHead = (name: "query" | "key", input: Tensor): Tensor => {
    // ai.onnx Attention takes heads apart, too: [B, H, L, D].
    if (form === "onnx" && rankOf(view, input) === 4) return draft.cast(input, "float32");
    if (heads === undefined) throw refuse("its number of heads is unknown");
    return draft.transpose(draft.reshape(draft.cast(project(name), "float32"), [0, 0, heads, -1]), [0, 2, 1, 3]);
  };
  const [query, key] = [perHead("query", node.inputs[0]), perHead("key", node.inputs[1])];
  const chosen = rows === "first" ? draft.slice(query, 2, 0, 1) : query;
  const logits = draft.matMul(chosen, draft.transpose(key, [0, 1, 3, 2]));
  const scale = node.attributes.get("scale")?.float ?? 0;
  // 0, which is also the default, stands for D^-0.5.
  const scaled =
    scale === 0 ? draft.div(logits, draft.sqrt(headWidth(draft, query))) : draft.mul(logits, draft.floats([scale]));
  return draft.softmax(scaled);
}

/** D of [B, H, L, D], as a vector of one float. */
function headWidth(draft: GraphDraft, heads: Tensor): Tensor {
  const [shape] = draft.node("Shape", [heads]);
  return draft.cast(draft.slice(shape, 0, 3, 4), "float32");
}

/**
 * Inputs (by position) and attributes that change the probabilities, by ONNX Runtime's docs/ContribOperators.md and ONNX's
 * docs/Operators.md. Without them a node computes softmax(q · kᵀ · scale) · v.
 */
const EXTRA: Readonly<Record<AttentionForm, { inputs: readonly number[]; attributes: readonly string[] }>> = {
  softmax: { inputs: [], attributes: [] },
  packed: { inputs: [3, 4, 5, 6], attributes: ["unidirectional", "do_rotary", "past_present_share_buffer"] },
  "multi-head": { inputs: [4, 5, 6, 7, 8, 9], attributes: ["unidirectional"] },
  onnx: { inputs: [3, 4, 5, 6], attributes: ["is_causal", "softcap"] },
};

function isSet({ node }: Attention, name: string): boolean {
  const { int = 0n, float = 0 } = node.attributes.get(name) ?? {};
  return int !== 0n || float !== 0;
}

/** Fewer heads of keys than of queries: ai.onnx Attention alone has that, by its attributes or by shapes [B, H, L, D]. */
function isGrouped(view: GraphView, { form, node }: Attention): boolean {
  if (form !== "onnx") return false;
  const [asked, given] = ["q_num_heads", "kv_num_heads"].map((name) => node.attributes.get(name)?.int);
  if (asked !== undefined || given !== undefined) return asked !== given;
  const [query, key] = node.inputs.map((name) => view.declared.get(name)?.shape);
  return query?.length === 4 && key?.length === 4 && query[1] !== key[1];
}
