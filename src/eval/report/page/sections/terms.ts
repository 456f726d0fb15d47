/** @file Words of the report, explained once: methods with their papers, measures and tests. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { foldedSection, paragraph, type Section, type Term } from "../document.js";
import { methodTerms } from "../methods-words.js";

const arxiv = (id: string) => ({ text: `arXiv ${id}`, href: `https://arxiv.org/abs/${id}` });

/** Measures that every page has. */
const SHARED: readonly Term[] = [
  {
    name: "visual token",
    meaning: [
      "A row that the language model reads for the picture. The vision tower gives one per patch; a method keeps some, or merges several into one.",
    ],
  },
  {
    name: "same answers (agreement)",
    meaning: [
      "Share of the answers that equal those with all tokens, but for case, white space and punctuation at the end: signs and articles count, and an empty answer equals an empty one alone. Equal is not right: a wrong answer that stays wrong counts. Interval: Wilson's (1927), at the number of independent questions, since those about one picture are not.",
    ],
  },
  {
    name: "first token",
    meaning: [
      "Time from the question to the first token of the answer, median: picture, vision tower, choice of tokens, prefill. Each answer is timed as if it had been asked alone.",
    ],
  },
];

/** Measures of answers that are scored. */
const SCORED: readonly Term[] = [
  {
    name: "relative score",
    meaning: [
      "Mean over the tasks of each task's official metric, divided by its value with all tokens. 100 % is as good as all tokens.",
    ],
  },
  {
    name: "95 % interval",
    meaning: [
      "What other questions of this kind might give: the official metric computed anew from 1000 draws of the pictures with replacement (bootstrap over pictures), their middle 95 %, widened to the estimate where that lies outside. Intervals of two settings may overlap and the settings differ all the same: they answer the same questions, so compare by differences.",
    ],
  },
  {
    name: "open tasks",
    meaning: [
      "Tasks whose answers are words, numbers, yes or no. Letters of options are often guesses, which turn for little: the mean over the open tasks is the relative score without them.",
    ],
  },
  {
    name: "KL of the first token",
    meaning: [
      "Kullback-Leibler divergence of the shares that the model gives to the answer's first token, from those with all tokens to those with few, nats: 0 where they are the same. It moves before an answer turns, and so tells settings apart on fewer questions. Recorded with --logits.",
    ],
  },
  {
    name: "McNemar's test",
    meaning: [
      "p: how often chance alone would turn the answers of equally good settings so unevenly between right and wrong; exact, and not corrected for the number of tests.",
    ],
  },
  {
    name: "Pareto front",
    meaning: ["Settings that no other beats: none has a higher score at as few tokens."],
  },
  {
    name: "control",
    meaning: [
      "What needs no method: no picture, random or evenly spaced tokens, averages of neighbors, a smaller picture. A method has to beat them.",
    ],
  },
  {
    name: "recall of the answer's region",
    meaning: [
      "Share of the patches of what is asked about that have rows of their own; what is merged into others does not count. It needs no model, but a picture of which it is known what is where.",
    ],
  },
  {
    name: "operations",
    meaning: ["Multiply-adds of the prefill, by arithmetic, as FastV counts them (", arxiv("2403.06764"), ")."],
  },
];

/** The methods of a run and the words of its page. */
export function termsSection(settings: ReportNumbers["settings"]): Section {
  return foldedSection("terms", "Methods and terms", [
    { kind: "terms", items: [...methodTerms(settings), ...SHARED, ...SCORED] },
  ]);
}

/** The same for a run without right answers, which has no score. */
export function agreementTermsSection(settings: Parameters<typeof methodTerms>[0]): Section {
  return foldedSection("terms", "Methods and terms", [
    { kind: "terms", items: [...methodTerms(settings), ...SHARED] },
    paragraph("Similarity is the F1 of the words of both answers: long answers are rarely equal."),
  ]);
}
