import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rule, Task } from "../task.js";
import { findTask } from "./registry.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/metrics/textvqa_runs.json", import.meta.url), "utf8"),
);

/** Reference data, as their schema has them. */
// biome-ignore lint/suspicious/noExplicitAny: read by the names of the schema
type Json = any;
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const CLOSING = "Answer the question using a single word or phrase.";

interface Reading {
  readonly questions: readonly unknown[];
  readonly data: readonly unknown[];
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read({ questions, data, rule = "llava", strict = false }: Reading): Task {
  const texts = new Map([
    ["llava_textvqa_val_v051_ocr.jsonl", lines(questions)],
    ["TextVQA_0.5.1_val.json", JSON.stringify({ dataset_type: "val", data })],
  ]);
  return findTask("textvqa_val").read({ rule, strict, folder: "", texts });
}

const question = (id: string, text: string) => ({ question_id: id, image: `${id}.jpg`, text, category: "default" });
const annotation = (id: string, text: string, answer: string) => ({
  question_id: 1,
  image_id: id,
  question: text,
  answers: Array<string>(10).fill(answer),
});

describe("textvqa_val", () => {
  it.each(golden.runs as readonly Json[])(
    "scores the official script's run $id as the script does",
    ({ annotation_data, answers_jsonl, expected }: Json) => {
      const asked = answers_jsonl.map((row: { question_id: string; prompt: string }) =>
        question(row.question_id, row.prompt),
      );
      const task = read({ questions: asked, data: annotation_data });
      expect(task.samples).toHaveLength(expected.samples);
      const { metrics } = task.score(answers_jsonl.map(({ text }: { text: string }) => text));
      expect(metrics.exact_match).toBeCloseTo(expected.accuracy, 12);
      const each = task.samples.map((sample, i) => task.sampleScore(sample, answers_jsonl[i].text));
      expect(each.reduce((sum, value) => sum + value, 0) / each.length).toBeCloseTo(expected.accuracy, 12);
    },
  );

  const asked = `Where is THIS?\nReference OCR token: A, b\n${CLOSING}`;

  it("asks with the OCR tokens as LLaVA does, or without as lmms-eval does; the relevanceText is the question alone", () => {
    const files = { questions: [question("a1", asked)], data: [annotation("a1", "Where is THIS?", "paris")] };
    const [llava] = read(files).samples;
    expect(llava).toMatchObject({ prompt: asked, question: asked, relevanceText: "Where is THIS?", target: "paris" });
    expect(llava.image).toEqual({ path: "a1.jpg" });
    const [lmms] = read({ ...files, rule: "lmms_eval" }).samples;
    expect(lmms).toMatchObject({ question: `Where is this?\n${CLOSING}`, relevanceText: "Where is THIS?" });
  });

  it("keeps the last of two annotations of one question, as the official script does, and lists the second", () => {
    const data = [annotation("a1", "Where is this?", "paris"), annotation("a1", "Where is THIS?", "rome")];
    const task = read({ questions: [question("a1", asked)], data });
    expect(task.samples[0].target).toBe("rome");
    expect(task.problems).toMatchObject([{ file: "textvqa/TextVQA_0.5.1_val.json" }]);
    expect(() => read({ questions: [question("a1", asked)], data, strict: true })).toThrow(/again/);
  });

  it("an annotation that is there twice, word for word, changes nothing", () => {
    const data = [annotation("a1", "Where is this?", "paris"), annotation("a1", "Where is this?", "paris")];
    const task = read({ questions: [question("a1", asked)], data, strict: true });
    expect(task.samples.map(({ target }) => target)).toEqual(["paris"]);
  });

  it("lists prompts of other shapes, questions without an annotation, and annotations without ten answers", () => {
    const good = question("a1", asked);
    const data = [
      annotation("a1", "Where is this?", "paris"),
      { ...annotation("a4", "Where is this?", "x"), answers: ["x", "y"] },
    ];
    const questions = [
      good,
      question("a1", "Where?\nWhat?\nWho?\nWhen?"),
      question("a2", asked),
      question("a1", `Where was this?\n${CLOSING}`),
      question("a4", asked),
    ];
    const { samples, problems } = read({ questions, data });
    expect(samples).toHaveLength(1);
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
      "textvqa/TextVQA_0.5.1_val.json:1",
      ...[2, 3, 4, 5].map((line) => `textvqa/llava_textvqa_val_v051_ocr.jsonl:${line}`),
    ]);
    expect(problems[0].what).toBe("2 answers in item 1, where 10 are compared");
  });

  it("gives nothing for a missing answer, even where the truths are empty", () => {
    const task = read({ questions: [question("a1", asked)], data: [annotation("a1", "Where is this?", "")] });
    expect(task.score([""]).metrics.exact_match).toBe(1);
    expect(task.score([undefined]).metrics.exact_match).toBe(0);
  });

  it("takes the most frequent answer for the target", () => {
    const answers = ["b", "a", "a", "b", "c", "a", "d", "e", "f", "g"];
    const data = [{ ...annotation("a1", "Where is this?", ""), answers }];
    expect(read({ questions: [question("a1", asked)], data }).samples[0].target).toBe("a");
  });

  it("has no rule of VLMEvalKit", () => {
    expect(() => read({ questions: [], data: [], rule: "vlmevalkit" })).toThrow(/a rule of textvqa_val/);
  });
});
