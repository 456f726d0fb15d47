import { HARD, SYNTH_TASKS } from "../../world/index.js";
import { type BenchmarkManifest, writeBenchmark, writeTrainingScenes } from "../../world/node/index.js";
import { type CommandIo, defineCommand } from "../command.js";
import type { Flags } from "../flags.js";
import { interruptible, progressLine, type WorkIo } from "../progress.js";
import { TEXT_WIDTH, textTable, wrapLines } from "../text-table.js";

/** Flags that say which scenes are drawn. */
const SCENE_FLAGS = {
  count: { type: "integer", required: true, help: "images per task", replaces: ["pictures"] },
  seed: { type: "integer", default: 1, help: "other images for another whole number" },
  level: {
    type: "choice",
    choices: [1, 2, 3, HARD],
    default: 1,
    help: "1 to 3, harder and harder to see; hard asks more too: counts to nine, two letters, two steps",
  },
} as const satisfies Flags;

/** `recoup synth`: benchmarks with known answers, written as the real ones are. */
export const synthCommand = defineCommand({
  name: "synth",
  summary: "write synthetic benchmarks in the file formats of the real ones",
  about: [
    "Images of shapes and signs, questions whose answers are known, and a manifest with balance statistics, checks without a model, and hashes.",
  ],
  terms: SYNTH_TASKS.map(({ id, summary }) => [id, summary]),
  flags: {
    tasks: { type: "list", required: true, placeholder: "IDS", help: "of the above, separated by commas; or all" },
    split: {
      type: "choice",
      choices: ["val", "test"],
      required: true,
      help: "test has a split with combinations and backgrounds that training never shows",
    },
    out: {
      type: "text",
      required: true,
      placeholder: "DIR",
      help: "a missing or empty folder, or one of the same request that was stopped (Ctrl-C is fine), which resumes",
    },
    ...SCENE_FLAGS,
    force: { type: "flag", help: "removes what an earlier run wrote to DIR first" },
    json: { type: "flag", help: "prints the manifest instead of a table" },
  },
  async run({ flags }, io) {
    const { tasks, json } = flags;
    const request = { ...flags, tasks: tasks.includes("all") ? SYNTH_TASKS.map(({ id }) => id) : tasks };
    const work = ({ signal }: WorkIo) => show(writeBenchmark({ ...request, signal }), io, json);
    await interruptible(io, work, "stopped; the same command resumes");
  },
});

/** `recoup scenes`: what the bundled model is trained on. */
export const scenesCommand = defineCommand({
  name: "scenes",
  summary: "write scenes as JSON lines (draw lists, captions, phrases, questions), for the training in python/",
  flags: {
    split: { type: "choice", choices: ["train", "val", "test"], required: true, help: "which scenes" },
    ...SCENE_FLAGS,
    count: { type: "integer", required: true, min: 1, help: "number of scenes" },
    size: { type: "integer", default: 336, help: "side in pixels: 336, or a window of 168 or 112" },
    heldOut: { type: "flag", help: "with combinations that training never shows; val and test only" },
    out: { type: "text", required: true, placeholder: "FILE", help: "a new file of JSON lines" },
  },
  async run({ flags }, io) {
    const line = progressLine(io);
    const work = async ({ signal }: WorkIo) => {
      for await (const done of writeTrainingScenes({ ...flags, signal })) line("scenes", done, flags.count);
    };
    await interruptible(io, work, "stopped: nothing was written");
    io.note(`wrote ${flags.out}`);
  },
});

async function show(events: ReturnType<typeof writeBenchmark>, io: CommandIo, json: boolean): Promise<void> {
  const line = progressLine(io);
  for await (const event of events) {
    if (event.status === "picture") line(event.task, event.done, event.total);
    else if (json) io.out(JSON.stringify(event.manifest, undefined, 2));
    else io.out(manifestText(event.manifest, io.columns));
  }
}

/** A line per task, then the checks that need no model. */
function manifestText({ reports, note }: BenchmarkManifest, columns: number): string {
  const width = Math.min(columns, TEXT_WIDTH);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const tasks = textTable(
    ["task", "images", "questions", "most frequent", "wording only"],
    Object.entries(reports).map(([id, { pictures, questions, baselines }]) => {
      return [id, String(pictures), String(questions), percent(baselines.majority), percent(baselines.wording)];
    }),
    { width: columns },
  );
  const checks = textTable(
    ["task", "slice", "questions", "oracle", "saliency", "random"],
    Object.entries(reports).flatMap(([id, { gates }]) =>
      gates.map(({ slice, questions, recall: { oracle, saliency, random } }) => {
        return [id, slice, String(questions), ...[oracle, saliency, random].map(percent)];
      }),
    ),
    { texts: 2, width: columns },
  );
  const texts = [
    tasks,
    "most frequent, wording only: right answers without the image",
    "Share of the asked patches among 58 of 576, kept by truth, by pixels, by chance:",
    checks,
    note,
  ];
  return texts.map((text) => wrapLines(text, width)).join("\n\n");
}
