/** @file Where a vision encoder is cut, as plain data: made once, kept as JSON, changed by hand if need be. */
import { OnnxFormatError } from "../proto/errors.js";

/** Which tensors the parts begin and end with. */
export interface TapPlan {
  readonly format: "recoup-tap-plan";
  readonly version: 1;
  /** Self-attention layers in the vision encoder's file. */
  readonly layers: number;
  /** Picture to hidden states before the layer whose attention is used, [B, L, C]. */
  readonly trunk: { readonly input: string; readonly states: string };
  /** States to queries and keys [B, L, C] and patches in the text's space [B, L, D]; `embeddings` only where a projection was found. */
  readonly tail: {
    readonly file: "vision" | "clip";
    readonly states: string;
    readonly query: string;
    readonly key: string;
    readonly embeddings?: string;
  };
  /** Rows [B, K, C] to the language model's width. `drops` leading rows (the class token) are no source tokens. */
  readonly projector: { readonly input: string; readonly output: string; readonly drops: 0 | 1 };
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A plan from JSON text.
 *
 * @throws OnnxFormatError naming the first field that does not fit; other versions too.
 */
export function parseTapPlan(text: string): TapPlan {
  let plan: Json;
  try {
    plan = JSON.parse(text);
  } catch (error) {
    throw refusal("JSON", (error as Error).message);
  }
  const { format, version, layers, trunk, tail, projector } = part(plan, "a plan");
  if (format !== "recoup-tap-plan" || version !== 1) {
    throw refusal('format "recoup-tap-plan", version 1', `${shown(format)}, ${shown(version)}`);
  }
  if (!Number.isInteger(layers)) throw refusal("layers as a whole number", shown(layers));
  const [first, last, end] = [part(trunk, "trunk"), part(tail, "tail"), part(projector, "projector")];
  if (last.file !== "vision" && last.file !== "clip") throw refusal("tail.file", shown(last.file));
  if (end.drops !== 0 && end.drops !== 1) throw refusal("projector.drops 0 or 1", shown(end.drops));
  return {
    format,
    version,
    layers: layers as number,
    trunk: { input: name(first, "input"), states: name(first, "states") },
    tail: {
      file: last.file,
      states: name(last, "states"),
      query: name(last, "query"),
      key: name(last, "key"),
      ...(last.embeddings !== undefined && { embeddings: name(last, "embeddings") }),
    },
    projector: { input: name(end, "input"), output: name(end, "output"), drops: end.drops },
  };
}

function part(value: unknown, title: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw refusal(`${title} as an object`, shown(value));
}

function name(record: Json, key: string): string {
  const value = record[key];
  if (typeof value === "string" && value !== "") return value;
  throw refusal(`${key} as a tensor's name`, shown(value));
}

function refusal(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "parseTapPlan", expected, got: got.slice(0, 200) });
}

/** A value in a message; what is no text or number may be of any depth. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return JSON.stringify(value);
}
