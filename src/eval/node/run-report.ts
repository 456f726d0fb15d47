/** @file A run's folder as a report: read, counted, and put into words, tables and charts. */
import { resolve } from "node:path";
import { MissingPackageError, optionalPackage } from "../../files/index.js";
import { type AgreementNumbers, agreementNumbers } from "../agreement/agreement-numbers.js";
import { type ReportNumbers, reportNumbers } from "../report/numbers/report-numbers.js";
import { agreementDocument } from "../report/page/agreement-document.js";
import { type ChartDrawer, chartDrawer } from "../report/page/chart-svg.js";
import type { ReportDocument } from "../report/page/document.js";
import { agreementTable, type ReportTable, reportTable } from "../report/page/export.js";
import { reportHtml } from "../report/page/html.js";
import { reportMarkdown } from "../report/page/markdown.js";
import { reportDocument } from "../report/page/report-document.js";
import { csvText, latexText } from "../report/page/table-text.js";
import { examplePictures } from "./example-pictures.js";
import { isAgreementRun, readAgreementRun, readRun } from "./read-run.js";

/** The packages that the charts need, beside recoup itself. Here, since public types must not lead to those of an optional package. */
export const CHART_PACKAGES: readonly string[] = ["vega", "vega-lite"];

/** Texts that a report can be had as, each with the ending of its file. */
export const REPORT_FORMATS = { html: "html", md: "md", csv: "csv", latex: "tex" } as const;
/** Name of one of these texts. */
export type ReportFormat = keyof typeof REPORT_FORMATS;

/** The report of a run. */
export interface RunReport {
  /** Of a run with right answers, or of one without. */
  readonly numbers: ReportNumbers | AgreementNumbers;
  /** Sentences that say the most important numbers. */
  readonly summary: readonly string[];
  /** The texts asked for, in that order. */
  readonly texts: readonly { readonly format: ReportFormat; readonly text: string }[];
  /** What is missing on the page, and what adds it: a line each. */
  readonly hints: readonly string[];
}

/** Texts to make, and how many changed answers of a run without right answers are shown. */
export interface RunReportOptions {
  readonly formats: readonly ReportFormat[];
  /** Default: 6. */
  readonly examples?: number;
  /** Folder of the pictures' data. Default: that of the run, where it still is. */
  readonly data?: string;
}

/**
 * Reads the folder of a run that is over. The same folder gives the same texts. Without the packages of the charts the page has none, and
 * a hint says so.
 *
 * @throws InvalidInputError and FormatError as `readRun`.
 */
export async function runReport(folder: string, options: RunReportOptions): Promise<RunReport> {
  const { numbers, document, table, missing } = (await isAgreementRun(folder))
    ? await agreementParts(folder, options)
    : await benchmarkParts(folder, options);
  const { formats } = options;
  const hints = missing === undefined ? [] : [missing];
  const draw = formats.includes("html") ? await loadDrawer(hints) : undefined;
  const texts: RunReport["texts"][number][] = [];
  for (const format of formats) texts.push({ format, text: await textOf(format, document, table, draw) });
  return { numbers, summary: document.summary, texts, hints };
}

async function textOf(
  format: ReportFormat,
  document: ReportDocument,
  table: ReportTable,
  draw: ChartDrawer | undefined,
): Promise<string> {
  if (format === "html") return reportHtml(document, draw);
  if (format === "md") return reportMarkdown(document);
  return format === "csv" ? csvText(table) : latexText(table);
}

async function benchmarkParts(folder: string, { formats, data }: RunReportOptions) {
  const run = await readRun(folder);
  const numbers = reportNumbers(run);
  // Pictures are on the page only.
  const examples = formats.includes("html") ? numbers.examples : [];
  const pictures = await examplePictures(examples, run, data ?? resolve(folder, run.machine?.data ?? "data"));
  return { numbers, document: reportDocument(numbers, pictures), table: reportTable(numbers), ...pictures };
}

async function agreementParts(folder: string, { formats, examples: count, data }: RunReportOptions) {
  const run = await readAgreementRun(folder);
  const numbers = agreementNumbers(run, { examples: count });
  const examples = formats.includes("html") ? numbers.examples : [];
  const pictures = await examplePictures(examples, run, data ?? resolve(folder, run.machine?.data ?? "data"));
  return { numbers, document: agreementDocument(numbers, pictures), table: agreementTable(numbers), ...pictures };
}

async function loadDrawer(hints: string[]): Promise<ChartDrawer | undefined> {
  try {
    return await optionalPackage("report", "vega", chartDrawer(), { needed: CHART_PACKAGES });
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    hints.push(`the page has no charts; for them: ${error.remedy}`);
    return undefined;
  }
}
