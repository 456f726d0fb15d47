/** @file `recoup onnx`: the graph tools on files. */
import type { Command } from "../../command.js";
import { typoHint } from "../../flags.js";
import { definitions, TEXT_WIDTH } from "../../text-table.js";
import { bakeAction } from "./bake.js";
import { extractAction, tapAction, tellAction } from "./edit.js";
import { refusal } from "./flags.js";
import { inspectAction } from "./inspect.js";

const ACTIONS: Readonly<Record<string, Command>> = {
  inspect: inspectAction,
  tap: tapAction,
  tell: tellAction,
  extract: extractAction,
  bake: bakeAction,
};

/** `recoup onnx`: the graph tools on files. */
export const onnxCommand: Command = {
  name: "onnx",
  summary: "look into model files, add outputs or inputs, cut parts out, bake the compression in",
  help(columns, [action] = []) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].help(columns);
    const actions = Object.entries(ACTIONS).map(([name, { summary }]) => [name, summary] as const);
    return [
      "usage: recoup onnx ACTION FILE [options]",
      definitions(actions, Math.min(columns, TEXT_WIDTH)),
      "recoup help onnx ACTION says more.",
    ].join("\n\n");
  },
  async run([action, ...args], io) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].run(args, io);
    const got = action === undefined ? "nothing" : action + typoHint(action, Object.keys(ACTIONS));
    throw refusal("inspect, tap, tell, extract or bake", got);
  },
};
