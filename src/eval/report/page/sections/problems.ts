/** @file Failed samples, rows of data that cannot be used, settings that were not asked. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { foldedSection, type Part, type Section, tableOf } from "../document.js";

/** Rows shown per task: the run's state has all of them. */
const SHOWN = 5;

/** Always there: that nothing failed is a result too. */
export function problemsSection(numbers: ReportNumbers): Section {
  const { leftOut } = numbers.run;
  return foldedSection("problems", titleOf(numbers), [
    ...failureParts(numbers),
    rowsPart(numbers),
    ...warningParts(numbers),
    ...(leftOut.length === 0 ? [] : ["Not asked:", { kind: "list" as const, items: leftOut }]),
  ]);
}

function titleOf({ failures, tasks }: ReportNumbers): string {
  const count = failures.reduce((sum, own) => sum + own.count, 0);
  const rows = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
  const found = [
    count > 0 && `${count} failed ${count === 1 ? "answer" : "answers"}`,
    rows > 0 && `${rows} unusable ${rows === 1 ? "row" : "rows"}`,
  ].filter(Boolean);
  return `What failed: ${found.join(", ") || "nothing"}`;
}

function failureParts(numbers: ReportNumbers): (Part | string)[] {
  if (numbers.failures.length === 0) return ["No sample failed."];
  return [
    "A failed sample counts as wrong in all scores, and is left out of times and of compared answers.",
    tableOf({
      caption: "Failed samples with the first reasons.",
      rows: numbers.failures,
      columns: [
        ["task", ({ task }) => task],
        ["setting", ({ setting }) => setting, "words"],
        ["failed", ({ count }) => String(count)],
        ["reasons", (own) => own.reasons.map(({ doc, reason }) => `${reason} (sample ${doc})`).join("; "), "words"],
      ],
    }),
  ];
}

function warningParts({ warnings, settings }: ReportNumbers): Part[] {
  if (warnings.length === 0) return [];
  const all = settings.reduce((sum, { members }) => sum + members.length, 0);
  return [
    tableOf({
      caption: "What must be said with the scores.",
      rows: warnings,
      columns: [
        ["task", ({ task }) => task],
        ["settings", (own) => (own.settings.length === all ? "all" : own.settings.join(", ")), "words"],
        ["warning", ({ text }) => text, "words"],
      ],
    }),
  ];
}

function rowsPart(numbers: ReportNumbers): Part | string {
  const rows = numbers.tasks.flatMap(({ id, problems }) => {
    const shown = problems.slice(0, SHOWN).map(({ file, line, what }) => {
      return { id, place: line === undefined ? file : `${file}:${line}`, what };
    });
    const more = problems.length - shown.length;
    return more > 0 ? [...shown, { id, place: "", what: `and ${more} more` }] : shown;
  });
  if (rows.length === 0) return "All rows of the data could be read and joined.";
  return tableOf({
    caption: "Rows of the data that could not be read or joined; they were not asked.",
    rows,
    columns: [
      ["task", ({ id }) => id],
      ["place", ({ place }) => place, "words"],
      ["problem", ({ what }) => what, "words"],
    ],
  });
}
