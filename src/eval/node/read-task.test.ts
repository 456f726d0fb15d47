/** Tasks on disk: a small synthetic benchmark, read as the real ones are, and what a data root can lack. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { SYNTH_TASKS } from "../../world/index.js";
import { writeBenchmark } from "../../world/node/write-benchmark.js";
import { RULES, type Task } from "../task.js";
import { TASKS } from "../tasks/registry.js";
import { readTask } from "./read-task.js";

const SYNTHETIC = TASKS.filter(({ id }) => id.startsWith("syn_"));
const PICTURES = 6;

let dataRoot = "";
beforeAll(async () => {
  dataRoot = mkdtempSync(join(tmpdir(), "recoup-tasks-"));
  const request = { split: "test", count: PICTURES, out: dataRoot, mode: "resume" } as const;
  for await (const _ of writeBenchmark({ ...request, tasks: SYNTH_TASKS.map(({ id }) => id) }));
}, 120_000);
afterAll(() => rmSync(dataRoot, { recursive: true, force: true }));

const perfect = ({ samples }: Task) => samples.map(({ target }) => target);

describe.each(SYNTHETIC.flatMap(({ id, rules }) => rules.map((rule) => [id, rule] as const)))(
  "%s by %s",
  (id, rule) => {
    it("is read whole, with a region for each question, and gives perfect answers the best score", async () => {
      const task = await readTask(id, { dataRoot, rule, strict: true });
      const { samples, headline, maxScore } = task;
      expect(samples.length).toBeGreaterThanOrEqual(PICTURES);
      expect(samples.map(({ docId }) => docId)).toEqual(samples.map((_, i) => i));
      for (const { region, picture, relevanceText, prompt, question } of samples) {
        expect(picture).toBeDefined();
        expect(region?.type).toMatch(/^[a-z]+$/);
        expect(question).toContain(relevanceText);
        expect(prompt).toContain(relevanceText);
        expect(relevanceText).not.toMatch(/\n|Answer|Please/);
      }
      expect(new Set(samples.map(({ region }) => region?.split))).toEqual(new Set(["iid", "held-out"]));
      const { metrics } = task.score(perfect(task));
      expect(metrics[headline]).toBeCloseTo(maxScore, 9);
      for (const sample of samples) expect(task.sampleScore(sample, sample.target)).toBeCloseTo(1, 9);
      // Wrong, right and missing answers in turn; and the same rows drawn twice.
      const answers = samples.map(({ target, docId }) => [target, "no, B", target, "yes", undefined][docId % 5]);
      const scored = samples.map((sample, i) => {
        const answer = answers[i];
        return { ...sample, answer, score: answer === undefined ? 0 : task.sampleScore(sample, answer) };
      });
      const official = task.score(answers).metrics[headline] as number;
      expect(official).toBeGreaterThan(0);
      expect(official).toBeLessThan(maxScore);
      const counts = task.combination.counts(scored);
      const valueTimes = (times: number) =>
        task.combination.value(counts[0].map((_, c) => counts.reduce((sum, own) => sum + times * own[c], 0)));
      expect(valueTimes(1)).toBeCloseTo(official, 9);
      expect(valueTimes(2)).toBeCloseTo(official, 9);
      expect(valueTimes(0)).toBeNull();
      // Nothing that is answered by nobody scores.
      const none = task.score(samples.map(() => undefined));
      expect(none.metrics[headline] ?? 0).toBe(0);
      expect(none.warnings[0]).toContain("missing");
    });
  },
);

describe("readTask", () => {
  it("finds each picture where the task's folder says, or has it", async () => {
    for (const { id } of SYNTHETIC) {
      const { folder, samples } = await readTask(id, { dataRoot });
      for (const { image } of samples) {
        const bytes =
          image !== undefined && "path" in image
            ? readFileSync(join(folder, image.path))
            : Buffer.from(image?.base64 ?? "", "base64");
        expect(bytes.subarray(1, 4).toString()).toBe("PNG");
      }
    }
  });

  it("gives answer rows that join with the question file again", async () => {
    for (const id of ["syn_pope", "syn_textvqa", "syn_vqav2"]) {
      const task = await readTask(id, { dataRoot });
      const [{ name, data }] = task.files(perfect(task), "tiny/none");
      const rows = data
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(name).toBe(`answers_${id}.jsonl`);
      expect(rows.map(({ question_id, prompt }) => [question_id, prompt])).toEqual(
        task.samples.map(({ questionId, prompt }) => [questionId, prompt]),
      );
      expect(new Set(rows.map(({ answer_id }) => answer_id)).size).toBe(rows.length);
      expect(new Set(rows.map(({ model_id }) => model_id))).toEqual(new Set(["tiny/none"]));
      expect(task.files(perfect(task), "tiny/none")[0].data).toBe(data);
    }
  });

  it("takes a part, the same for the same seed, with pairs and rotations whole", async () => {
    for (const id of ["syn_mme", "syn_mmbench"]) {
      const all = await readTask(id, { dataRoot });
      const part = await readTask(id, { dataRoot, limit: 8, seed: 3 });
      expect(part.samples.length).toBeLessThanOrEqual(8);
      expect(part.samples.length).toBeGreaterThan(0);
      const places = part.samples.map(({ docId }) => docId);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      for (const { group } of part.samples) {
        const size = ({ samples }: Task) => samples.filter((sample) => sample.group === group).length;
        expect(size(part)).toBe(size(all));
      }
      expect((await readTask(id, { dataRoot, limit: 8, seed: 3 })).samples).toEqual(part.samples);
      expect(part.score(perfect(part)).metrics[part.headline]).toBeCloseTo(part.maxScore, 9);
    }
    const pope = await readTask("syn_pope", { dataRoot, limit: 9 });
    expect(pope.samples.map(({ category }) => category).sort()).toEqual(
      ["adversarial", "popular", "random"].flatMap((split) => [split, split, split]),
    );
  });

  it("reads a real task's layout from the same files", async () => {
    const { samples } = await readTask("pope", { dataRoot, strict: true });
    expect(samples).toHaveLength(PICTURES * 18);
    expect(samples[0].region).toBeUndefined();
  });

  it("names the task and the place where it looked for a file", async () => {
    await expect(readTask("vqav2_test", { dataRoot })).rejects.toThrow(
      `the test of vqav2_test in ${join(dataRoot, "vqav2", "llava_vqav2_mscoco_test2015.jsonl")}, got ENOENT`,
    );
    await expect(readTask("pope", { dataRoot: join(dataRoot, "nowhere") })).rejects.toThrow(InvalidInputError);
  });

  it("refuses unknown tasks, rules that a task lacks, limits and seeds that are none", async () => {
    await expect(readTask("popes", { dataRoot })).rejects.toThrow(/did you mean pope\?/);
    await expect(readTask("syn_textvqa", { dataRoot, rule: "vlmevalkit" })).rejects.toThrow(/a rule of syn_textvqa/);
    await expect(readTask("syn_pope", { dataRoot, limit: 0 })).rejects.toThrow(InvalidInputError);
    await expect(readTask("syn_mme", { dataRoot, limit: 1 })).rejects.toThrow(/a limit from 2 on/);
    await expect(readTask("syn_pope", { dataRoot, limit: 3, seed: -1 })).rejects.toThrow(InvalidInputError);
    expect(RULES).toContain((await readTask("syn_pope", { dataRoot })).rule);
  });
});

it.each(SYNTHETIC.map(({ id }) => id))("%s is the same with a byte order mark before every file", async (id) => {
  const marked = mkdtempSync(join(tmpdir(), "recoup-marked-"));
  try {
    cpSync(dataRoot, marked, { recursive: true });
    for (const name of readdirSync(marked, { recursive: true, encoding: "utf8" })) {
      const path = join(marked, name);
      if (/\.(jsonl?|tsv|txt)$/.test(name)) writeFileSync(path, `\ufeff${readFileSync(path, "utf8")}`);
    }
    const [plain, own] = [dataRoot, marked].map((dataRoot) => readTask(id, { dataRoot, strict: true }));
    expect((await own).samples).toEqual((await plain).samples);
  } finally {
    rmSync(marked, { recursive: true });
  }
});

describe("damaged files", () => {
  let root = "";
  const path = (name: string) => join(root, "textvqa", name);
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "recoup-damaged-"));
    mkdirSync(join(root, "textvqa"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const QUESTIONS = "llava_textvqa_val_v051_ocr.jsonl";
  const restore = () => {
    for (const name of [QUESTIONS, "TextVQA_0.5.1_val.json", "regions.jsonl"]) {
      rmSync(path(name), { recursive: true, force: true });
      copyFileSync(join(dataRoot, "textvqa", name), path(name));
    }
  };
  const read = (strict: boolean) => readTask("syn_textvqa", { dataRoot: root, strict });

  it("a line that breaks off is listed; strict, it ends the reading and is named", async () => {
    restore();
    writeFileSync(path(QUESTIONS), readFileSync(path(QUESTIONS), "utf8").slice(0, -30));
    const task = await read(false);
    expect(task.samples).toHaveLength(PICTURES - 1);
    expect(task.problems).toMatchObject([{ file: `textvqa/${QUESTIONS}`, line: PICTURES }]);
    await expect(read(true)).rejects.toThrow(`line ${PICTURES} of textvqa/${QUESTIONS}`);
  });

  it("annotations that break off are refused as a whole", async () => {
    restore();
    const text = readFileSync(path("TextVQA_0.5.1_val.json"), "utf8");
    writeFileSync(path("TextVQA_0.5.1_val.json"), text.slice(0, text.length / 2));
    await expect(read(false)).rejects.toThrow(/JSON in textvqa\/TextVQA_0\.5\.1_val\.json/);
  });

  it("an empty file, a folder in its place, and a missing one are named", async () => {
    restore();
    writeFileSync(path(QUESTIONS), "\n");
    await expect(read(false)).rejects.toThrow(`${path(QUESTIONS)}, got an empty file`);
    rmSync(path(QUESTIONS));
    mkdirSync(path(QUESTIONS));
    await expect(read(false)).rejects.toThrow(`${path(QUESTIONS)}, got EISDIR`);
    restore();
    rmSync(path("regions.jsonl"));
    await expect(read(false)).rejects.toThrow(`${path("regions.jsonl")}, got ENOENT`);
  });

  it("a region that is missing or there twice is listed, and its question is asked all the same", async () => {
    restore();
    const lines = readFileSync(path("regions.jsonl"), "utf8").trimEnd().split("\n");
    writeFileSync(path("regions.jsonl"), [...lines.slice(1), lines[1], lines[2].replace("boxes", "boxen")].join("\n"));
    const { samples, problems } = await read(false);
    expect(samples).toHaveLength(PICTURES);
    expect(samples[0].region).toBeUndefined();
    expect(problems.map(({ what }) => what)).toEqual([
      "no boxes",
      "question 5e00000000000001 again",
      "no region of question 5e00000000000000",
    ]);
  });
});
