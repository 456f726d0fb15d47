/** @file Reference data of POPE and MME. */
import { lmmsMmeAnswer, mmeAnswer, mmeScores } from "../../../src/eval/metrics/mme.js";
import {
  lmmsPopePrediction,
  lmmsPopeScores,
  popeAnswer,
  popeScores,
  vlmevalkitYesNo,
} from "../../../src/eval/metrics/pope.js";
import { compared, type Json, type MetricResult } from "./case.js";
import { pyFixed } from "./reports.js";

/** `metric-golden/pope/1` */
export function checkPope({ text_cases, sets, file_run }: Json): MetricResult[] {
  const texts: MetricResult[] = text_cases.map(({ id, text, official, lmms_eval_pred, vlmevalkit }: Json) =>
    compared(id, () => ({
      official: [popeAnswer(text), official],
      lmms_eval_pred: [lmmsPopePrediction(text), lmms_eval_pred],
      vlmevalkit: [vlmevalkitYesNo(text), vlmevalkit],
    })),
  );
  const whole: MetricResult[] = sets.map(({ id, labels, answers, expected, lmms_eval }: Json) =>
    compared(id, () => ({
      expected: [officialPope(labels, answers), expected],
      lmms_eval: [lmmsPopeScores(labels, answers), lmms_eval],
    })),
  );
  return [...texts, ...whole, ...(file_run === undefined ? [] : [checkPopeFiles(file_run)])];
}

/** The official scores as the schema has them. */
function officialPope(labels: readonly string[], answers: readonly string[]): Json {
  const { TP, FP, TN, FN, accuracy, precision, recall, f1, yesRatio } = popeScores(labels, answers);
  const counts = { mapped: answers.map(popeAnswer), TP, FP, TN, FN };
  if (f1 === null) return { ...counts, error: "ZeroDivisionError" };
  const line = [f1, accuracy, precision, recall, yesRatio].map((value) => pyFixed(value ?? 0, 3)).join(", ");
  return { ...counts, error: null, accuracy, precision, recall, f1, yes_ratio: yesRatio, summary_line: line };
}

/** By the rows' places, as the official script goes, and no further than the shorter list. */
function checkPopeFiles({ question_file, answers_jsonl, label_files, ...expected }: Json): MetricResult {
  return compared("file run", () => {
    const categories = new Map<number, string>(question_file.map((row: Json) => [row.question_id, row.category]));
    const pairs: Record<string, readonly [unknown, unknown]> = {};
    const all: Json[] = [];
    for (const [category, rows] of Object.entries<Json>(label_files)) {
      const own = answers_jsonl.filter(({ question_id }: Json) => categories.get(question_id) === category);
      const count = Math.min(rows.length, own.length);
      const scores = officialPope(
        rows.slice(0, count).map(({ label }: Json) => label),
        own.slice(0, count).map(({ text }: Json) => text),
      );
      all.push(scores);
      pairs[category] = [scores, expected.expected_by_category[category]];
    }
    const mean = (key: string) => all.reduce((sum, scores) => sum + scores[key], 0) / all.length;
    return {
      ...pairs,
      mean_f1: [mean("f1"), expected.mean_f1],
      mean_accuracy: [mean("accuracy"), expected.mean_accuracy],
    };
  });
}

/** `metric-golden/mme/1` */
export function checkMme({ parse_cases, sets }: Json): MetricResult[] {
  const texts: MetricResult[] = parse_cases.map((golden: Json) =>
    compared(golden.id, () => ({
      official_without_newline: [mmeAnswer(golden.text), golden.official_without_newline],
      official_as_last_field: [mmeAnswer(`${golden.text}\n`), golden.official_as_last_field],
      lmms_eval: [lmmsMmeAnswer(golden.text), golden.lmms_eval],
    })),
  );
  return texts.concat(
    sets.map(({ id, rows, expected, lmms_eval }: Json) =>
      compared(id, () => {
        const subtasks = (read: (answer: string) => string) =>
          new Map(
            Object.entries<Json>(rows).map(([name, list]) => [
              name,
              list.map(({ gt, pred }: Json) => ({ truth: gt, prediction: read(pred) })),
            ]),
          );
        const { tasks, perception, cognition } = mmeScores(subtasks((answer) => `${answer}\n`));
        const lmms = mmeScores(subtasks(lmmsMmeAnswer));
        return {
          task: [tasks, expected.task],
          total: [{ Perception: perception, Cognition: cognition }, expected.total],
          lmms_eval: [{ mme_perception_score: lmms.perception, mme_cognition_score: lmms.cognition }, lmms_eval],
        };
      }),
    ),
  );
}
