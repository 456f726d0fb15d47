/** @file VQAv2 (arXiv 1612.00837): val, whose truth is public, and test, which only the server scores. */
import { SHORT_ANSWER, shortAnswerQuestion, VQAV2, withoutLine } from "../../benchmarks/index.js";
import { shape } from "../../core/index.js";
import { normalizeM4c, normalizeVqaToolkit } from "../metrics/normalize-answer.js";
import { lmmsVqaAccuracy, vqaToolkitAccuracy } from "../metrics/soft-accuracy.js";
import type { AnswerFile, Sample } from "../task.js";
import { defineTask, type TaskSource, type TaskSpec } from "./define-task.js";
import type { FileRow } from "./json-lines.js";
import { type AnsweredRow, type Judge, MEAN_SCORE, meanJudge, type TaskRow } from "./judges.js";

interface VqaTruth {
  readonly answers: readonly string[];
  readonly questionType: string;
  /** `yes/no`, `number` or `other`. */
  readonly answerType: string;
  /** The most frequent answer. */
  readonly target: string;
}

/** A question before its truth is known. */
type Unlabeled = Omit<Sample, "target" | "category"> & Pick<FileRow<unknown>, "report">;

/** Reads questions in a file's own form. */
type ReadQuestions = (source: TaskSource) => Iterable<Unlabeled>;

/** @param questions path of their file. */
function valTask(id: string, name: string, questions: string, readQuestions: ReadQuestions): TaskSpec {
  return defineTask<VqaTruth>({
    id,
    name,
    folder: VQAV2.folder,
    pictures: VQAV2.pictures.val,
    files: () => ({ questions, annotations: VQAV2.annotations }),
    rules: {
      llava: { number: "VQA accuracy", maxNewTokens: 128, judge: vqaJudge(LLAVA) },
      lmms_eval: { number: "VQA accuracy, lmms-eval", maxNewTokens: 16, judge: vqaJudge(LMMS_EVAL) },
    },
    read: (source) => readVal(source, readQuestions(source)),
  });
}

function readVal(source: TaskSource, questions: Iterable<Unlabeled>): TaskRow<VqaTruth>[] {
  const truths = readAnnotations(source);
  const seen = new Set<string | number>();
  const rows: TaskRow<VqaTruth>[] = [];
  for (const { report, ...question } of questions) {
    const { questionId } = question;
    const truth = truths.get(questionId);
    if (seen.has(questionId)) report(`question ${questionId} again`);
    else if (truth === undefined) report(`no annotation of question ${questionId}`);
    else {
      const sample = { ...question, target: truth.target, category: truth.answerType };
      rows.push({ sample, truth, asked: sample.question });
    }
    seen.add(questionId);
  }
  return rows;
}

/**
 * Truths by question. The real file is 350 MB: items are parsed one by one, and equal texts kept once. So some 60 MB are held
 * beside the file itself. An item without answers, or of a question that was there before, is a problem.
 */
function readAnnotations(source: TaskSource): ReadonlyMap<string | number, VqaTruth> {
  const truths = new Map<string | number, VqaTruth>();
  const texts = new Map<string, string>();
  const once = (value: string) => {
    const known = texts.get(value);
    if (known === undefined) texts.set(value, value);
    return known ?? value;
  };
  for (const { place, value, report } of source.items("annotations", "annotations", VQAV2.annotation)) {
    const { question_id, question_type, answer_type, multiple_choice_answer, answers } = value;
    if (answers.length === 0) report(`no answers in item ${place}`);
    else if (truths.has(question_id)) {
      // Word for word the same, it changes nothing.
      const same = answers.map(({ answer }) => answer).join("\n") === truths.get(question_id)?.answers.join("\n");
      if (!same) report(`question ${question_id} again in item ${place}`);
    } else {
      truths.set(question_id, {
        answers: answers.map(({ answer }) => once(answer)),
        questionType: once(question_type),
        answerType: once(answer_type),
        target: once(multiple_choice_answer),
      });
    }
  }
  return truths;
}

function* readOwnQuestions(source: TaskSource): Generator<Unlabeled> {
  for (const { value, ...row } of source.items("questions", "questions", VQAV2.ownQuestion)) {
    const image = `COCO_val2014_${String(value.image_id).padStart(12, "0")}.jpg`;
    yield unlabeled({ ...row, value: { ...value, image, text: shortAnswerQuestion(value.question) } });
  }
}

function* readLlavaQuestions(source: TaskSource, name: string): Generator<Unlabeled> {
  for (const row of source.rows(name, VQAV2.question)) yield unlabeled(row);
}

