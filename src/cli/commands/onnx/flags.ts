/** @file The parts that the actions of `recoup onnx` share: flags, and writing. */
import { refusalFor } from "../../../core/index.js";
import type { OpenedModel } from "../../../node.js";
import type { CommandIo } from "../../command.js";
import type { Flags } from "../../flags.js";
import { interruptible, type WorkIo } from "../../progress.js";

/** Flags of every action. */
export const INSPECT_FLAGS = {
  json: { type: "flag", help: "one JSON object on stdout" },
} as const satisfies Flags;

/** Flags of the actions that write a model. */
export const MAKE_FLAGS = {
  out: {
    type: "text",
    required: true,
    placeholder: "FILE",
    help: "the model that is made; in another folder it gets the external data inside",
  },
  ...INSPECT_FLAGS,
} as const satisfies Flags;

/** Paragraph about the actions that write. */
export const WRITES =
  "An input is never overwritten; an output appears whole or not at all. External data is read from the folder of FILE.";

/** Runs work that writes, until Ctrl-C. */
export function writing(io: CommandIo, work: (io: WorkIo) => Promise<void>): Promise<void> {
  return interruptible(io, work, "stopped: nothing was written");
}

/** Refusals of `recoup onnx`. */
export const refusal = refusalFor("onnx");

/** All files that a model consists of: none may be written over. */
export function modelPaths(path: string, { data }: OpenedModel): string[] {
  return [path, ...Array.from(data.values(), ({ name }) => name)];
}
