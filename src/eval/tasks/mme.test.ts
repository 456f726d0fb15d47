import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rule, Task } from "../task.js";
import { findTask } from "./registry.js";

const golden = JSON.parse(readFileSync(new URL("../../../tests/golden/metrics/mme.json", import.meta.url), "utf8"));

/** Reference data, as their schema has them. */
// biome-ignore lint/suspicious/noExplicitAny: read by the names of the schema
type Json = any;
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const ROOT = "MME_Benchmark_release_version";
const CLOSING = "Answer the question using a single word or phrase.";

/** A question of the file: the picture's id, the bare question. */
type Asked = readonly [id: string, question: string];

interface Reading {
  readonly asked: readonly Asked[];
  /** Truth files by path below the release's folder. */
  readonly truths: Readonly<Record<string, string>>;
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read({ asked, truths, rule = "llava", strict = false }: Reading): Task {
  const questions = asked.map(([id, question]) => {
    return { question_id: id, image: id, text: `${question}\n${CLOSING}`, category: id.split("/")[0] };
  });
  const texts = new Map([["llava_mme.jsonl", lines(questions)]]);
  const spec = findTask("mme");
  // As on disk: only what the question file names is read.
  for (const path of spec.linkedFiles(texts)) {
    const text = truths[path.slice(ROOT.length + 1)];
    if (text !== undefined) texts.set(path, text);
  }
  return spec.read({ rule, strict, folder: "", texts });
}

const ASKED: Asked[] = [
  ["color/1.png", "Is it red?"],
  ["color/1.png", "Is it blue?"],
  ["artwork/images/7.jpg", "Is it old?"],
  ["artwork/images/7.jpg", "Is it new"],
];
const TRUTHS = {
  "color/1.txt": "Is it red? Please answer yes or no.\tYes\nIs it blue? Please answer yes or no.\tNo\n",
  "artwork/questions_answers_YN/7.txt":
    "Is it old?  Please answer yes or no.\tNo\r\nIs it new Please answer yes or no.\tYes",
};

describe("mme", () => {
  it.each(golden.sets as readonly Json[])(
    "scores the official tool's set $id as the tool does",
    ({ rows, expected, lmms_eval }: Json) => {
      const asked: Asked[] = [];
      const truths: Record<string, string> = {};
      const answers: string[] = [];
      for (const [subtask, list] of Object.entries<{ gt: string; pred: string }[]>(rows)) {
        for (const [i, { gt, pred }] of list.entries()) {
          const stem = `${subtask}/${Math.floor(i / 2)}`;
          asked.push([`${stem}.png`, `Is it ${i}?`]);
          truths[`${stem}.txt`] = `${truths[`${stem}.txt`] ?? ""}Is it ${i}? Please answer yes or no.\t${gt}\n`;
          answers.push(pred);
        }
      }
      const { metrics } = read({ asked, truths, strict: true }).score(answers);
      expect(metrics.mme_perception_score).toBeCloseTo(expected.total.Perception, 9);
      expect(metrics.mme_cognition_score).toBeCloseTo(expected.total.Cognition, 9);
      for (const [name, score] of Object.entries(expected.task)) {
        expect(metrics[`mme_score/${name}`]).toBeCloseTo(score as number, 9);
      }
      const lmms = read({ asked, truths, rule: "lmms_eval" }).score(answers).metrics;
      expect(lmms.mme_perception_score).toBeCloseTo(lmms_eval.mme_perception_score, 9);
      expect(lmms.mme_cognition_score).toBeCloseTo(lmms_eval.mme_cognition_score, 9);
    },
  );

  it("finds truths beside the picture or in their folder, with one blank or two before the last sentence", () => {
    const task = read({ asked: ASKED, truths: TRUTHS, strict: true });
    expect(task.samples.map(({ target }) => target)).toEqual(["Yes", "No", "No", "Yes"]);
    expect(task.samples[2]).toMatchObject({
      docId: 2,
      questionId: "artwork/images/7.jpg",
      image: { path: "artwork/images/7.jpg" },
      prompt: `Is it old?\n${CLOSING}`,
      relevanceText: "Is it old?",
      category: "artwork",
    });
    expect(task.maxScore).toBe(400);
  });

  it("asks by each rule", () => {
    const question = (rule: Rule) => read({ asked: ASKED, truths: TRUTHS, rule }).samples[2].question;
    expect(question("llava")).toBe(`Is it old?\n${CLOSING}`);
    // lmms-eval takes the sentence off with one blank, so that the other stays.
    expect(question("lmms_eval")).toBe(`Is it old? \n${CLOSING}`);
    expect(question("vlmevalkit")).toBe("Is it old?  Please answer yes or no.");
  });

  it("writes for MME's tool what it reads: a line per answer, whatever is in it", () => {
    const task = read({ asked: ASKED, truths: TRUTHS });
    const [rows, color, artwork] = task.files(["Yes", "No\tno\nno", undefined, "yes."], "model");
    expect(rows.name).toBe("answers_mme.jsonl");
    expect(color).toEqual({
      name: "submission_mme/color.txt",
      data:
        "1.txt\tIs it red? Please answer yes or no.\tYes\tYes\n" +
        "1.txt\tIs it blue? Please answer yes or no.\tNo\tNo no no\n",
    });
    expect(artwork.data).toBe(
      "7.txt\tIs it old?  Please answer yes or no.\tNo\t\n7.txt\tIs it new Please answer yes or no.\tYes\tyes.\n",
    );
  });

  it("scores 100 for each question and each pair; without cognition its sum is none", () => {
    const task = read({ asked: ASKED, truths: TRUTHS });
    const { metrics } = task.score(["Yes", "No", "Yes", "Yes"]);
    expect(metrics["mme_score/color"]).toBe(200);
    expect(metrics["mme_score/artwork"]).toBe(50);
    expect(metrics.mme_perception_score).toBe(250);
    expect(metrics.mme_cognition_score).toBeNull();
    expect(task.score([undefined, "No", "No", "Yes"]).metrics["mme_score/color"]).toBe(50);
  });

  it.each(["llava", "lmms_eval", "vlmevalkit"] as const)("says what its sum lacks, by %s", (rule) => {
    const { warnings } = read({ asked: ASKED, truths: TRUTHS, rule }).score(["Yes", "No", "Yes", "Yes"]);
    expect(warnings).toEqual([expect.stringMatching(/^perception: the sum is without existence, count, .*OCR$/)]);
  });

  it("pairs by picture, also where the two do not follow each other", () => {
    const [a, b, c, d] = ASKED;
    const task = read({ asked: [a, c, d, b], truths: TRUTHS, strict: true });
    expect(task.score(["Yes", "Yes", "Yes", "No"]).metrics).toMatchObject({
      "mme_score/color": 200,
      "mme_score/artwork": 50,
    });
  });

  it("leaves out a picture without two usable questions, with a problem for each reason", () => {
    const asked: Asked[] = [...ASKED, ["count/3.png", "How?"], ["count/3.png", "Why?"], ["weather/1.png", "Is it?"]];
    const truths = { ...TRUTHS, "count/3.txt": "How? Please answer yes or no.\tYes\nhalf a line\nWhy?\tperhaps\n" };
    const { samples, problems } = read({ asked, truths });
    expect(samples).toHaveLength(4);
    expect(problems.map(({ file, line, what }) => `${file}:${line} ${what}`)).toEqual([
      `MME/${ROOT}/count/3.txt:2 no question, tab, Yes or No: half a line`,
      `MME/${ROOT}/count/3.txt:3 no question, tab, Yes or No: Why?\tperhaps`,
      `MME/llava_mme.jsonl:6 no truth of "Why?" in ${ROOT}/count/3.txt`,
      "MME/llava_mme.jsonl:7 question_id weather/1.png of no subtask",
      "MME/llava_mme.jsonl:undefined 1 usable questions on count/3.png, where two make a pair; left out",
    ]);
  });

  it("a question or a truth that is there twice, word for word, takes no pair away", () => {
    const { "color/1.txt": truth } = TRUTHS as Record<string, string>;
    const twice = { ...TRUTHS, "color/1.txt": `${truth}\n${truth}` };
    const { samples, problems } = read({ asked: [ASKED[0], ...ASKED], truths: twice });
    expect(samples).toHaveLength(4);
    expect(problems.map(({ line, what }) => `${line} ${what}`)).toEqual(["2 a question that was there before"]);
  });

  it("names the truth file that is not there", () => {
    const { "color/1.txt": _, ...truths } = TRUTHS;
    expect(() => read({ asked: ASKED, truths, strict: true })).toThrow(
      `line 1 of MME/llava_mme.jsonl, got no truth file ${ROOT}/color/1.txt`,
    );
  });
});
