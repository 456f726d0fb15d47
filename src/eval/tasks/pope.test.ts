import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import type { Rule, Task } from "../task.js";
import { findTask } from "./registry.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/metrics/pope.json", import.meta.url), "utf8"),
).file_run;
type Json = Record<string, string | number>;
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

interface Files {
  readonly questions: readonly Json[];
  readonly labels: Readonly<Record<string, readonly Json[]>>;
}
const FILES: Files = { questions: golden.question_file, labels: golden.label_files };

interface Reading {
  readonly files?: Files;
  readonly id?: string;
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read({ files = FILES, id = "pope", rule = "llava", strict = false }: Reading = {}): Task {
  const labels = Object.entries(files.labels).map(([split, rows]) => [`coco/coco_pope_${split}.json`, lines(rows)]);
  const texts = new Map([["llava_pope_test.jsonl", lines(files.questions)], ...(labels as [string, string][])]);
  return findTask(id).read({ rule, strict, folder: "pictures", texts });
}

const ANSWERS = new Map<number, string>(golden.answers_jsonl.map((row: Json) => [row.question_id, row.text]));
const answersOf = ({ samples }: Task) => samples.map(({ questionId }) => ANSWERS.get(Number(questionId)));
const withLabels = (split: string, rows: readonly Json[]): Files => ({
  ...FILES,
  labels: { ...FILES.labels, [split]: rows },
});

function expectOfficial(task: Task): void {
  const { metrics, warnings } = task.score(answersOf(task));
  expect(warnings).toEqual([]);
  expect(metrics.pope_f1_score).toBeCloseTo(golden.mean_f1, 12);
  expect(metrics.pope_accuracy).toBeCloseTo(golden.mean_accuracy, 12);
  for (const [split, expected] of Object.entries<Json>(golden.expected_by_category)) {
    expect(metrics[`pope_f1_score/${split}`]).toBeCloseTo(Number(expected.f1), 12);
    expect(metrics[`pope_precision/${split}`]).toBeCloseTo(Number(expected.precision), 12);
    expect(metrics[`pope_recall/${split}`]).toBeCloseTo(Number(expected.recall), 12);
    expect(metrics[`pope_yes_ratio/${split}`]).toBeCloseTo(Number(expected.yes_ratio), 12);
  }
}

describe("pope", () => {
  it("scores the official script's run as the script does", () => {
    expectOfficial(read({ strict: true }));
  });

  it("scores it the same with labels in another order, more of them, and the object's name as key", () => {
    const image = FILES.questions[0].image;
    const more = ["zebra", "toaster"].map((name, i) => ({
      question_id: 90 + i,
      image,
      text: `Is there a ${name} in the image?`,
      label: "no",
    }));
    const turned = Object.fromEntries(
      Object.entries(FILES.labels).map(([split, rows]) => [split, [...more, ...rows.toReversed()]]),
    );
    expectOfficial(read({ strict: true, files: { ...FILES, labels: turned } }));
    // LLaVA's question file writes "imange" where an article is "an"; newer labels do not.
    const misspelt = FILES.questions.map((row) => ({
      ...row,
      text: String(row.text).replace("Is there a ", "Is there an ").replace("image?", "imange?"),
    }));
    expectOfficial(read({ strict: true, files: { questions: misspelt, labels: turned } }));
  });

  it("reads one split alone under lmms-eval's names", () => {
    for (const [id, split] of [
      ["pope_random", "random"],
      ["pope_pop", "popular"],
      ["pope_adv", "adversarial"],
    ]) {
      const task = read({ id });
      expect(new Set(task.samples.map(({ category }) => category))).toEqual(new Set([split]));
      expect(task.score(answersOf(task)).metrics.pope_f1_score).toBeCloseTo(golden.expected_by_category[split].f1, 12);
      expect(Object.values(findTask(id).files("llava"))).toEqual([
        "llava_pope_test.jsonl",
        `coco/coco_pope_${split}.json`,
      ]);
    }
  });

  it("keeps each question's place in the file, its picture, prompt and bare question", () => {
    const [first] = read().samples;
    const { question_id, image, text } = FILES.questions[0];
    expect(first).toMatchObject({
      docId: 0,
      questionId: question_id,
      image: { path: image },
      prompt: text,
      question: text,
    });
    expect(first.relevanceText).toBe(String(text).split("\n")[0]);
    expect(read({ rule: "vlmevalkit" }).samples[0].question).toBe(`${first.relevanceText} Please answer yes or no.`);
  });

  it("says yes for an answer that names neither, under the official rule; lmms-eval and VLMEvalKit do not", () => {
    const of = (rule: Rule) => {
      const task = read({ rule });
      const sample = task.samples.find(({ target }) => target === "yes");
      return sample === undefined ? undefined : task.sampleScore(sample, "Certainly.");
    };
    expect([of("llava"), of("lmms_eval"), of("vlmevalkit")]).toEqual([1, 0, 0]);
  });

  it("counts a missing answer as wrong, whatever the label, and says so", () => {
    const task = read();
    const right = task.samples.map(({ target }) => target);
    expect(task.score(right).metrics.pope_accuracy).toBe(1);
    for (const label of ["yes", "no"]) {
      const at = task.samples.findIndex(({ target }) => target === label);
      for (const rule of ["llava", "lmms_eval", "vlmevalkit"] as const) {
        const { metrics, warnings } = read({ rule }).score(right.with(at, undefined as never));
        expect(metrics.pope_accuracy).toBeLessThan(rule === "vlmevalkit" ? 100 : 1);
        expect(metrics.pope_f1_score).toBeLessThan(rule === "vlmevalkit" ? 100 : 1);
        expect(warnings[0]).toBe("1 of 36 answers are missing and count as wrong");
      }
    }
  });

  it("gives no number where the official script divides by zero, and says where", () => {
    const task = read();
    const { metrics, warnings } = task.score(
      task.samples.map(({ category }) => (category === "random" ? "no" : "yes")),
    );
    expect(metrics.pope_f1_score).toBeNull();
    expect(metrics["pope_f1_score/random"]).toBeNull();
    expect(metrics["pope_f1_score/popular"]).toBeCloseTo(2 / 3, 12);
    expect(warnings).toEqual(["random: no F1, where the official script divides by zero and stops"]);
  });

  it.each(["llava", "lmms_eval", "vlmevalkit"] as const)("has no number of no samples, by the rule %s", (rule) => {
    const { combination } = read({ rule });
    expect(combination.value(new Array(12).fill(0))).toBeNull();
  });

  it("refuses answers of another count, and samples of another task", () => {
    const task = read();
    expect(() => task.score([])).toThrow(InvalidInputError);
    expect(() => task.sampleScore({ ...task.samples[0], docId: 999 }, "yes")).toThrow(/docId 999/);
  });
});

describe("labels that do not join", () => {
  const [first, ...rest] = FILES.labels.random;

  it.each([
    ["a missing label", rest, 1],
    ["a label of another value", [{ ...first, label: "maybe" }, ...rest], 2],
    ["a second, contrary label", [first, { ...first, label: first.label === "yes" ? "no" : "yes" }, ...rest], 2],
  ])("%s leaves the question out and is listed", (_, labels, count) => {
    const files = withLabels("random", labels);
    const task = read({ files });
    expect(task.samples).toHaveLength(35);
    expect(task.problems).toHaveLength(count);
    expect(task.problems.at(-1)).toMatchObject({
      file: "pope/llava_pope_test.jsonl",
      what: "no label, or more than one, in the random split",
    });
    expect(() => read({ files, strict: true })).toThrow(/line \d+ of pope\//);
  });

  it("a label row that is there twice, word for word, changes nothing", () => {
    const task = read({ files: withLabels("random", [first, first, ...rest, first]), strict: true });
    expect(task.samples).toHaveLength(36);
    expect(task.problems).toEqual([]);
  });

  it.each(["llava", "lmms_eval", "vlmevalkit"] as const)("are named with the number that lacks them, by %s", (rule) => {
    const task = read({
      files: withLabels(
        "random",
        rest.map((row) => ({ ...row, image: "another.jpg" })),
      ),
      rule,
    });
    const { metrics, warnings } = task.score(task.samples.map(({ target }) => target));
    expect(metrics.pope_f1_score).toBe(rule === "vlmevalkit" ? 100 : 1);
    expect(warnings).toEqual(["pope_f1_score: the number is without random"]);
    expect(read({ rule }).score(answersOf(read())).warnings).toEqual([]);
  });

  it("a question that was there before, or of another category, is listed", () => {
    const [question, ...others] = FILES.questions;
    const files = { ...FILES, questions: [question, question, { ...question, category: "easy" }, ...others] };
    const { problems, samples } = read({ files });
    expect(samples.map(({ docId }) => docId).slice(0, 2)).toEqual([0, 3]);
    expect(problems.map(({ line, what }) => `${line} ${what}`)).toEqual([
      "2 a question that was there before",
      '3 category "easy", none of random,popular,adversarial',
    ]);
  });

  it("are refused where none joins", () => {
    const files = { ...FILES, labels: { random: [first], popular: [first], adversarial: [first] } };
    expect(() => read({ files, id: "pope_pop" })).toThrow(
      /at least one usable question in pope\/llava_pope_test\.jsonl/,
    );
  });
});
