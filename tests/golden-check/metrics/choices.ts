/** @file Reference data of ScienceQA and MMBench. */

import { mmbenchScores } from "../../../src/eval/metrics/mmbench.js";
import { lmmsPrefetchLetter, mmbenchOptions, vlmevalkitLetter } from "../../../src/eval/metrics/mmbench-letter.js";
import { lmmsStaticLetter } from "../../../src/eval/metrics/mmbench-static.js";
import {
  lmmsScienceQaMatch,
  scienceQaIndex,
  scienceQaLetter,
  scienceQaScores,
} from "../../../src/eval/metrics/scienceqa.js";
import { compared, type Json, type MetricResult } from "./case.js";
import { pyFixed2, vlmevalkitReport } from "./reports.js";

/** `metric-golden/scienceqa/1` */
export function checkScienceQa({ extraction_cases, runs }: Json): MetricResult[] {
  const texts: MetricResult[] = extraction_cases.map((golden: Json) =>
    compared(golden.id, () => {
      const letter = scienceQaLetter(golden.text);
      const index = scienceQaIndex(letter, golden.n_choices);
      return {
        parsed: [letter, golden.parsed],
        pred_index: [index, golden.pred_index],
        correct: [index === golden.gt_index, golden.correct],
        lmms_eval_exact_match: [lmmsScienceQaMatch(golden.text, golden.gt_index), golden.lmms_eval_exact_match],
      };
    }),
  );
  return texts.concat(runs.map(checkScienceQaRun));
}

function checkScienceQaRun({ id, problems, pid_splits, answers_jsonl, expected }: Json): MetricResult {
  return compared(id, () => {
    const given = new Map<string, Json>(answers_jsonl.map((row: Json) => [row.question_id, row]));
    const scores = scienceQaScores(
      pid_splits.test.map((pid: string) => ({
        id: pid,
        choices: problems[pid].choices.length,
        answer: problems[pid].answer,
        given: given.get(pid),
      })),
    );
    const { accuracy, imageAccuracy, correct, count, imageCorrect, imageCount, results } = scores;
    const percent = (value: number | null) => pyFixed2(value ?? 0);
    return {
      stdout: [
        `Total: ${count}, Correct: ${correct}, Accuracy: ${percent(accuracy)}%, IMG-Accuracy: ${percent(imageAccuracy)}%`,
        expected.stdout,
      ],
      acc: [accuracy, expected.acc],
      correct: [correct, expected.correct],
      count: [count, expected.count],
      results: [Object.fromEntries(results), expected.results],
      img_correct: [imageCorrect, expected.img_correct],
      img_total: [imageCount, expected.img_total],
      img_acc: [imageAccuracy, expected.img_acc],
    };
  });
}

/** `metric-golden/mmbench/1` */
export function checkMmbench({ infer_cases, option_cases, sets }: Json): MetricResult[] {
  return [
    ...infer_cases.map((golden: Json) =>
      compared(golden.id, () => {
        const { choices, prediction } = golden;
        return {
          vlmevalkit: [vlmevalkitLetter(prediction, choices), golden.vlmevalkit],
          lmms_eval_prefetch: [lmmsPrefetchLetter(prediction, choices), golden.lmms_eval_prefetch],
          lmms_eval_static: [lmmsStaticLetter(prediction, choices), golden.lmms_eval_static],
        };
      }),
    ),
    ...option_cases.map(({ row, options }: Json, i: number) =>
      compared(`options ${i}`, () => ({ options: [mmbenchOptions(row), options] })),
    ),
    ...sets.map(checkMmbenchSet),
  ];
}

function checkMmbenchSet({ id, rows, expected }: Json): MetricResult {
  return compared(id, () => {
    const scoresBy = (find: (prediction: string, choices: Record<string, string>) => string | undefined) =>
      mmbenchScores(
        rows.map((row: Json) => {
          const letters = ["A", "B", "C", "D"].filter((letter) => row[letter] !== null && row[letter] !== undefined);
          const choices = Object.fromEntries(letters.map((letter) => [letter, row[letter]]));
          const { index, answer, category } = row;
          return { index, answer, category, l2Category: row["l2-category"], found: find(row.prediction, choices) };
        }),
      );
    const scores = scoresBy(vlmevalkitLetter);
    const statics = scoresBy(lmmsStaticLetter);
    return {
      circular_hits: [Object.fromEntries(scores.hits), expected.circular_hits],
      vlmevalkit_report: [vlmevalkitReport(scores), expected.vlmevalkit_report],
      vanilla_first_rotation_acc: [scores.single, expected.vanilla_first_rotation_acc],
      vanilla_all_rows_acc: [scores.allRows, expected.vanilla_all_rows_acc],
      lmms_eval_static: [
        {
          overall: statics.circular,
          category: Object.fromEntries(statics.categories),
          l2_category: Object.fromEntries(statics.l2Categories),
        },
        expected.lmms_eval_static,
      ],
    };
  });
}
