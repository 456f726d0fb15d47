/** @file The report of a run as a page, as Markdown, and as tables for other programs. */
export { agreementDocument, verdictText } from "./agreement-document.js";
export { CHART_PACKAGES, type ChartDrawer, chartDrawer } from "./chart-svg.js";
export type { ReportDocument } from "./document.js";
export { agreementTable, csvText, latexText, type ReportTable, reportTable } from "./export.js";
export { reportHtml } from "./html.js";
export { reportMarkdown } from "./markdown.js";
export { reportDocument } from "./report-document.js";
