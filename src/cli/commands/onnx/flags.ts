/** @file Flags of `recoup onnx`. */
import { refusalFor } from "../../../core/index.js";
import type { OpenedModel } from "../../../node.js";
import { TAP_SIGNALS } from "../../../onnx/index.js";

/** All flags of the command, for `parseArgs`. */
export const FLAGS = {
  out: { type: "string" },
  signals: { type: "string" },
  layer: { type: "string" },
  inputs: { type: "string" },
  outputs: { type: "string" },
  skeleton: { type: "boolean" },
  clip: { type: "string" },
  retain: { type: "string" },
  "max-tokens": { type: "string" },
  static: { type: "boolean" },
  polarity: { type: "string" },
  merge: { type: "string" },
  tokens: { type: "string" },
  weights: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** The flags as they were given. */
export type OnnxFlags = {
  readonly [K in keyof typeof FLAGS]?: (typeof FLAGS)[K]["type"] extends "boolean" ? boolean : string;
};

/** Flags of each action. */
export const FLAGS_OF: Readonly<Record<string, readonly (keyof OnnxFlags)[]>> = {
  inspect: ["json"],
  tap: ["out", "signals", "layer", "skeleton", "json"],
  extract: ["out", "inputs", "outputs", "skeleton", "json"],
  bake: ["out", "clip", "retain", "max-tokens", "static", "polarity", "merge", "tokens", "weights", "json"],
};

/** Signals, for messages. */
export const TAP_LIST = TAP_SIGNALS.join(", ");

/** The error for flags that do not fit. */
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