function unlabeled({ place, value, report }: FileRow<shape.TypeOf<typeof VQAV2.question>>): Unlabeled {
  const { question_id, image, text } = value;
  const texts = { prompt: text, question: text, relevanceText: withoutLine(text, SHORT_ANSWER) };
  const groups = { picture: image, group: String(question_id) };
  return { docId: place, questionId: question_id, image: { path: image }, ...texts, ...groups, report };
}

type Id = string | number;

/** A script's treatment of answers. */
interface Scoring {
  readonly accuracy: (answer: string, answers: readonly string[]) => number;
  /** For the server. */
  readonly normalize: (answer: string) => string;
}

/** LLaVA's converter normalizes before the toolkit scores. */
const LLAVA: Scoring = {
  accuracy: (answer, answers) => vqaToolkitAccuracy(normalizeM4c(answer), answers),
  normalize: normalizeM4c,
};
/** lmms-eval normalizes both sides itself. */
const LMMS_EVAL: Scoring = { accuracy: lmmsVqaAccuracy, normalize: normalizeVqaToolkit };

/** VQA accuracy, 0 to 1: over all, by answer type, and by question type (`exact_match/question_type/…`). */
function vqaJudge({ accuracy, normalize }: Scoring): Judge<VqaTruth> {
  return meanJudge(({ answers }, answer) => accuracy(answer, answers), {
    groupsOf: ({ truth }) => [truth.answerType, `question_type/${truth.questionType}`],
    submission: (rows, id) => [serverFile(id, rows, normalize)],
  });
}

/** The truth is the ids of all questions that the server wants an answer to. */
function serverJudge({ normalize }: Scoring): Judge<readonly Id[]> {
  return {
    headline: "submission",
    combination: { ...MEAN_SCORE, value: () => null },
    maxScore: () => 1,
    sampleScore: () => 0,
    score: () => ({
      metrics: { submission: null },
      warnings: ["the truth is not public: the server scores the submission"],
    }),
    submission: (rows, id) => [serverFile(id, rows, normalize, rows[0].truth)],
  };
}

/** `[{question_id, answer}]` in the order of the ids, with empty answers where there is none (LLaVA, convert_vqav2_for_submission.py). */
function serverFile(
  id: string,
  rows: readonly AnsweredRow<unknown>[],
  normalize: Scoring["normalize"],
  ids: readonly Id[] = rows.map(({ sample }) => sample.questionId),
): AnswerFile {
  const given = rows.filter(({ answer }) => answer !== undefined);
  const answers = new Map(given.map(({ sample, answer = "" }) => [sample.questionId, normalize(answer)]));
  const all = ids.map((question_id) => ({ question_id, answer: answers.get(question_id) ?? "" }));
  return { name: `submission_${id}.json`, data: `${JSON.stringify(all)}\n` };
}

/** Nothing to score: answers for the server, for each id of the truth. LLaVA asks test-dev, lmms-eval all. */
export const vqaV2Test = defineTask<readonly Id[]>({
  id: "vqav2_test",
  name: "VQAv2 test",
  folder: VQAV2.folder,
  pictures: VQAV2.pictures.test,
  files: (rule) => ({
    test: VQAV2.questions.test,
    ...(rule === "llava" && { "test-dev": VQAV2.questions.testDev }),
  }),
  rules: {
    llava: { name: "VQAv2 test-dev", number: "answers for the server", maxNewTokens: 128, judge: serverJudge(LLAVA) },
    lmms_eval: { number: "answers for the server", maxNewTokens: 16, judge: serverJudge(LMMS_EVAL) },
  },
  read(source) {
    const row = shape.object({ question_id: shape.id });
    const ids = Array.from(source.rows("test", row), ({ value }) => value.question_id);
    const asked = readLlavaQuestions(source, source.rule === "llava" ? "test-dev" : "test");
    return Array.from(asked, ({ report: _, ...question }) => {
      return { sample: { ...question, target: "", category: "" }, truth: ids, asked: question.question };
    });
  },
});

/** LLaVA has no question file of val: the questions are VQAv2's own, and the pictures COCO's. */
export const vqaV2Val = valTask("vqav2_val", "VQAv2 val", VQAV2.ownQuestions, readOwnQuestions);
/** The synthetic mirror has a question file in LLaVA's form, since its pictures are PNG. */
export const synthVqaV2 = valTask("syn_vqav2", "synthetic VQAv2", VQAV2.questions.val, (source) =>
  readLlavaQuestions(source, "questions"),
);
