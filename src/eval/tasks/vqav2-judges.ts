/** @file VQAv2's scores by rule, and the file that its server reads. */
import { normalizeM4c, normalizeVqaToolkit } from "../metrics/normalize-answer.js";
import { lmmsVqaAccuracy, vqaToolkitAccuracy } from "../metrics/soft-accuracy.js";
import type { AnswerFile, Rule } from "../task.js";
import { meanMetrics } from "./mean.js";
import type { AnsweredRow, Judge } from "./task-definition.js";
import type { VqaTruth } from "./vqav2-annotations.js";

/** LLaVA's converter normalizes before the toolkit scores; lmms-eval normalizes both sides itself. */
function accuracy(rule: Rule, answer: string, { answers }: VqaTruth): number {
  return rule === "llava" ? vqaToolkitAccuracy(normalizeM4c(answer), answers) : lmmsVqaAccuracy(answer, answers);
}

/** VQA accuracy, 0 to 1: over all, by answer type, and by question type (`exact_match/question_type/…`). */
export function vqaJudge(rule: Rule): Judge<VqaTruth> {
  return {
    headline: "exact_match",
    best: () => 1,
    worth: (truth, answer) => accuracy(rule, answer, truth),
    score(rows) {
      const scored = rows.map(({ truth, answer }) => {
        return { truth, value: answer === undefined ? 0 : accuracy(rule, answer, truth) };
      });
      const of = ({ value }: (typeof scored)[number]) => value;
      const byAnswer = meanMetrics("exact_match", scored, { of, by: ({ truth }) => truth.answerType });
      const byQuestion = meanMetrics("exact_match", scored, {
        of,
        by: ({ truth }) => `question_type/${truth.questionType}`,
      });
      return { metrics: { ...byAnswer, ...byQuestion }, warnings: [] };
    },
    submission: (rows, id) => [
      serverFile(
        id,
        rule,
        rows.map(({ sample }) => sample.questionId),
        rows,
      ),
    ],
  };
}

/** @param ids of all questions that the server wants an answer to. */
export function testJudge(rule: Rule, ids: readonly (string | number)[]): Judge<undefined> {
  return {
    headline: "submission",
    best: () => 1,
    worth: () => 0,
    score: () => ({
      metrics: { submission: null },
      warnings: ["the truth is not public: the server scores the submission"],
    }),
    submission: (rows, id) => [serverFile(id, rule, ids, rows)],
  };
}

/** `[{question_id, answer}]`: normalized answers in the order of the ids, empty ones where there is none (LLaVA, convert_vqav2_for_submission.py). */
function serverFile<T>(
  id: string,
  rule: Rule,
  ids: readonly (string | number)[],
  rows: readonly AnsweredRow<T>[],
): AnswerFile {
  const normalize = rule === "llava" ? normalizeM4c : normalizeVqaToolkit;
  const answers = new Map(rows.map(({ sample, answer }) => [sample.questionId, answer]));
  const all = ids.map((question_id) => {
    const answer = answers.get(question_id);
    return { question_id, answer: answer === undefined ? "" : normalize(answer) };
  });
  return { name: `submission_${id}.json`, data: `${JSON.stringify(all)}\n` };
}
