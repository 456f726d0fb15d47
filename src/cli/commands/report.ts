/** @file `recoup report`: a run as a page and as tables. */
import { extname, join } from "node:path";
import { refusalFor } from "../../core/index.js";
import { assertRun, CHART_PACKAGES, REPORT_FORMATS, type ReportFormat, runReport } from "../../eval/node/index.js";
import { assertOutputs, writeFilesAtomic } from "../../files/index.js";
import { defineCommand } from "../command.js";
import { TEXT_WIDTH, wrapLines } from "../text-table.js";

const FORMATS = Object.keys(REPORT_FORMATS) as ReportFormat[];

/** `recoup report`: a run as a page and as tables. */
export const reportCommand = defineCommand({
  name: "report",
  summary: "make the page of a finished run of recoup eval",
  words: ["DIR"],
  about: [
    "Writes report.html (one page with tables, charts and pictures, nothing from the network) and report.md (the same tables); with --format csv all numbers of all settings in report.csv, with latex a table for papers in report.tex. The same run gives the same bytes.",
    `The charts need two more packages: npm install ${CHART_PACKAGES.join(" ")}`,
  ],
  flags: {
    format: {
      type: "list",
      choices: FORMATS,
      default: ["html", "md"],
      help: `what to write: ${FORMATS.join(", ")}`,
    },
    out: {
      type: "text",
      placeholder: "FILE.html",
      help: "the page there, and the others beside it (default: DIR/report.html)",
    },
    json: { type: "flag", help: "the numbers as one JSON object on stdout instead; no files" },
  },
  async run({ flags, words: [folder] }, io) {
    const { out, json } = flags;
    const page = out ?? join(folder, "report.html");
    if (extname(page) !== ".html") throw refusal("--out FILE.html", page);
    if (json && out !== undefined) throw refusal("--out or --json", "both");
    if (json) {
      io.out(JSON.stringify((await runReport(folder, { formats: [] })).numbers, undefined, 2));
      return;
    }
    const formats = FORMATS.filter((format) => flags.format.includes(format));
    if (formats.length === 0) throw refusal(`--format of ${FORMATS.join(", ")}`, "none");
    const pathOf = (format: ReportFormat) => page.replace(/\.html$/, `.${REPORT_FORMATS[format]}`);
    // Of a mistyped folder the outputs would be refused first.
    await assertRun(folder);
    await assertOutputs(formats.map(pathOf));
    const { texts, summary, hints } = await runReport(folder, { formats });
    await writeFilesAtomic(texts.map(({ format, text }) => ({ path: pathOf(format), data: text })));
    for (const hint of hints) io.note(hint);
    io.note(`wrote ${formats.map(pathOf).join(", ")}`);
    const width = Math.min(io.columns, TEXT_WIDTH);
    io.out(summary.map((sentence) => wrapLines(sentence, width)).join("\n"));
  },
});

const refusal = refusalFor("report");
