/** @file TextVQA 0.5.1 (arXiv 1904.08920), validation: LLaVA asks it with the OCR tokens in the prompt, lmms-eval without. */
import { shape } from "../../core/index.js";
import { textVqaAccuracy } from "../metrics/soft-accuracy.js";
import { textVqaQuestionKey } from "../metrics/textvqa-key.js";
import { textVqaPrompt } from "../prompts.js";
import { defineTask } from "./define-task.js";
import { jsonItems } from "./json-items.js";
import { parseJsonLines } from "./json-lines.js";
import { meanMetrics } from "./mean.js";
import { mostFrequent } from "./question-text.js";
import type { Judge, TaskRow, TaskSource, TaskSpec } from "./task-definition.js";

const QUESTION = shape.object({ question_id: shape.id, image: shape.text, text: shape.text, category: shape.text });
/** Answers of people to each question; the accuracy is defined by their number. */
const TRUTHS = 10;
const ANNOTATION = shape.object({ image_id: shape.id, question: shape.text, answers: shape.list(shape.text) });

interface Annotation {
  readonly question: string;
  readonly answers: readonly string[];
}

export const textVqa = textVqaTask("textvqa_val", "TextVQA");
/** The synthetic mirror. */
export const synthTextVqa = textVqaTask("syn_textvqa", "synthetic TextVQA");

function textVqaTask(id: string, name: string): TaskSpec {
  return defineTask<readonly string[]>({
    id,
    folder: "textvqa",
    pictures: "train_images",
    isSynthetic: id.startsWith("syn_"),
    files: [
      { name: "questions", path: "llava_textvqa_val_v051_ocr.jsonl" },
      { name: "annotations", path: "TextVQA_0.5.1_val.json" },
    ],
    rules: {
      llava: { alias: `${name} (with OCR tokens)`, maxNewTokens: 128 },
      // The task sets no count; lmms-eval's LLaVA takes 1024 then.
      lmms_eval: { alias: `${name} (without OCR tokens, lmms-eval)`, maxNewTokens: 1024 },
    },
    read: (source) => ({ rows: readRows(source), judge: JUDGE }),
  });
}

function readRows(source: TaskSource): TaskRow<readonly string[]>[] {
  const { text, file } = source.file("questions");
  const annotations = readAnnotations(source);
  const rows: TaskRow<readonly string[]>[] = [];
  for (const { place, line, value } of parseJsonLines(text, { file, shape: QUESTION, problems: source.problems })) {
    const { question_id: questionId, image, text: asked, category } = value;
    const report = (what: string) => source.problems.report({ file, line, what });
    const found = lookUp(annotations, questionId, asked);
    if (typeof found === "string") {
      report(found);
      continue;
    }
    const { question: relevanceText, answers } = found;
    const question = source.rule === "llava" ? asked : textVqaPrompt(capitalized(relevanceText));
    const prompts = { prompt: question, question, relevanceText, target: mostFrequent(answers) };
    const sample = { docId: place, questionId, image: { path: image }, ...prompts, category, group: String(place) };
    rows.push({ sample, truth: answers, asked });
  }
  return rows;
}

/** By picture and lowered question; the last of equal ones counts, as in the official script. */
function readAnnotations({ file: fileOf, problems }: TaskSource): ReadonlyMap<string, Annotation> {
  const { text, file } = fileOf("annotations");
  const annotations = new Map<string, Annotation>();
  for (const { line, place, value } of jsonItems(text, "data", { file, shape: ANNOTATION, problems })) {
    const { image_id, question, answers } = value;
    if (answers.length !== TRUTHS) {
      problems.report({ file, line, what: `${answers.length} answers in item ${place}, where ${TRUTHS} are compared` });
      continue;
    }
    const key = joinKey(image_id, question.toLowerCase());
    if (annotations.has(key)) {
      problems.report({ file, line, what: `item ${place} asks ${JSON.stringify(question)} of ${image_id} again` });
    }
    annotations.set(key, { question, answers });
  }
  return annotations;
}

function joinKey(image: string | number, question: string): string {
  return `${image}\n${question}`;
}

/** The annotation, or why there is none. */
function lookUp(
  annotations: ReadonlyMap<string, Annotation>,
  questionId: string | number,
  prompt: string,
): Annotation | string {
  try {
    return annotations.get(joinKey(questionId, textVqaQuestionKey(prompt))) ?? "no annotation of picture and question";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Python's `capitalize`: lmms-eval lowers all but the first letter. */
function capitalized(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

const JUDGE: Judge<readonly string[]> = {
  headline: "exact_match",
  best: () => 1,
  score: (rows) => ({
    metrics: meanMetrics("exact_match", rows, {
      of: ({ truth, answer }) => (answer === undefined ? 0 : textVqaAccuracy(answer, truth)),
      by: ({ sample }) => sample.category,
    }),
    warnings: [],
  }),
  worth: (truth, answer) => textVqaAccuracy(answer, truth),
};
