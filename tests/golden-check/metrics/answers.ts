/** @file Reference data of answer normalization, soft accuracy, ANLS and TextVQA. */
import { anls } from "../../../src/eval/metrics/anls.js";
import { normalizeM4c, normalizeVqaToolkit } from "../../../src/eval/metrics/normalize-answer.js";
import { lmmsVqaAccuracy, textVqaAccuracy, vqaToolkitAccuracy } from "../../../src/eval/metrics/soft-accuracy.js";
import { textVqaQuestionKey } from "../../../src/eval/metrics/textvqa-key.js";
import { compared, type Json, type MetricResult } from "./case.js";
import { pyFixed2, pyRound2, vqaToolkitReport } from "./reports.js";

/** `metric-golden/answer-normalization/1`: a null expectation is one that upstream leaves open. */
export function checkNormalization({ cases }: Json): MetricResult[] {
  return cases.map(({ id, input, m4c, vqaeval }: Json) =>
    compared(id, () => ({
      ...(m4c !== null && { m4c: [normalizeM4c(input), m4c] as const }),
      ...(vqaeval !== null && { vqaeval: [normalizeVqaToolkit(input), vqaeval] as const }),
    })),
  );
}

/** `metric-golden/vqa-soft-accuracy/1` */
export function checkSoftAccuracy({ cases, aggregate_over_all_cases_in_order: aggregate }: Json): MetricResult[] {
  const results: MetricResult[] = cases.map((golden: Json) =>
    compared(golden.id, () => {
      const { pred, answers } = golden;
      const raw = vqaToolkitAccuracy(pred, answers);
      return {
        vqaeval: [raw, golden.vqaeval],
        vqaeval_pct_2dp: [pyRound2(100 * raw), golden.vqaeval_pct_2dp],
        vqaeval_after_m4c_submission: [
          vqaToolkitAccuracy(normalizeM4c(pred), answers),
          golden.vqaeval_after_m4c_submission,
        ],
        textvqa_m4c: [textVqaAccuracy(pred, answers), golden.textvqa_m4c],
        lmms_eval_vqav2_val: [lmmsVqaAccuracy(pred, answers), golden.lmms_eval_vqav2_val],
      };
    }),
  );
  const report = (score: (golden: Json) => number) =>
    vqaToolkitReport(
      cases.map((golden: Json) => ({
        accuracy: score(golden),
        questionType: golden.question_type,
        answerType: golden.answer_type,
      })),
    );
  const mean = (score: (golden: Json) => number) =>
    cases.reduce((sum: number, golden: Json) => sum + score(golden), 0) / cases.length;
  results.push(
    compared("aggregate", () => ({
      vqaeval: [report(({ pred, answers }) => vqaToolkitAccuracy(pred, answers)), aggregate.vqaeval],
      vqaeval_after_m4c_submission: [
        report(({ pred, answers }) => vqaToolkitAccuracy(normalizeM4c(pred), answers)),
        aggregate.vqaeval_after_m4c_submission,
      ],
      textvqa_m4c: [mean(({ pred, answers }) => textVqaAccuracy(pred, answers)), aggregate.textvqa_m4c],
    })),
  );
  return results;
}

/** `metric-golden/anls/1` */
export function checkAnls({ cases }: Json): MetricResult[] {
  return cases.map(({ id, pred, answers, anls: expected }: Json) =>
    compared(id, () => ({ anls: [anls(pred, answers), expected] })),
  );
}

/** `metric-golden/textvqa-run/1` */
export function checkTextVqa({ prompt_cases, runs }: Json): MetricResult[] {
  const prompts: MetricResult[] = prompt_cases.map(({ prompt, question_key, error }: Json, i: number) =>
    compared(`prompt ${i}`, () => {
      let key: string | null = null;
      try {
        key = textVqaQuestionKey(prompt);
      } catch (refusal) {
        if (error === null) throw refusal;
      }
      return { question_key: [key, question_key] };
    }),
  );
  return prompts.concat(
    runs.map(({ id, annotation_data, answers_jsonl, expected }: Json) =>
      compared(id, () => {
        const key = (image: string, question: string) => JSON.stringify([image, question]);
        const truths = new Map<string, string[]>(
          annotation_data.map(({ image_id, question, answers }: Json) => [
            key(image_id, question.toLowerCase()),
            answers,
          ]),
        );
        const scores = answers_jsonl.map(({ question_id, prompt, text }: Json) =>
          textVqaAccuracy(text, truths.get(key(question_id, textVqaQuestionKey(prompt))) ?? []),
        );
        const accuracy = scores.reduce((sum: number, score: number) => sum + score, 0) / scores.length;
        return {
          samples: [scores.length, expected.samples],
          accuracy: [accuracy, expected.accuracy],
          accuracy_pct_2dp: [pyFixed2(100 * accuracy), expected.accuracy_pct_2dp],
        };
      }),
    ),
  );
}
