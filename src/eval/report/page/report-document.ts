/** @file The whole report, in the order in which it is read. */
import { coarseSentence } from "../../run/coarse-tasks.js";
import type { RunMachine } from "../../run/run-folder.js";
import { weakTextSentence } from "../../run/text-signal.js";
import { untoldSentences } from "../../run/told.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import type { ReportDocument, Section } from "./document.js";
import { dataName, machineName, modelName, toldText, whole } from "./format.js";
import { agreementSection } from "./sections/agreement.js";
import { costsSection } from "./sections/costs.js";
import { arithmeticSection, publishedSection } from "./sections/elsewhere.js";
import { type ExamplePictures, examplesSection, NO_PICTURES } from "./sections/examples.js";
import { problemsSection } from "./sections/problems.js";
import { retentionSection } from "./sections/retention.js";
import { scoresSection } from "./sections/scores.js";
import { slicesSection } from "./sections/slices.js";
import { tasksSection } from "./sections/tasks.js";
import { termsSection } from "./sections/terms.js";
import { yardsticksSection } from "./sections/yardsticks.js";
import { summarySentences } from "./summary.js";

/** A run's numbers as a document. @param pictures of its examples. */
export function reportDocument(numbers: ReportNumbers, pictures: ExamplePictures = NO_PICTURES): ReportDocument {
  const { run, settings, examples } = numbers;
  const cautions = [coarseSentence(numbers.coarse), weakTextSentence(numbers.textSignal)];
  const summary = summarySentences(numbers);
  const hasMethods = settings.some(({ role }) => role === "method");
  const sections: (Section | undefined)[] = [
    scoresSection(numbers, summary),
    hasMethods ? examplesSection(examples, pictures, "Answers that turned") : undefined,
    yardsticksSection(numbers),
    tasksSection(numbers),
    agreementSection(numbers),
    retentionSection(numbers),
    slicesSection(numbers),
    costsSection(numbers),
    arithmeticSection(numbers),
    publishedSection(),
    problemsSection(numbers),
    termsSection(settings),
  ];
  const limit = run.limit === undefined ? "" : `, at most ${whole(run.limit)} of each task`;
  return {
    title: "Fewer visual tokens: what stays of the answers",
    facts: [
      ["Model", modelName(numbers)],
      ["Data", `${dataName(numbers)} (seed ${run.seed}${limit})`],
      ...toldFacts(run.told),
      ...machineFacts(run.machine),
    ],
    notes: [
      ...run.notes,
      ...cautions.filter((sentence) => sentence !== undefined),
      ...untoldSentences(settings.map(({ id, told }) => [id, told])),
    ],
    summary,
    sections: sections.filter((section) => section !== undefined),
  };
}

/** What the decoder is told of rows where a setting does not say. */
export function toldFacts(told: ReportNumbers["run"]["told"]): ReportDocument["facts"] {
  return told === undefined ? [] : [["Rows", toldText(told)]];
}

/** Where, when and by which command a run was made. */
export function machineFacts(machine: RunMachine | undefined): ReportDocument["facts"] {
  if (machine === undefined) return [["Machine", "machine not recorded"]];
  return [
    ["Machine", machineName(machine)],
    ["Made", `${machine.date}, ${machine.command}`],
  ];
}
