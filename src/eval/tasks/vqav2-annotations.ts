/** @file VQAv2's annotations: ten answers to each question. */
import { shape } from "../../core/index.js";
import { jsonItems } from "./json-items.js";
import type { TaskSource } from "./task-definition.js";

export interface VqaTruth {
  readonly answers: readonly string[];
  readonly questionType: string;
  /** `yes/no`, `number` or `other`. */
  readonly answerType: string;
  /** The most frequent answer. */
  readonly target: string;
}

const ANNOTATION = shape.object({
  question_id: shape.id,
  question_type: shape.text,
  answer_type: shape.text,
  multiple_choice_answer: shape.text,
});

/**
 * Truths by question. The real file is 350 MB: its items are parsed one by one, and equal texts are kept once, so that beside the file
 * itself some 60 MB are held. An item without answers, or of a question that was there before, is a problem.
 */
export function readAnnotations({ file: fileOf, problems }: TaskSource): ReadonlyMap<string | number, VqaTruth> {
  const { text, file } = fileOf("annotations");
  const truths = new Map<string | number, VqaTruth>();
  const texts = new Map<string, string>();
  const once = (value: string) => {
    const known = texts.get(value);
    if (known === undefined) texts.set(value, value);
    return known ?? value;
  };
  for (const { place, line, value } of jsonItems(text, "annotations", { file, shape: ANNOTATION, problems })) {
    const answers = answersOf(value);
    const { question_id, question_type, answer_type, multiple_choice_answer } = value;
    const report = (what: string) => problems.report({ file, line, what: `${what} in item ${place}` });
    if (answers === undefined) report("no answers");
    else if (truths.has(question_id)) report(`question ${question_id} again`);
    else {
      truths.set(question_id, {
        answers: answers.map(once),
        questionType: once(question_type),
        answerType: once(answer_type),
        target: once(multiple_choice_answer),
      });
    }
  }
  return truths;
}

function answersOf(value: object): string[] | undefined {
  const { answers } = value as { answers?: unknown };
  if (!Array.isArray(answers) || answers.length === 0) return undefined;
  const texts: unknown[] = answers.map((item) => (item as { answer?: unknown } | null)?.answer);
  return texts.every((text) => typeof text === "string") ? texts : undefined;
}
