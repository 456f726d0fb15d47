/** @file Flags of the actions of `recoup onnx`. */
import { refusalFor } from "../../../core/index.js";
import type { OpenedModel } from "../../../node.js";
import { TAP_SIGNALS } from "../../../onnx/index.js";
import type { Flags } from "../../flags.js";

export const INSPECT_FLAGS = {
  json: { type: "flag", help: "one JSON object on stdout" },
} as const satisfies Flags;

const MAKE_FLAGS = {
  out: {
    type: "text",
    required: true,
    placeholder: "FILE",
    help: "the model that is made; in another folder it gets the external data inside",
  },
  ...INSPECT_FLAGS,
} as const satisfies Flags;

/** Flags of what is made of one file. */
export const EDIT_FLAGS = {
  skeleton: {
    type: "flag",
    help: "writes some kilobytes that point into FILE, which must lie in the same folder as --out",
  },
  ...MAKE_FLAGS,
} as const satisfies Flags;

export const TAP_FLAGS = {
  signals: {
    type: "list",
    choices: TAP_SIGNALS,
    help: `of ${TAP_SIGNALS.join(", ")} (default: all that the model has)`,
  },
  layer: { type: "integer", default: -1, help: "position of the layer, from the end if negative" },
  ...EDIT_FLAGS,
} as const satisfies Flags;

export const EXTRACT_FLAGS = {
  inputs: { type: "list", required: true, help: "names of tensors, separated by commas" },
  outputs: { type: "list", required: true, help: "names of tensors, separated by commas" },
  ...EDIT_FLAGS,
} as const satisfies Flags;

export const BAKE_FLAGS = {
  clip: {
    type: "text",
    required: true,
    placeholder: "FILE",
    help: "the CLIP vision model (vision_model.onnx) whose tower the encoder has",
  },
  retain: { type: "integer", min: 1, placeholder: "K", help: "exactly K rows; otherwise the image decides" },
  maxTokens: { type: "integer", min: 1, placeholder: "K", help: "up to K rows, where the image decides" },
  static: {
    type: "flag",
    help: 'always K rows, of which the first "count" are made: no shape depends on the image',
  },
  polarity: {
    type: "choice",
    choices: [1, -1],
    help: "1 if tokens that show what the text names have high similarity, -1 if low (default: as manifest.json beside the model says)",
  },
  merge: { type: "choice", choices: ["sum", "mean"], help: "how a merged row is formed" },
  tokens: { type: "integer", help: "patches of an image (default: as config.json says)" },
  weights: { type: "flag", help: "one output more: the shares of source tokens in each row" },
  ...MAKE_FLAGS,
} as const satisfies Flags;

export const refusal = refusalFor("onnx");

/** All files that a model consists of: none may be written over. */
export function modelPaths(path: string, { data }: OpenedModel): string[] {
  return [path, ...Array.from(data.values(), ({ name }) => name)];
}
