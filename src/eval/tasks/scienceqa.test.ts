import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rule, Task } from "../task.js";
import { findTask } from "./registry.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/metrics/scienceqa.json", import.meta.url), "utf8"),
);

/** Reference data, as their schema has them. */
// biome-ignore lint/suspicious/noExplicitAny: read by the names of the schema
type Json = any;
const CLOSING = "Answer with the option's letter from the given choices directly.";

interface Problem {
  readonly question: string;
  readonly choices: readonly string[];
  readonly answer: number;
  readonly hint: string;
  readonly image: string | null;
}
type Problems = Readonly<Record<string, Problem>>;

/** A question file as LLaVA's released one: no closing line. */
function questionsOf(problems: Problems): unknown[] {
  return Object.entries(problems).map(([id, { question, choices, hint, image }]) => {
    const options = choices.map((choice, i) => `${"ABCDE"[i]}. ${choice}`);
    const text = [...(hint === "" ? [] : [`Context: ${hint}`]), question, ...options].join("\n");
    const value = image === null ? text : `<image>\n${text}`;
    return {
      id,
      ...(image !== null && { image: `${id}/image.png` }),
      conversations: [
        { from: "human", value },
        { from: "gpt", value: "A" },
      ],
    };
  });
}

interface Reading {
  readonly problems: Problems;
  readonly questions?: readonly unknown[];
  readonly test?: readonly string[];
  readonly id?: string;
  readonly rule?: Rule;
  readonly strict?: boolean;
}

function read(reading: Reading): Task {
  const { problems, questions = questionsOf(problems), test = Object.keys(problems) } = reading;
  const { id = "scienceqa", rule = "llava", strict = false } = reading;
  const texts = new Map([
    ["llava_test_CQM-A.json", JSON.stringify(questions, undefined, 2)],
    ["problems.json", JSON.stringify(problems)],
    ["pid_splits.json", JSON.stringify({ train: [], test })],
  ]);
  return findTask(id).read({ rule, strict, folder: "", texts });
}

const PROBLEMS: Problems = {
  "5": { question: "Which is it?", choices: ["oak", "orca", "owl"], answer: 1, hint: "Look.", image: "image.png" },
  "7": { question: "Which pair?", choices: ["one", "two"], answer: 0, hint: "", image: null },
};

describe("scienceqa", () => {
  it.each(golden.runs as readonly Json[])(
    "scores the official script's run $id as the script does",
    ({ problems, pid_splits, answers_jsonl, expected }: Json) => {
      const inTest = Object.fromEntries(pid_splits.test.map((id: string) => [id, problems[id]]));
      const task = read({ problems: inTest, strict: true });
      const answers = new Map<string, { text: string; prompt: string }>(
        answers_jsonl.map((row: { question_id: string }) => [row.question_id, row]),
      );
      // The reference rows leave hints out of their prompts; what scoring reads of them is the picture's mark.
      for (const { questionId, prompt } of task.samples) {
        const row = answers.get(String(questionId));
        if (row !== undefined) expect(prompt.includes("<image>")).toBe(row.prompt.includes("<image>"));
      }
      const { metrics } = task.score(task.samples.map(({ questionId }) => answers.get(String(questionId))?.text));
      expect(metrics.exact_match).toBeCloseTo(expected.correct / expected.count, 12);
      expect(100 * Number(metrics["exact_match/img"])).toBeCloseTo(expected.img_acc, 10);
    },
  );

  it("stores the prompt with the picture's mark, and asks without it", () => {
    const [five, seven] = read({ problems: PROBLEMS }).samples;
    const asked = `Context: Look.\nWhich is it?\nA. oak\nB. orca\nC. owl\n${CLOSING}`;
    expect(five).toMatchObject({
      questionId: "5",
      question: asked,
      prompt: `<image>\n${asked}`,
      relevanceText: "Which is it?",
    });
    expect(five).toMatchObject({ image: { path: "5/image.png" }, target: "B" });
    expect(seven.image).toBeUndefined();
    expect(seven.prompt).toBe(`Which pair?\nA. one\nB. two\n${CLOSING}`);
  });

  it("adds the closing line once, also where the file has it", () => {
    const closed = JSON.parse(JSON.stringify(questionsOf(PROBLEMS)));
    for (const { conversations } of closed) conversations[0].value += `\n${CLOSING}`;
    const prompts = (task: Task) => task.samples.map(({ prompt }) => prompt);
    expect(prompts(read({ problems: PROBLEMS, questions: closed }))).toEqual(prompts(read({ problems: PROBLEMS })));
  });

  it("asks by VLMEvalKit's rule with the bare hint, of questions with a picture alone", () => {
    const task = read({ problems: PROBLEMS, id: "scienceqa_img", rule: "vlmevalkit", strict: true });
    expect(task.samples.map(({ question }) => question)).toEqual([
      `Look.\nWhich is it?\nA. oak\nB. orca\nC. owl\n${CLOSING}`,
    ]);
    expect(() => read({ problems: PROBLEMS, rule: "vlmevalkit" })).toThrow(/a rule of scienceqa/);
  });

  it("reads answers by each rule: LLaVA's is strict", () => {
    const worth = (rule: Rule, answer: string) => {
      const task = read({ problems: PROBLEMS, id: "scienceqa_img", rule });
      return task.sampleScore(task.samples[0], answer);
    };
    for (const answer of ["B", "B. orca", "The answer is B."]) expect(worth("llava", answer)).toBe(1);
    for (const answer of ["B.", "b", "(B)", "orca", ""]) expect(worth("llava", answer)).toBe(0);
    expect(["b", "B.", "orca"].map((answer) => worth("lmms_eval", answer))).toEqual([1, 1, 0]);
    expect(["(B)", "orca", "b"].map((answer) => worth("vlmevalkit", answer))).toEqual([1, 1, 0]);
  });

  it("leaves a missing answer out of IMG as the script does, but not out of scienceqa_img", () => {
    const all = read({ problems: PROBLEMS }).score([undefined, "A"]).metrics;
    expect([all.exact_match, all["exact_match/img"]]).toEqual([0.5, null]);
    expect(read({ problems: PROBLEMS, id: "scienceqa_img" }).score([undefined]).metrics.exact_match).toBe(0);
  });

  it("lists what does not join, and names the file", () => {
    const [five, seven] = questionsOf(PROBLEMS);
    const more = questionsOf({ ...PROBLEMS, "8": PROBLEMS["7"], "9": PROBLEMS["7"] }).slice(2);
    const bad = {
      ...PROBLEMS,
      "8": { ...PROBLEMS["7"], answer: 2 },
      "9": { ...PROBLEMS["7"], choices: "one" as never },
    };
    const questions = [
      five,
      five,
      seven,
      ...more,
      { id: "10", conversations: [] },
      { id: "__proto__", conversations: [{ from: "human", value: "?" }] },
    ];
    const { samples, problems } = read({ problems: bad, questions, test: ["5", "7", "11"] });
    expect(samples.map(({ docId }) => docId)).toEqual([0, 2]);
    expect(problems.map(({ what }) => what)).toEqual([
      "not in the split test, or there before (item 1, id 5)",
      "answer 2 of 2 choices in scienceqa/problems.json (item 3, id 8)",
      '"one" as choices in scienceqa/problems.json (item 4, id 9)',
      "no first turn of a human (item 5, id 10)",
      "no problem in scienceqa/problems.json (item 6, id __proto__)",
      "no question of id 11, which is in the split test",
    ]);
    expect(() => read({ problems: bad, questions, strict: true })).toThrow(/scienceqa\/llava_test_CQM-A\.json/);
  });
});
