/** @file TextVQA 0.5.1 (arXiv 1904.08920), validation: LLaVA asks it with the OCR tokens in the prompt, lmms-eval without. */
import { TEXTVQA, textVqaPrompt } from "../../benchmarks/index.js";
import type { shape } from "../../core/index.js";
import { mostFrequent, textVqaAccuracy } from "../metrics/soft-accuracy.js";
import { textVqaQuestionKey } from "../metrics/textvqa-key.js";
import { defineTask, type TaskSource, type TaskSpec } from "./define-task.js";
import { meanJudge, type TaskRow } from "./judges.js";

/** Answers of people to each question; the accuracy is defined by their number. */
const TRUTHS = 10;
type Annotation = shape.TypeOf<typeof TEXTVQA.annotation>;
type Annotations = ReadonlyMap<string, Annotation>;

/** TextVQA's accuracy over all questions, and by category. */
export function textVqaTask(id: string, name: string): TaskSpec {
  const judge = meanJudge((answers: readonly string[], answer) => textVqaAccuracy(answer, answers));
  return defineTask<readonly string[]>({
    id,
    name,
    folder: TEXTVQA.folder,
    pictures: TEXTVQA.pictures,
    files: () => ({ questions: TEXTVQA.questions, annotations: TEXTVQA.annotations }),
    rules: {
      llava: { number: "with OCR tokens", maxNewTokens: 128, judge },
      // The task sets no count; lmms-eval's LLaVA takes 1024 then.
      lmms_eval: { number: "without OCR tokens, lmms-eval", maxNewTokens: 1024, judge },
    },
    read: readRows,
  });
}

function readRows(source: TaskSource): TaskRow<readonly string[]>[] {
  const annotations = readAnnotations(source);
  const rows: TaskRow<readonly string[]>[] = [];
  for (const { place, value, report } of source.rows("questions", TEXTVQA.question)) {
    const { question_id: questionId, image, text: asked, category } = value;
    const found = lookUp(annotations, questionId, asked);
    if (typeof found === "string") {
      report(found);
      continue;
    }
    const { question: relevanceText, answers } = found;
    const question = source.rule === "llava" ? asked : textVqaPrompt(capitalized(relevanceText));
    const texts = { prompt: question, question, relevanceText, target: mostFrequent(answers) };
    const groups = { picture: image, category, group: String(place) };
    rows.push({
      sample: { docId: place, questionId, image: { path: image }, ...texts, ...groups },
      truth: answers,
      asked,
    });
  }
  return rows;
}

/** By picture and lowered question; the last of equal ones counts, as in the official script. */
function readAnnotations(source: TaskSource): Annotations {
  const annotations = new Map<string, Annotation>();
  for (const { place, value, report } of source.items("annotations", "data", TEXTVQA.annotation)) {
    const { image_id, question, answers } = value;
    if (answers.length !== TRUTHS) {
      report(`${answers.length} answers in item ${place}, where ${TRUTHS} are compared`);
      continue;
    }
    const key = joinKey(image_id, question.toLowerCase());
    const before = annotations.get(key);
    if (before !== undefined && !isSame(before, value))
      report(`item ${place} asks ${JSON.stringify(question)} of ${image_id} again`);
    annotations.set(key, value);
  }
  return annotations;
}

/** Word for word. */
function isSame(one: Annotation, other: Annotation): boolean {
  return one.question === other.question && one.answers.join("\n") === other.answers.join("\n");
}

function joinKey(image: string | number, question: string): string {
  return `${image}\n${question}`;
}

/** The annotation, or why there is none. */
function lookUp(annotations: Annotations, questionId: string | number, prompt: string): Annotation | string {
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
