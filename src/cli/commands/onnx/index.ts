/** @file `recoup onnx`: the graph tools on files. */
import { type Command, type CommandIo, defineCommand } from "../../command.js";
import { didYouMean } from "../../flags.js";
import { interruptible } from "../../progress.js";
import { definitions, TEXT_WIDTH, wrapWords } from "../../text-table.js";
import { bakeFile } from "./bake.js";
import { extractFile, tapFile } from "./edit.js";
import { BAKE_FLAGS, EXTRACT_FLAGS, INSPECT_FLAGS, refusal, TAP_FLAGS } from "./flags.js";
import { inspectFile } from "./inspect.js";

const WRITES =
  "An input is never overwritten; an output appears whole or not at all. External data is read from the folder of FILE.";

const ACTIONS: Readonly<Record<string, Command>> = {
  inspect: defineCommand({
    name: "onnx inspect",
    summary: "says what a model is, which layers of a vision tower it has, and what can be tapped",
    words: ["FILE"],
    about: ["Says what a model is, which layers of a vision tower it has, and what can be tapped."],
    flags: INSPECT_FLAGS,
    async run({ flags, words: [path] }, io) {
      await inspectFile(path, flags, io);
    },
  }),
  tap: defineCommand({
    name: "onnx tap",
    summary: "adds outputs: hidden states, queries, keys, attention; everything else stays as it is",
    words: ["FILE"],
    about: ["Adds outputs: hidden states, queries, keys, attention. Everything else stays as it is.", WRITES],
    flags: TAP_FLAGS,
    async run({ flags, words: [path] }, io) {
      await writing(io, (signal) => tapFile(path, flags, io, signal));
    },
  }),
  extract: defineCommand({
    name: "onnx extract",
    summary: "cuts out the part between some tensors, as a model of its own",
    words: ["FILE"],
    about: ["Cuts out the part between some tensors, as a model of its own.", WRITES],
    flags: EXTRACT_FLAGS,
    async run({ flags, words: [path] }, io) {
      await writing(io, (signal) => extractFile(path, flags, io, signal));
    },
  }),
  bake: defineCommand({
    name: "onnx bake",
    summary: "joins a vision encoder, its CLIP file and the compression into one model",
    words: ["FILE"],
    about: [
      "Joins a LLaVA's vision encoder, the CLIP vision file of its tower and the compression into one model: pixel values and a question's CLIP vector in, compressed rows and their count out.",
      WRITES,
    ],
    flags: BAKE_FLAGS,
    async run({ flags, words: [path] }, io) {
      await writing(io, (signal) => bakeFile(path, flags, io, signal));
    },
  }),
};

/** `recoup onnx`: the graph tools on files. */
export const onnxCommand: Command = {
  name: "onnx",
  summary: "look into model files, add outputs, cut parts out, bake the compression in",
  help(columns, [action] = []) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].help(columns);
    const width = Math.min(columns, TEXT_WIDTH);
    const actions = Object.entries(ACTIONS).map(([name, { summary }]) => [name, summary] as const);
    return [
      "usage: recoup onnx ACTION FILE [options]",
      definitions(actions, width),
      wrapWords("recoup help onnx ACTION says more.", width).join("\n"),
    ].join("\n\n");
  },
  async run([action, ...args], io) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].run(args, io);
    throw refusal(
      "inspect, tap, extract or bake",
      action === undefined ? "nothing" : action + didYouMean(action, Object.keys(ACTIONS)),
    );
  },
};

/** Runs work that writes, until Ctrl-C. */
function writing(io: CommandIo, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  return interruptible(async (signal) => {
    await work(signal).catch((error) => {
      if (signal.aborted) io.note("stopped: nothing was written");
      throw error;
    });
  });
}
