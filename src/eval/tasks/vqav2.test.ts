import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rule, Task } from "../task.js";
import { findTask } from "./registry.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/metrics/vqa_soft_accuracy.json", import.meta.url), "utf8"),
);
const CLOSING = "Answer the question using a single word or phrase.";
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

interface Case {
  readonly pred: string;
  readonly answers: readonly string[];
  readonly question_type: string;
  readonly answer_type: string;
}

const question = (id: number) => ({ question_id: id, image_id: 42 + id, question: `What is ${id}?` });
const annotation = (id: number, { answers, question_type, answer_type }: Omit<Case, "pred">) => ({
  question_id: id,
  image_id: 42 + id,
  question_type,
  answer_type,
  multiple_choice_answer: answers[0],
  answers: answers.map((answer, i) => ({ answer, answer_confidence: "yes", answer_id: i + 1 })),
});

interface Reading {
  readonly questions: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read({ questions, annotations, rule = "llava", strict = false }: Reading): Task {
  const texts = new Map([
    ["v2_OpenEnded_mscoco_val2014_questions.json", JSON.stringify({ info: {}, questions })],
    ["v2_mscoco_val2014_annotations.json", JSON.stringify({ annotations })],
  ]);
  return findTask("vqav2_val").read({ rule, strict, folder: "", texts });
}

const ALIKE = { answers: Array<string>(10).fill("yes"), question_type: "what is", answer_type: "yes/no" };

describe("vqav2_val", () => {
  const cases: Case[] = golden.cases;
  const files = {
    questions: cases.map((_, id) => question(id)),
    annotations: cases.map((one, id) => annotation(id, one)),
  };
  const answers = cases.map(({ pred }) => pred);

  it("scores the toolkit's cases as the toolkit scores LLaVA's submission", () => {
    const { metrics } = read({ ...files, strict: true }).score(answers);
    const { overall, perAnswerType, perQuestionType } =
      golden.aggregate_over_all_cases_in_order.vqaeval_after_m4c_submission;
    // The toolkit rounds to two decimals.
    expect(100 * Number(metrics.exact_match)).toBeCloseTo(overall, 1);
    for (const [type, value] of Object.entries<number>(perAnswerType)) {
      expect(Math.abs(100 * Number(metrics[`exact_match/${type}`]) - value)).toBeLessThan(0.0051);
    }
    for (const [type, value] of Object.entries<number>(perQuestionType)) {
      expect(Math.abs(100 * Number(metrics[`exact_match/question_type/${type}`]) - value)).toBeLessThan(0.0051);
    }
  });

  it("scores each case by lmms-eval's rule as lmms-eval does", () => {
    const task = read({ ...files, rule: "lmms_eval" });
    for (const [i, { lmms_eval_vqav2_val }] of golden.cases.entries()) {
      expect(task.sampleScore(task.samples[i], answers[i]), answers[i]).toBeCloseTo(lmms_eval_vqav2_val, 12);
    }
  });

  it("asks VQAv2's own questions about COCO's pictures", () => {
    const [sample] = read({ questions: [question(7)], annotations: [annotation(7, ALIKE)] }).samples;
    expect(sample).toMatchObject({
      questionId: 7,
      image: { path: "COCO_val2014_000000000049.jpg" },
      prompt: `What is 7?\n${CLOSING}`,
      relevanceText: "What is 7?",
      target: "yes",
      category: "yes/no",
    });
  });

  it("gives nothing for a missing answer; an empty one is scored", () => {
    const blank = { ...ALIKE, answers: Array<string>(10).fill("") };
    const task = read({ questions: [question(1)], annotations: [annotation(1, blank)] });
    expect(task.score([""]).metrics.exact_match).toBe(1);
    expect(task.score([undefined]).metrics.exact_match).toBe(0);
  });

  it("lists questions without annotation, ids that come twice, and annotations without answers", () => {
    const { samples, problems } = read({
      questions: [question(1), question(2), question(1), question(3)],
      annotations: [
        annotation(1, ALIKE),
        annotation(1, ALIKE),
        annotation(1, { ...ALIKE, answers: Array<string>(10).fill("no") }),
        { ...annotation(3, ALIKE), answers: [{}] },
      ],
    });
    expect(samples.map(({ questionId }) => questionId)).toEqual([1]);
    expect(problems.map(({ file, what }) => `${file} ${what}`)).toEqual([
      "vqav2/v2_mscoco_val2014_annotations.json question 1 again in item 2",
      "vqav2/v2_mscoco_val2014_annotations.json no answers[0].answer in item 3",
      "vqav2/v2_OpenEnded_mscoco_val2014_questions.json no annotation of question 2",
      "vqav2/v2_OpenEnded_mscoco_val2014_questions.json question 1 again",
      "vqav2/v2_OpenEnded_mscoco_val2014_questions.json no annotation of question 3",
    ]);
  });

  it("submits answers as the server wants them", () => {
    const task = read({
      questions: [question(1), question(2)],
      annotations: [1, 2].map((id) => annotation(id, ALIKE)),
    });
    const [, submission] = task.files(["The two dogs.", undefined], "m");
    expect(submission.name).toBe("submission_vqav2_val.json");
    expect(JSON.parse(submission.data)).toEqual([
      { question_id: 1, answer: "2 dogs" },
      { question_id: 2, answer: "" },
    ]);
  });

  it("is not known to VLMEvalKit", () => {
    expect(() => read({ ...files, rule: "vlmevalkit" })).toThrow(/a rule of vqav2_val/);
  });
});

describe("vqav2_test", () => {
  const row = (id: number) => ({
    question_id: id,
    image: `COCO_test2015_${id}.jpg`,
    text: `What?\n${CLOSING}`,
    category: "x",
  });
  const texts = new Map([
    ["llava_vqav2_mscoco_test2015.jsonl", lines([5, 6, 7, 8].map(row))],
    ["llava_vqav2_mscoco_test-dev2015.jsonl", lines([8, 6].map(row))],
  ]);
  const spec = findTask("vqav2_test");

  it("asks test-dev and submits all of test, with empty answers where it was not asked", () => {
    const task = spec.read({ rule: "llava", strict: true, folder: "", texts });
    expect(task.samples.map(({ questionId }) => questionId)).toEqual([8, 6]);
    const [, submission] = task.files(["A dog", undefined], "m");
    expect(JSON.parse(submission.data)).toEqual([
      { question_id: 5, answer: "" },
      { question_id: 6, answer: "" },
      { question_id: 7, answer: "" },
      { question_id: 8, answer: "dog" },
    ]);
  });

  it("has no score, and says why", () => {
    const task = spec.read({ rule: "llava", strict: true, folder: "", texts });
    expect(task.score(["a", "b"])).toEqual({
      metrics: { submission: null },
      warnings: ["the truth is not public: the server scores the submission"],
    });
  });

  it("asks all of test by lmms-eval's rule, which needs one file", () => {
    const task = spec.read({ rule: "lmms_eval", strict: true, folder: "", texts });
    expect(task.samples).toHaveLength(4);
    expect(Object.keys(spec.files("lmms_eval"))).toEqual(["test"]);
  });
});
