import { parseArgs } from "node:util";
import { InvalidInputError } from "../../core/index.js";
import { type BenchmarkManifest, writeBenchmark } from "../../node.js";
import { SYNTH_TASKS } from "../../world/index.js";
import type { Command, CommandIo } from "../command.js";
import { requiredNumber } from "../numbers.js";
import { interruption, progressLine } from "../progress.js";
import { type Column, textTable } from "../text-table.js";

const USAGE = `usage: recoup synth --tasks ID[,ID …] --split val|test --count N --out DIR [options]

Writes synthetic benchmarks: pictures of shapes and signs, questions whose answers are known, in the file
layouts of real benchmarks, and a manifest with balance statistics, checks that need no model, and hashes.

  --tasks IDS     ${SYNTH_TASKS.map(({ id, summary }) => `${id.padEnd(14)}${summary}`).join("\n                  ")}
                  or all
  --split NAME    val or test; test has a split with combinations and backgrounds that training never shows
  --count N       pictures per task
  --seed S        other pictures for another whole number (default: 1)
  --level L       1 (default; what the bundled model is trained on) to 3, harder to see
  --out DIR       a missing or empty folder, or one of the same request that was stopped (Ctrl-C is fine), which resumes
  --force         removes what an earlier run wrote to DIR first
  --json          prints the manifest instead of a table`;

/** `recoup synth`: benchmarks with known answers, written as the real ones are. */
export const synthCommand: Command = {
  name: "synth",
  summary: "write synthetic benchmarks in the file formats of the real ones",
  usage: USAGE,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const { tasks = "", split = "", out } = values;
    if (out === undefined) throw new InvalidInputError({ operation: "synth", expected: "--out DIR", got: "none" });
    const { signal, dispose } = interruption();
    const events = writeBenchmark({
      tasks: tasks === "all" ? SYNTH_TASKS.map(({ id }) => id) : tasks.split(",").filter((id) => id !== ""),
      split: split as "val" | "test",
      count: requiredNumber("synth", "--count", values.count),
      seed: requiredNumber("synth", "--seed", values.seed),
      level: requiredNumber("synth", "--level", values.level),
      out,
      force: values.force,
      signal,
    });
    try {
      await show(events, io, values.json);
    } catch (error) {
      if (signal.aborted) io.note("stopped; the same command resumes");
      throw error;
    } finally {
      dispose();
    }
  },
};

const FLAGS = {
  tasks: { type: "string" },
  split: { type: "string" },
  count: { type: "string" },
  seed: { type: "string", default: "1" },
  level: { type: "string", default: "1" },
  out: { type: "string" },
  force: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

async function show(events: ReturnType<typeof writeBenchmark>, io: CommandIo, json: boolean): Promise<void> {
  const lines = new Map<string, ReturnType<typeof progressLine>>();
  for await (const event of events) {
    if (event.status === "done") {
      io.out(json ? JSON.stringify(event.manifest, undefined, 2) : manifestText(event.manifest));
      continue;
    }
    const line = lines.get(event.task) ?? progressLine(io, event.task);
    lines.set(event.task, line);
    line(event.done, event.total);
  }
}

/** A column of text and columns of numbers. */
function columns(first: string, ...numbers: readonly string[]): Column[] {
  return [{ title: first }, ...numbers.map((title) => ({ title, numeric: true }))];
}

/** A line per task, then the checks. */
function manifestText({ reports, note }: BenchmarkManifest): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const tasks = textTable(
    columns("task", "pictures", "questions", "most frequent", "wording only"),
    Object.entries(reports).map(([id, { pictures, questions, baselines }]) => [
      id,
      String(pictures),
      String(questions),
      percent(baselines.majority),
      percent(baselines.wording),
    ]),
  );
  const checks = textTable(
    [{ title: "task" }, { title: "slice" }, ...columns("", "questions", "oracle", "saliency", "random").slice(1)],
    Object.entries(reports).flatMap(([id, report]) =>
      report.gates.map(({ slice, questions, recall }) => [
        id,
        slice,
        String(questions),
        percent(recall.oracle),
        percent(recall.saliency),
        percent(recall.random),
      ]),
    ),
  );
  return [
    tasks,
    "",
    "most frequent, wording only: right answers without the picture",
    "",
    "Share of the asked patches among 58 of 576, kept by truth, by pixels, by chance:",
    "",
    checks,
    "",
    note,
  ].join("\n");
}
