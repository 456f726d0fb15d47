/** @file `recoup report`: a run as a page and as tables. */
import { extname, join } from "node:path";
import { refusalFor } from "../../core/index.js";
import { runReport } from "../../eval/node/index.js";
import { CHART_PACKAGES } from "../../eval/report/page/index.js";
import { assertOutputs, writeFilesAtomic } from "../../files/index.js";
import { defineCommand } from "../command.js";

/** `recoup report`: a run as a page and as tables. */
export const reportCommand = defineCommand({
  name: "report",
  summary: "make the page of a finished run of recoup eval",
  words: ["DIR"],
  about: [
    "Writes report.html (one page with charts, no script, nothing from the network) and report.md (the same tables). The same run gives the same bytes.",
    `The charts need two more packages: npm install ${CHART_PACKAGES.join(" ")}`,
  ],
  flags: {
    out: {
      type: "text",
      placeholder: "FILE.html",
      help: "the page there, and FILE.md beside it (default: DIR/report.html)",
    },
    json: { type: "flag", help: "the numbers as one JSON object on stdout instead; no files" },
  },
  async run({ flags, words: [folder] }, io) {
    const page = flags.out ?? join(folder, "report.html");
    if (extname(page) !== ".html") throw refusal("--out FILE.html", page);
    if (flags.json && flags.out !== undefined) throw refusal("--out or --json", "both");
    if (flags.json) {
      io.out(JSON.stringify((await runReport(folder, { formats: [] })).numbers, undefined, 2));
      return;
    }
    const pathOf = (format: string) => page.replace(/\.html$/, `.${format}`);
    const formats = ["html", "md"] as const;
    await assertOutputs(formats.map(pathOf));
    const { texts, summary } = await runReport(folder, { formats });
    await writeFilesAtomic(texts.map(({ format, text }) => ({ path: pathOf(format), data: text })));
    io.note(`wrote ${formats.map(pathOf).join(" and ")}`);
    io.out(summary.join("\n"));
  },
});

const refusal = refusalFor("report");
