/** @file `recoup report`: a run as a page and as tables. */
import { extname, join } from "node:path";
import { parseArgs } from "node:util";
import { InvalidInputError } from "../../core/index.js";
import { reportNumbers } from "../../eval/index.js";
import { readRun } from "../../eval/node/index.js";
import {
  CHART_PACKAGES,
  type ChartDrawer,
  chartDrawer,
  reportDocument,
  reportHtml,
  reportMarkdown,
} from "../../eval/report/page/index.js";
import { assertOutputs, MissingPackageError, writeFilesAtomic } from "../../node.js";
import type { Command } from "../command.js";

const USAGE = `usage: recoup report DIR [options]

Makes report.html (one page with charts, no script, nothing from the network) and report.md (the same tables) of a
finished run of "recoup eval --out DIR". The same run gives the same bytes.

  --out FILE.html   the page there, and FILE.md beside it (default: DIR/report.html)
  --json            the numbers as one JSON object on stdout instead; no files

The charts need two more packages: npm install ${CHART_PACKAGES.join(" ")}`;

/** `recoup report`: a run as a page and as tables. */
export const reportCommand: Command = {
  name: "report",
  summary: "make the page of a finished run of recoup eval",
  usage: USAGE,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { out: { type: "string" }, json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    if (positionals.length !== 1) throw refusal("one folder of recoup eval", positionals.join(" ") || "none");
    const [folder] = positionals;
    const page = values.out ?? join(folder, "report.html");
    if (extname(page) !== ".html") throw refusal("--out FILE.html", page);
    if (values.json) {
      if (values.out !== undefined) throw refusal("--out or --json", "both");
      io.out(JSON.stringify(reportNumbers(await readRun(folder)), undefined, 2));
      return;
    }
    const run = await readRun(folder);
    const tables = page.replace(/\.html$/, ".md");
    await assertOutputs([page, tables]);
    const draw = await loadDrawer();
    const document = reportDocument(reportNumbers(run));
    await writeFilesAtomic([
      { path: page, data: await reportHtml(document, draw) },
      { path: tables, data: reportMarkdown(document) },
    ]);
    io.note(`wrote ${page} and ${tables}`);
    io.out(document.summary.join("\n"));
  },
};

async function loadDrawer(): Promise<ChartDrawer> {
  try {
    return await chartDrawer();
  } catch (cause) {
    const install = `npm install ${CHART_PACKAGES.join(" ")}`;
    throw new MissingPackageError({ operation: "report", name: CHART_PACKAGES.join(", "), install, cause });
  }
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "report", expected, got });
}
