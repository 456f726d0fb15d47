import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tableLine } from "../../benchmarks/index.js";
import type { Rule, Task } from "../task.js";
import { problemLog } from "./problem-log.js";
import { findTask } from "./registry.js";
import { parseTable } from "./table.js";

const golden = JSON.parse(readFileSync(new URL("../../../tests/golden/metrics/mmbench.json", import.meta.url), "utf8"));

/** Reference data, as their schema has them. */
// biome-ignore lint/suspicious/noExplicitAny: read by the names of the schema
type Json = any;
const CLOSING = "Answer with the option's letter from the given choices directly.";
const COLUMNS = [
  "index",
  "question",
  "hint",
  "A",
  "B",
  "C",
  "D",
  "answer",
  "category",
  "image",
  "l2-category",
  "split",
];
const PICTURE = "iVBORw0KGgo".repeat(8);

type Row = Readonly<Record<string, string | number | null>>;

interface Reading {
  readonly rows: readonly Row[];
  readonly id?: string;
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read({ rows, id = "mmbench_en_dev", rule = "llava", strict = false }: Reading): Task {
  const table = [
    COLUMNS,
    ...rows.map((row) => COLUMNS.map((name) => row[name] ?? (name === "image" ? PICTURE : null))),
  ];
  const texts = new Map([["mmbench_dev_20230712.tsv", table.map(tableLine).join("")]]);
  return findTask(id).read({ rule, strict, folder: "", texts });
}

const ROW: Row = {
  index: 3,
  question: "What is it?",
  A: "a cat",
  B: "a dog",
  answer: "B",
  category: "c",
  split: "dev",
};

describe("mmbench_en_dev", () => {
  it.each(golden.sets as readonly Json[])(
    "scores the set $id as VLMEvalKit and lmms-eval do",
    ({ rows, expected }: Json) => {
      const answers = rows.map(({ prediction }: Row) => prediction);
      for (const rule of ["llava", "vlmevalkit"] as const) {
        const { metrics } = read({ rows, rule, strict: true }).score(answers);
        const { Overall } = expected.vlmevalkit_report;
        expect(metrics.gpt_eval_score).toBeCloseTo(100 * Overall, 9);
        expect(metrics.gpt_eval_score_first_rotation).toBeCloseTo(100 * expected.vanilla_first_rotation_acc, 9);
        expect(metrics.gpt_eval_score_all_rows).toBeCloseTo(100 * expected.vanilla_all_rows_acc, 9);
        expect(metrics["gpt_eval_score/ocr"]).toBeCloseTo(100 * expected.vlmevalkit_report.ocr, 9);
      }
      const { overall, category, l2_category } = expected.lmms_eval_static;
      const { metrics } = read({ rows, id: "mmbench_en_dev_static", rule: "lmms_eval" }).score(answers);
      expect(metrics.gpt_eval_score).toBeCloseTo(100 * overall, 9);
      for (const [name, share] of Object.entries<number>(category)) {
        expect(metrics[`gpt_eval_score/${name}`]).toBeCloseTo(100 * share, 9);
      }
      for (const [name, share] of Object.entries<number>(l2_category)) {
        expect(metrics[`gpt_eval_score/l2-category/${name}`]).toBeCloseTo(100 * share, 9);
      }
    },
  );

  it("stores the prompt without the closing line, and asks with it; the relevanceText is the question alone", () => {
    const [sample] = read({ rows: [{ ...ROW, hint: "Look\tat\nit." }] }).samples;
    expect(sample.prompt).toBe("Look\tat\nit.\nWhat is it?\nA. a cat\nB. a dog");
    expect(sample.question).toBe(`${sample.prompt}\n${CLOSING}`);
    expect(sample).toMatchObject({
      questionId: 3,
      relevanceText: "What is it?",
      target: "B",
      image: { base64: PICTURE },
    });
  });

  it("asks as lmms-eval: on one line up to the options, and an empty line before the last", () => {
    const question = (hint: string | null) => read({ rows: [{ ...ROW, hint }], rule: "lmms_eval" }).samples[0].question;
    const rest = `What is it? There are several options:\nA. a cat\nB. a dog\n\n${CLOSING}`;
    expect(question(null)).toBe(rest);
    expect(question("Look.")).toBe(`Look. ${rest}`);
  });

  it("stops LLaVA's options at the first missing one; VLMEvalKit goes on after it", () => {
    const row = { ...ROW, B: "None", C: "a cow", answer: "C" };
    const [llava] = read({ rows: [row] }).samples;
    expect(llava.prompt).toBe("What is it?\nA. a cat");
    const [kit] = read({ rows: [row], rule: "vlmevalkit" }).samples;
    expect(kit.question).toBe(`What is it?\nA. a cat\nC. a cow\n${CLOSING}`);
  });

  it("takes the picture of the row that a short text names, wherever that stands", () => {
    const other = { ...ROW, index: 1_000_003, image: "3" };
    const task = read({ rows: [other, { ...ROW, image: `${PICTURE}=` }], strict: true });
    expect(task.samples.map(({ image }) => image)).toEqual([{ base64: `${PICTURE}=` }, { base64: `${PICTURE}=` }]);
  });

  it.each([
    ["that is not there", { image: "77" }, /neither a picture nor the index/],
    ["that names another in turn", { image: "1000004" }, /neither a picture nor the index/],
  ])("refuses a reference to a row %s", (_, change, message) => {
    const rows = [ROW, { ...ROW, index: 4, ...change }, { ...ROW, index: 1_000_004, image: "3" }];
    expect(() => read({ rows, strict: true })).toThrow(message);
  });

  it("leaves out a question with a rotation that cannot be used, as a whole, and one without its first", () => {
    const rows = [
      ROW,
      { ...ROW, index: 4 },
      { ...ROW, index: 1_000_003 },
      { ...ROW, index: 1_000_004, answer: "C" },
      { ...ROW, index: 1_000_005 },
      { ...ROW, index: 3 },
      { ...ROW, index: "x" },
      { ...ROW, index: 6, question: null },
    ];
    const { samples, problems } = read({ rows });
    expect(samples.map(({ questionId }) => questionId)).toEqual([3, 1_000_003]);
    expect(problems.map(({ line, what }) => `${line} ${what}`)).toEqual([
      "7 index 3 again",
      "5 answer C, none of the options",
      "8 index x, no number",
      "9 no question",
      "6 no first rotation of question 5",
    ]);
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(["mmbench/mmbench_dev_20230712.tsv"]));
  });

  it("counts a question only if all its rotations are right; says how many answers a judge would have to read", () => {
    const task = read({ rows: [ROW, { ...ROW, index: 4 }, { ...ROW, index: 1_000_003 }] });
    expect(task.score(["B", "B", "A"]).metrics).toMatchObject({
      gpt_eval_score: 50,
      gpt_eval_score_first_rotation: 100,
    });
    const { metrics, warnings } = task.score(["B", "no idea", undefined]);
    expect(metrics.gpt_eval_score).toBe(0);
    // Question 4 has one of its two rotations.
    expect(warnings).toEqual([
      "1 of 3 answers are missing and count as wrong",
      "1 of 2 questions have fewer rotations than options",
      "1 of 3 answers name no option, where a judge model would decide; here they are wrong",
    ]);
  });

  it("keeps the rotations of a question together in a subset", () => {
    const rows = [0, 1, 2].flatMap((turn) => [1, 2, 3].map((i) => ({ ...ROW, index: i + 1_000_000 * turn })));
    const texts = new Map([
      [
        "mmbench_dev_20230712.tsv",
        [COLUMNS, ...rows.map((row: Row) => COLUMNS.map((name) => row[name] ?? PICTURE))].map(tableLine).join(""),
      ],
    ]);
    for (const limit of [3, 5, 6]) {
      const subset = { limit, seed: 1 };
      const { samples } = findTask("mmbench_en_dev").read({ rule: "llava", strict: true, folder: "", texts, subset });
      expect(samples).toHaveLength(limit === 5 ? 3 : limit);
      for (const { group } of samples) expect(samples.filter((one) => one.group === group)).toHaveLength(3);
    }
  });

  it("writes LLaVA's rows, and the submission's table, which its own reader reads", () => {
    const task = read({
      rows: [
        { ...ROW, question: 'What\tis "it"?' },
        { ...ROW, index: 4 },
      ],
    });
    const [rows, submission] = task.files(["B", undefined], "tiny");
    const [first, second] = rows.data
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(Object.keys(first)).toEqual([
      "question_id",
      "round_id",
      "prompt",
      "text",
      "options",
      "option_char",
      "answer_id",
      "model_id",
      "metadata",
    ]);
    expect(first).toMatchObject({ round_id: 0, options: ["a cat", "a dog"], option_char: ["A", "B"], metadata: {} });
    expect(second).toMatchObject({ text: "", metadata: { missing: true } });
    expect(submission.name).toBe("submission_mmbench_en_dev.tsv");
    const table = parseTable(submission.data, { file: "", problems: problemLog(true) });
    expect([...table[0].cells]).toEqual([
      ["index", "3"],
      ["question", 'What\tis "it"?'],
      ["A", "a cat"],
      ["B", "a dog"],
      ["C", null],
      ["D", null],
      ["prediction", "B"],
      ["answer", "B"],
      ["split", "dev"],
    ]);
    expect(table[1].cells.get("prediction")).toBeNull();
  });
});
