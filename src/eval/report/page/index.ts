/** @file The report of a run as a page and as Markdown. */
export { CHART_PACKAGES, type ChartDrawer, chartDrawer } from "./chart-svg.js";
export type { ReportDocument } from "./document.js";
export { reportHtml } from "./html.js";
export { reportMarkdown } from "./markdown.js";
export { reportDocument } from "./report-document.js";
export { type AgreementExample, type AgreementRun, adviceText, agreementDocument } from "./sections/agreement.js";
