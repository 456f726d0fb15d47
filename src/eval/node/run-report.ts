/** @file A run's folder as a report: read, counted, and put into words, tables and charts. */
import { optionalPackage } from "../../files/index.js";
import { type ReportNumbers, reportNumbers } from "../report/numbers/report-numbers.js";
import { CHART_PACKAGES, chartDrawer } from "../report/page/chart-svg.js";
import { reportHtml } from "../report/page/html.js";
import { reportMarkdown } from "../report/page/markdown.js";
import { reportDocument } from "../report/page/report-document.js";
import { readRun } from "./read-run.js";

/** Texts that a report can be had as, by the ending of their files. */
export const REPORT_FORMATS = ["html", "md"] as const;
/** One of these endings. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The report of a run. */
export interface RunReport {
  readonly numbers: ReportNumbers;
  /** Sentences that say the most important numbers. */
  readonly summary: readonly string[];
  /** The texts asked for, in that order. */
  readonly texts: readonly { readonly format: ReportFormat; readonly text: string }[];
}

/**
 * Reads the folder of a run that is over. The same folder gives the same texts.
 *
 * @throws InvalidInputError and FormatError as `readRun`; MissingPackageError for a page without the packages of its charts.
 */
export async function runReport(
  folder: string,
  { formats }: { readonly formats: readonly ReportFormat[] },
): Promise<RunReport> {
  const numbers = reportNumbers(await readRun(folder));
  const document = reportDocument(numbers);
  const drawer = () => optionalPackage("report", CHART_PACKAGES.join(", "), chartDrawer(), CHART_PACKAGES);
  const texts: RunReport["texts"][number][] = [];
  for (const format of formats) {
    const text = format === "html" ? await reportHtml(document, await drawer()) : reportMarkdown(document);
    texts.push({ format, text });
  }
  return { numbers, summary: document.summary, texts };
}
