import { refusalFor } from "../../../core/index.js";
import type { OpenedModel } from "../../../node.js";
import { TAP_SIGNALS } from "../../../onnx/index.js";
import type { Flags, Values } from "../../flags.js";

/** Flags of all actions; `help` is in the usage text of the command. */
export const FLAGS = {
  out: { type: "text", help: "" },
  signals: { type: "list", help: "" },
  layer: { type: "text", help: "" },
  inputs: { type: "list", help: "" },
  outputs: { type: "list", help: "" },
  skeleton: { type: "flag", help: "" },
  clip: { type: "text", help: "" },
  retain: { type: "number", help: "" },
  maxTokens: { type: "number", help: "" },
  static: { type: "flag", help: "" },
  polarity: { type: "number", help: "" },
  merge: { type: "text", help: "" },
  tokens: { type: "number", help: "" },
  weights: { type: "flag", help: "" },
  json: { type: "flag", help: "" },
} as const satisfies Flags;

/** The flags as they were given. */
export type OnnxFlags = Values<typeof FLAGS>;

/** What each action takes. */
export const FLAGS_OF: Readonly<Record<string, readonly (keyof OnnxFlags)[]>> = {
  inspect: ["json"],
  tap: ["out", "signals", "layer", "skeleton", "json"],
  extract: ["out", "inputs", "outputs", "skeleton", "json"],
  bake: ["out", "clip", "retain", "maxTokens", "static", "polarity", "merge", "tokens", "weights", "json"],
};

export const TAP_LIST = TAP_SIGNALS.join(", ");

export const refusal = refusalFor("onnx");

/** `--out`, which must be given. */
export function outFile({ out }: OnnxFlags): string {
  if (out === undefined) throw refusal("--out FILE", "none");
  return out;
}

/** All files that a model consists of: none may be written over. */
export function modelPaths(path: string, { data }: OpenedModel): string[] {
  return [path, ...Array.from(data.values(), ({ name }) => name)];
}
