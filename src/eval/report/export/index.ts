/** @file The numbers of a report as texts for other tools. */
export { reportCsv } from "./csv.js";
export { reportLatex } from "./latex.js";
