import { describe, expect, it } from "vitest";
import { isHeldOut } from "../lexicon.js";
import { trainingTemplates } from "../wordings.js";
import { SYNTH_TASKS } from "./registry.js";
import type { AskedQuestion, TaskRequest } from "./task.js";

const request: TaskRequest = { split: "test", count: 200, seed: 1, level: 1 };
const built = new Map(SYNTH_TASKS.map((task) => [task.id, task.build(request)]));
const files = (id: string) => built.get(id)?.files((picture) => `picture-${picture}`) ?? {};
const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const asked = (id: string) => built.get(id)?.asked ?? [];
const countBy = <T>(rows: readonly T[], key: (row: T) => string) => {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[key(row)] = (counts[key(row)] ?? 0) + 1;
  return counts;
};

describe.each(SYNTH_TASKS.map(({ id }) => id))("%s", (id) => {
  const task = SYNTH_TASKS.find((candidate) => candidate.id === id);

  it("is the same for the same request, and shares no picture with another split or seed", () => {
    const again = task?.build(request);
    expect(again?.asked).toEqual(asked(id));
    expect(again?.files((picture) => `picture-${picture}`)).toEqual(files(id));
    const own = new Set(built.get(id)?.pictures.map(({ scene }) => JSON.stringify(scene.objects)));
    expect(own.size).toBe(request.count);
    for (const other of [{ split: "val" }, { seed: 2 }] as const) {
      const pictures = task?.build({ ...request, ...other }).pictures ?? [];
      expect(pictures.filter(({ scene }) => own.has(JSON.stringify(scene.objects)))).toEqual([]);
    }
  });

  it("has a split with held-out combinations in test, and none in val", () => {
    const splits = countBy(built.get(id)?.pictures ?? [], ({ split }) => split);
    expect(splits).toEqual({ iid: 100, "held-out": 100 });
    const val = task?.build({ ...request, split: "val" }).pictures ?? [];
    for (const { split, scene } of val) {
      expect(split).toBe("iid");
      for (const object of scene.objects)
        if (object.kind === "shape") expect(isHeldOut(object.shape, object.color)).toBe(false);
    }
  });

  it("asks the test's own wordings only in the held-out split", () => {
    for (const { picture, question } of asked(id)) {
      if (question.template === trainingTemplates(question.type))
        expect(built.get(id)?.pictures[picture].split).toBe("held-out");
    }
  });

  it("gives no file a name that tells anything", () => {
    for (const { path } of built.get(id)?.pictures ?? []) {
      expect(path).not.toMatch(/red|yellow|green|cyan|blue|magenta|white|black|star|heart|circle|yes|no\b/);
    }
  });
});

describe("syn_pope", () => {
  const categories = ["random", "popular", "adversarial"];

  it("asks as many yes as no per picture and category, in LLaVA's files", () => {
    const rows = lines(files("syn_pope")["llava_pope_test.jsonl"]);
    expect(Object.keys(rows[0])).toEqual(["question_id", "image", "text", "category"]);
    expect(rows[0].text).toMatch(
      /^Is there a \w+ \w+ in the image\?\nAnswer the question using a single word or phrase\.$/,
    );
    expect(rows.map(({ question_id }) => question_id)).toContain(10_000_001);
    for (const category of categories) {
      const labels = lines(files("syn_pope")[`coco/coco_pope_${category}.json`]);
      expect(Object.keys(labels[0])).toEqual(["question_id", "image", "text", "label"]);
      expect(countBy(labels, ({ image, label }) => `${image} ${label}`)).toEqual(
        Object.fromEntries(
          (built.get("syn_pope")?.pictures ?? []).flatMap(({ path }) =>
            ["yes", "no"].map((label) => [`${path.replace("val2014/", "")} ${label}`, 3]),
          ),
        ),
      );
    }
  });

  it("gives every name yes and no alike among random negatives", () => {
    const names = new Map<string, number>();
    for (const { text, label } of lines(files("syn_pope")["coco/coco_pope_random.json"])) {
      const name = /a (\w+ \w+)/.exec(text)?.[1] ?? "";
      names.set(name, (names.get(name) ?? 0) + (label === "yes" ? 1 : -1));
    }
    for (const lead of names.values()) expect(Math.abs(lead)).toBeLessThanOrEqual(1);
  });

  it("shows both parts of an adversarial negative on different things", () => {
    let shown = 0;
    const rows = (asked("syn_pope") as (AskedQuestion & { category: string })[]).filter(
      ({ category, answer }) => category === "adversarial" && answer === "no",
    );
    for (const { picture, question } of rows) {
      const [, color, name] = question.blanks[0].split(" ");
      const objects = built.get("syn_pope")?.pictures[picture].scene.objects ?? [];
      const nouns = objects.map((object) => (object.kind === "sign" ? "sign" : object.shape));
      if (objects.some((object) => object.color === color) && nouns.some((noun) => noun === name)) shown++;
    }
    expect(shown / rows.length).toBeGreaterThan(0.95);
  });
});

describe("syn_textvqa", () => {
  it("asks in LLaVA's three lines with an empty list of OCR tokens; ten equal truths", () => {
    const rows = lines(files("syn_textvqa")["llava_textvqa_val_v051_ocr.jsonl"]);
    expect(rows[0].text.split("\n").slice(1)).toEqual([
      "Reference OCR token: ",
      "Answer the question using a single word or phrase.",
    ]);
    const { data } = JSON.parse(files("syn_textvqa")["TextVQA_0.5.1_val.json"]);
    expect(data[0].answers).toHaveLength(10);
    expect(new Set(data[0].answers).size).toBe(1);
    expect(data.map(({ image_id }: { image_id: string }) => image_id)).toEqual(
      rows.map(({ question_id }) => question_id),
    );
  });

  it("asks for all letters alike", () => {
    const counts = Object.values(countBy(asked("syn_textvqa"), ({ answer }) => answer));
    expect(counts).toHaveLength(10);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(8);
  });
});

