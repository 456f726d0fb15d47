/** @file VQAv2 (arXiv 1612.00837): val, whose truth is public, and test, which only the server scores. */
import { shape } from "../../core/index.js";
import { SHORT_ANSWER, shortAnswerQuestion } from "../prompts.js";
import type { Rule, Sample } from "../task.js";
import { defineTask } from "./define-task.js";
import { jsonItems } from "./json-items.js";
import { parseJsonLines } from "./json-lines.js";
import { withoutLine } from "./question-text.js";
import type { TaskFile, TaskRow, TaskSource, TaskSpec } from "./task-definition.js";
import { readAnnotations, type VqaTruth } from "./vqav2-annotations.js";
import { testJudge, vqaJudge } from "./vqav2-judges.js";

const LINE = shape.object({ question_id: shape.id, image: shape.text, text: shape.text });
const QUESTION = shape.object({ question_id: shape.id, image_id: shape.id, question: shape.text });
const ANNOTATIONS: TaskFile = { name: "annotations", path: "v2_mscoco_val2014_annotations.json" };

/** LLaVA has no question file of val: the questions are VQAv2's own, and the pictures COCO's. */
export const vqaV2Val = valTask("vqav2_val", "VQAv2 val", {
  file: { name: "questions", path: "v2_OpenEnded_mscoco_val2014_questions.json" },
  read: readOwnQuestions,
});
/** The synthetic mirror has a question file in LLaVA's form, since its pictures are PNG. */
export const synthVqaV2 = valTask("syn_vqav2", "synthetic VQAv2", {
  file: { name: "questions", path: "llava_vqav2_mscoco_val2014.jsonl" },
  read: (source) => readLlavaQuestions(source, "questions"),
});

interface Questions {
  readonly file: TaskFile;
  read(source: TaskSource): Iterable<Unlabeled>;
}

/** A question before its truth is known. */
type Unlabeled = Omit<Sample, "target" | "category"> & { readonly line: number };

function valTask(id: string, name: string, questions: Questions): TaskSpec {
  return defineTask<VqaTruth>({
    id,
    folder: "vqav2",
    pictures: "val2014",
    isSynthetic: id.startsWith("syn_"),
    files: [questions.file, ANNOTATIONS],
    rules: {
      llava: { alias: `${name} (VQA accuracy)`, maxNewTokens: 128 },
      lmms_eval: { alias: `${name} (VQA accuracy, lmms-eval)`, maxNewTokens: 16 },
    },
    read: (source) => ({ rows: readVal(source, questions), judge: vqaJudge(source.rule) }),
  });
}

function readVal(source: TaskSource, questions: Questions): TaskRow<VqaTruth>[] {
  const truths = readAnnotations(source);
  const { file } = source.file("questions");
  const rows: TaskRow<VqaTruth>[] = [];
  for (const { line, ...question } of distinct(questions.read(source), source)) {
    const truth = truths.get(question.questionId);
    if (truth === undefined) {
      source.problems.report({ file, line, what: `no annotation of question ${question.questionId}` });
      continue;
    }
    const sample = { ...question, target: truth.target, category: truth.answerType };
    rows.push({ sample, truth, asked: sample.question });
  }
  return rows;
}

/** Questions with an id that was there before are problems. */
function* distinct(questions: Iterable<Unlabeled>, source: TaskSource): Generator<Unlabeled> {
  const seen = new Set<string | number>();
  const { file } = source.file("questions");
  for (const question of questions) {
    const { questionId, line } = question;
    if (seen.has(questionId)) source.problems.report({ file, line, what: `question ${questionId} again` });
    else yield question;
    seen.add(questionId);
  }
}

function* readOwnQuestions(source: TaskSource): Generator<Unlabeled> {
  const { text, file } = source.file("questions");
  const options = { file, shape: QUESTION, problems: source.problems };
  for (const { place, line, value } of jsonItems(text, "questions", options)) {
    const image = `COCO_val2014_${String(value.image_id).padStart(12, "0")}.jpg`;
    yield unlabeled(place, { id: value.question_id, image, text: shortAnswerQuestion(value.question), line });
  }
}

function* readLlavaQuestions(source: TaskSource, name: string): Generator<Unlabeled> {
  const { text, file } = source.file(name);
  for (const { place, line, value } of parseJsonLines(text, { file, shape: LINE, problems: source.problems })) {
    yield unlabeled(place, { id: value.question_id, image: value.image, text: value.text, line });
  }
}

interface AskedRow {
  readonly id: string | number;
  readonly image: string;
  readonly text: string;
  readonly line: number;
}

function unlabeled(docId: number, { id, image, text, line }: AskedRow): Unlabeled {
  const relevanceText = withoutLine(text, SHORT_ANSWER);
  return {
    docId,
    questionId: id,
    image: { path: image },
    prompt: text,
    question: text,
    relevanceText,
    group: String(id),
    line,
  };
}

/** LLaVA asks test-dev, and submits a file with all questions of test; lmms-eval asks all. */
const TEST_FILES: Readonly<Record<Exclude<Rule, "vlmevalkit">, string>> = { llava: "test-dev", lmms_eval: "test" };

/** Nothing to score: answers for the server. */
export const vqaV2Test = defineTask<undefined>({
  id: "vqav2_test",
  folder: "vqav2",
  pictures: "test2015",
  isSynthetic: false,
  files: [
    { name: "test", path: "llava_vqav2_mscoco_test2015.jsonl" },
    { name: "test-dev", path: "llava_vqav2_mscoco_test-dev2015.jsonl", rules: ["llava"] },
  ],
  rules: {
    llava: { alias: "VQAv2 test-dev (answers for the server)", maxNewTokens: 128 },
    lmms_eval: { alias: "VQAv2 test (answers for the server)", maxNewTokens: 16 },
  },
  read(source) {
    const { rule, problems } = source;
    const { text, file } = source.file("test");
    const row = shape.object({ question_id: shape.id });
    const ids = parseJsonLines(text, { file, shape: row, problems }).map(({ value }) => value.question_id);
    const asked = readLlavaQuestions(source, TEST_FILES[rule === "llava" ? "llava" : "lmms_eval"]);
    const rows = [...asked].map(({ line: _, ...question }) => {
      const sample = { ...question, target: "", category: "" };
      return { sample, truth: undefined, asked: sample.question };
    });
    return { rows, judge: testJudge(rule, ids) };
  },
});
