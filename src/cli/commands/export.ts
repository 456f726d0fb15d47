/** @file `recoup export`: a run's numbers for other tools. */
import { join } from "node:path";
import { refusalFor } from "../../core/index.js";
import { lmmsEvalFiles, runFiles, runReport } from "../../eval/node/index.js";
import { readTextIfThere, withFileErrors, writeFilesAtomic } from "../../files/index.js";
import { defineCommand } from "../command.js";

const FORMATS = ["csv", "latex", "lmms_eval"] as const;

/** `recoup export`: a run's numbers for other tools. */
export const exportCommand = defineCommand({
  name: "export",
  summary: "a finished run's numbers as CSV, as a LaTeX table, or in lmms-eval's files",
  words: ["DIR"],
  about: [
    "csv: a row per setting with all numbers: tokens, scores of each task and their intervals, times, bytes of keys and values. latex: a table for the package booktabs, settings by tasks. Both are as recoup report writes them, and go to stdout without --out.",
    "lmms_eval: a folder per setting in --out, MODEL__SETTING/DATE_results.json and DATE_samples_TASK.jsonl, as lmms-eval names and writes them.",
  ],
  flags: {
    format: { type: "choice", choices: FORMATS, required: true, help: "of the numbers" },
    out: { type: "text", placeholder: "PATH", help: "a file; of lmms_eval a folder, which is made" },
    force: { type: "flag", help: "replaces files that are there with other content" },
  },
  async run({ flags: { format, out, force }, words: [folder] }, io) {
    if (format === "lmms_eval") {
      if (out === undefined) throw refuse("--out DIR for lmms_eval, which is several files", "none");
      const files = await lmmsEvalFiles(folder);
      await writeNew(
        files.map(({ name, data }) => ({ path: join(out, name), data })),
        { force, inputs: await runFiles(folder) },
      );
      io.note(`wrote ${files.length} ${files.length === 1 ? "file" : "files"} in ${out}`);
      return;
    }
    const { texts } = await runReport(folder, { formats: [format] });
    const [{ text: data }] = texts;
    if (out === undefined) {
      io.write(data);
      return;
    }
    await writeNew([{ path: out, data }], { force, inputs: await runFiles(folder) });
    io.note(`wrote ${out}`);
  },
});

const refuse = refusalFor("export");

interface TextFile {
  readonly path: string;
  readonly data: string;
}

/**
 * Writes files and the folders that they need.
 *
 * @throws InvalidInputError, with nothing written, for a file of the run itself; without `force` for one that is there with other content.
 */
async function writeNew(
  files: readonly TextFile[],
  { force, inputs }: { readonly force: boolean; readonly inputs: readonly string[] },
): Promise<void> {
  for (const { path, data } of files) {
    const there = await withFileErrors("export", `a readable file ${path}`, () => readTextIfThere("export", path));
    if (there !== undefined && there !== data && !force) {
      throw refuse(`no file yet at ${path}, or --force`, "one with other content");
    }
  }
  await writeFilesAtomic(files, { inputs, folders: true });
}
