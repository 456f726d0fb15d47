/** @file The whole report, in the order in which it is read. */
import type { ReportNumbers } from "../numbers/report-numbers.js";
import type { ReportDocument, Section } from "./document.js";
import { dataName, machineName, modelName, whole } from "./format.js";
import { agreementSection } from "./sections/agreement.js";
import { costsSection } from "./sections/costs.js";
import { arithmeticSection, publishedSection } from "./sections/elsewhere.js";
import { problemsSection } from "./sections/problems.js";
import { retentionSection } from "./sections/retention.js";
import { scoresSection } from "./sections/scores.js";
import { slicesSection } from "./sections/slices.js";
import { tasksSection } from "./sections/tasks.js";
import { summarySentences } from "./summary.js";

/** A run's numbers as a document. */
export function reportDocument(numbers: ReportNumbers): ReportDocument {
  const { run } = numbers;
  const sections: (Section | undefined)[] = [
    scoresSection(numbers),
    tasksSection(numbers),
    agreementSection(numbers),
    retentionSection(numbers),
    slicesSection(numbers),
    costsSection(numbers),
    arithmeticSection(numbers),
    publishedSection(),
    problemsSection(numbers),
  ];
  const limit = run.limit === undefined ? "" : `, at most ${whole(run.limit)} questions of each task`;
  const date = run.machine === undefined ? "" : ` ${run.machine.date}, ${run.machine.command}.`;
  return {
    title: "Fewer visual tokens: what stays of the answers",
    about: `Model ${modelName(numbers)}. ${dataName(numbers)} (seed ${run.seed}${limit}). ${machineName(numbers)}.${date}`,
    notes: run.notes,
    summary: summarySentences(numbers),
    sections: sections.filter((section) => section !== undefined),
  };
}