describe("syn_sqa_img", () => {
  it("puts the right option at every place alike, and says which in ScienceQA's files", () => {
    const problems = JSON.parse(files("syn_sqa_img")["problems.json"]);
    const rows = JSON.parse(files("syn_sqa_img")["llava_test_CQM-A.json"]);
    expect(rows[0].conversations[0].value).toMatch(/^<image>\n.*\nA\. \w+\nB\. /);
    for (const { id, conversations } of rows) {
      const { choices, answer } = problems[id];
      expect(conversations[1].value).toBe("ABCDE"[answer]);
      expect(conversations[0].value).toContain(`\n${"ABCDE"[answer]}. ${choices[answer]}`);
      expect(new Set(choices).size).toBe(choices.length);
      expect(choices.length).toBeGreaterThanOrEqual(2);
    }
    // Over all numbers of options, A is right in 1/2, 1/3, 1/4 or 1/5 of the rows: about 32 %.
    const first = rows.filter(
      ({ conversations }: { conversations: { value: string }[] }) => conversations[1].value === "A",
    );
    expect(first.length / rows.length).toBeGreaterThan(0.2);
    expect(first.length / rows.length).toBeLessThan(0.45);
  });
});

describe("syn_vqav2", () => {
  it("has as many annotations as questions, ten answers each with ids of their own", () => {
    const { questions } = JSON.parse(files("syn_vqav2")["v2_OpenEnded_mscoco_val2014_questions.json"]);
    const { annotations } = JSON.parse(files("syn_vqav2")["v2_mscoco_val2014_annotations.json"]);
    expect(annotations.map(({ question_id }: { question_id: number }) => question_id)).toEqual(
      questions.map(({ question_id }: { question_id: number }) => question_id),
    );
    expect(annotations[0].answers.map(({ answer_id }: { answer_id: number }) => answer_id)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it("gives the answers of each type alike", () => {
    for (const [type, list] of Object.entries(countsOfAnswers(asked("syn_vqav2")))) {
      const total = list.reduce((a, b) => a + b);
      const expected = total / list.length;
      const chiSquare = list.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Far below what even p = 0.5 allows: the answers are balanced on purpose.
      expect(chiSquare, type).toBeLessThan(list.length + 4);
    }
  });
});

function countsOfAnswers(rows: readonly AskedQuestion[]): Record<string, number[]> {
  const types = countBy(rows, ({ question }) => question.type);
  return Object.fromEntries(
    Object.keys(types).map((type) => {
      const own = rows.filter(({ question }) => question.type === type);
      return [type, Object.values(countBy(own, ({ answer }) => answer))];
    }),
  );
}

describe("syn_mme", () => {
  it("asks pairs of yes and no about each picture, with a truth file of two lines", () => {
    const rows = lines(files("syn_mme")["llava_mme.jsonl"]);
    expect(rows.length).toBeGreaterThan(380);
    expect(rows[0].question_id).toBe("existence/000000.png");
    for (let i = 0; i < rows.length; i += 2) expect(rows[i].question_id).toBe(rows[i + 1].question_id);
    const truth = files("syn_mme")["MME_Benchmark_release_version/existence/000000.txt"].trimEnd().split("\n");
    expect(truth).toHaveLength(2);
    expect(truth.map((line) => line.split("\t")[1]).sort()).toEqual(["No", "Yes"]);
    expect(truth[0]).toMatch(/ Please answer yes or no\.\t/);
    const statements = asked("syn_mme").map(({ question, answer }) => ({ text: question.text, answer }));
    // Of statements with a value, each value is as often right as wrong.
    for (const value of ["0", "1", "2", "red", "blue", "white"]) {
      const own = statements.filter(({ text }) => new RegExp(`^(Are there|Is the \\w+) ${value}\\b`).test(text));
      const right = own.filter(({ answer }) => answer === "yes").length;
      expect(own.length).toBeGreaterThan(6);
      expect(Math.abs(right - own.length / 2)).toBeLessThanOrEqual((2 * Math.sqrt(own.length)) / 2);
    }
    const first = asked("syn_mme").filter((_, i) => i % 2 === 0);
    const yesFirst = first.filter(({ answer }) => answer === "yes").length / first.length;
    expect(Math.abs(yesFirst - 0.5)).toBeLessThan(0.12);
  });
});

describe("syn_mmbench", () => {
  const [head, ...rows] = files("syn_mmbench")["mmbench_dev_20230712.tsv"].trimEnd().split("\n");
  const cells = rows.map((row) => row.split("\t"));

  it("has every rotation of every question, each with the letter where the right option then stands", () => {
    expect(head.split("\t").slice(0, 10)).toEqual([
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
    ]);
    const groups = new Map<number, string[][]>();
    for (const row of cells) {
      const index = Number(row[0]) % 1_000_000;
      groups.set(index, [...(groups.get(index) ?? []), row]);
    }
    expect(groups.size).toBeGreaterThan(190);
    for (const group of groups.values()) {
      const options = group[0].slice(3, 7).filter((option) => option !== "");
      expect(group).toHaveLength(options.length);
      const right = group.map((row) => row[3 + "ABCD".indexOf(row[7])]);
      expect(new Set(right).size).toBe(1);
      expect(new Set(group.map((row) => row[7])).size).toBe(options.length);
    }
  });

  it("holds the picture in every row", () => {
    for (const row of cells) expect(row[9]).toBe(`picture-${Number(row[0]) % 1_000_000}`);
  });
});
