import { parseArgs } from "node:util";
import { InvalidInputError } from "../../core/index.js";
import { writeTrainingScenes } from "../../node.js";
import type { Command } from "../command.js";
import { requiredNumber } from "../numbers.js";
import { interruption, progressLine } from "../progress.js";

const USAGE = `usage: recoup scenes --split train|val|test --size 336|168|112 --count N --out FILE.jsonl [options]

Writes scenes as draw lists with captions, phrases and questions, for the training in python/.

  --seed S      (default: 1)          --level L   1 to 3 (default: 1)
  --held-out    with combinations that training never shows; val and test only`;

/** `recoup scenes`: what the bundled model is trained on. */
export const scenesCommand: Command = {
  name: "scenes",
  summary: "write scenes with questions as JSON lines, for training",
  usage: USAGE,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const { split, out } = values;
    if (split !== "train" && split !== "val" && split !== "test") {
      throw new InvalidInputError({ operation: "scenes", expected: "--split train, val or test", got: String(split) });
    }
    if (out === undefined) throw new InvalidInputError({ operation: "scenes", expected: "--out FILE", got: "none" });
    const count = requiredNumber("scenes", "--count", values.count);
    const { signal, dispose } = interruption();
    const line = progressLine(io, "scenes");
    const request = {
      split,
      size: requiredNumber("scenes", "--size", values.size),
      count,
      seed: requiredNumber("scenes", "--seed", values.seed),
      level: requiredNumber("scenes", "--level", values.level),
      heldOut: values["held-out"],
      out,
      signal,
    } as const;
    try {
      for await (const done of writeTrainingScenes(request)) line(done, count);
    } finally {
      dispose();
    }
    io.note(`wrote ${out}`);
  },
};

const FLAGS = {
  split: { type: "string" },
  size: { type: "string", default: "336" },
  count: { type: "string" },
  seed: { type: "string", default: "1" },
  level: { type: "string", default: "1" },
  "held-out": { type: "boolean", default: false },
  out: { type: "string" },
} as const;
