/** @file Failed samples, rows of data that cannot be used, settings that were not asked. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { type Part, type Section, section, tableOf } from "../document.js";
import { provenance } from "../format.js";

/** Rows shown per task: the run's state has all of them. */
const SHOWN = 5;

/** Always there: that nothing failed is a result too. */
export function problemsSection(numbers: ReportNumbers): Section {
  const { leftOut } = numbers.run;
  return section("problems", "What failed", [
    ...failureParts(numbers),
    rowsPart(numbers),
    ...(leftOut.length === 0 ? [] : ["Not asked:", { kind: "list" as const, items: leftOut }]),
  ]);
}

function failureParts(numbers: ReportNumbers): (Part | string)[] {
  if (numbers.failures.length === 0) return ["No sample failed."];
  return [
    "A failed sample counts as wrong in all scores, and is left out of times and of compared answers.",
    tableOf({
      caption: "Failed samples with the first reasons.",
      source: provenance(numbers),
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
    source: provenance(numbers),
    rows,
    columns: [
      ["task", ({ id }) => id],
      ["place", ({ place }) => place, "words"],
      ["problem", ({ what }) => what, "words"],
    ],
  });
}
