/** @file Answers as LLaVA's scripts write and read them. */
import { textHash } from "../../math/index.js";
import type { AnswerFile, Sample } from "../task.js";

/** A sample, what is needed of its truth, and the answer. */
interface Answered<T> {
  readonly sample: Sample;
  readonly truth: T;
  readonly answer: string | undefined;
}

/** Who answered, and what the rows of this task have more. */
export interface AnswerRowOptions<T> {
  readonly model: string;
  readonly fields?: (truth: T) => Readonly<Record<string, unknown>>;
}

/**
 * JSON lines with `question_id`, `prompt`, `text`, `answer_id`, `model_id`, `metadata`, in the order of the questions. The official scripts
 * go by rows and their places, so a missing answer is an empty one, and its metadata say so. The id follows from task, place and answer.
 */
export function answerRows<T>(
  id: string,
  rows: readonly Answered<T>[],
  { model, fields }: AnswerRowOptions<T>,
): AnswerFile {
  const lines = rows.map(({ sample: { docId, questionId, prompt }, truth, answer }) => {
    const { round_id, ...more } = fields?.(truth) ?? {};
    const row = {
      question_id: questionId,
      ...(round_id !== undefined && { round_id }),
      prompt,
      text: answer ?? "",
      ...more,
      answer_id: textHash(`${id} ${docId} ${answer ?? ""}`),
      model_id: model,
      metadata: answer === undefined ? { missing: true } : {},
    };
    return `${JSON.stringify(row)}\n`;
  });
  return { name: `answers_${id}.jsonl`, data: lines.join("") };
}
