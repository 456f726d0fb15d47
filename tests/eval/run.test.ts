/** A run on the bundled model: what it asks, in which order, what it writes down, and what it makes of failures. */

import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AnsweredRecord,
  type AnswerOptions,
  type AnswerRecord,
  answerSamples,
  comparisonSettings,
  type Sample,
} from "../../src/eval/index.js";
import { shrinkPicture } from "../../src/eval/node/sample-picture.js";
import { type Compression, loadVlm, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";

const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "val", seed: 3, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const sample = (docId: number, image: number | undefined, question: string): Sample => ({
  docId,
  questionId: docId,
  ...(image !== undefined && { image: { path: String(image) }, picture: String(image) }),
  prompt: question,
  question: `${question}\nAnswer the question using a single word or phrase.`,
  relevanceText: question,
  target: "",
  category: "",
  group: String(docId),
  region: { type: "presence", slice: "needle", split: "iid", boxes: [[14, 28, 28, 14]] },
});
/** The first picture comes back at the end. */
const SAMPLES = [
  sample(0, 0, "is there a red star in the image?"),
  sample(1, 1, "how many signs are there?"),
  sample(2, undefined, "is there a blue ring in the image?"),
  sample(3, 0, "what letter is on the sign?"),
];

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

function options(over: Partial<AnswerOptions> = {}): AnswerOptions & { seen: () => number } {
  let seen = 0;
  const { signals, grid } = vlm.manifest;
  const { settings } = comparisonSettings({
    methods: ["recoverable", "cdpruner"],
    budgets: ["dynamic", "32"],
    signals,
    grid,
  });
  return {
    vlm: {
      manifest: vlm.manifest,
      imageText: vlm.imageText,
      ask: (options) => vlm.ask(options),
      encodeImage: (...of) => {
        seen++;
        return vlm.encodeImage(...of);
      },
    },
    tasks: [{ id: "toy", folder: "", maxNewTokens: 4, samples: SAMPLES }],
    settings,
    picture: async (_, { image }) => picture(Number((image as { path: string }).path)),
    shrink: shrinkPicture,
    seen: () => seen,
    ...over,
  };
}

/** The records of a run in which nothing fails. */
async function answers(run: AnswerOptions): Promise<AnsweredRecord[]> {
  const records = await all(run);
  return records.filter((record) => record.error === undefined);
}

async function all(run: AnswerOptions): Promise<AnswerRecord[]> {
  const records: AnswerRecord[] = [];
  for await (const record of answerSamples(run)) records.push(record);
  return records;
}

const withoutTimes = ({ timings: _, ...record }: AnswerRecord) => record;

describe("a run", () => {
  it("asks each sample in each setting, each picture seen once at each size", async () => {
    const run = options();
    const records = await all(run);
    expect(run.settings.map(({ id }) => id)).toEqual([
      "none",
      "recoverable@dynamic",
      "recoverable@32",
      "cdpruner@32",
      "zero",
      "random:seed=0@32",
      "random:seed=1@32",
      "random:seed=2@32",
      "uniform@32",
      "pool@32",
      "downsample@25",
    ]);
    expect(records.map(({ doc }) => doc)).toEqual([0, 3, 1, 2].flatMap((doc) => Array(11).fill(doc)));
    expect(run.seen()).toBe(4);
    const of = (doc: number, setting: string) =>
      records.find((record) => record.doc === doc && record.setting === setting);
    expect(of(0, "none")?.tokens).toMatchObject({ source: 576, kept: 576 });
    expect(of(0, "recoverable@32")?.tokens).toMatchObject({ source: 576, kept: 32 });
    expect(of(0, "zero")?.tokens).toMatchObject({ source: 0, kept: 0 });
    expect(of(0, "downsample@25")?.tokens).toMatchObject({ source: 576, kept: 25 });
    // Two patches at row 2, columns 1 and 2: all kept by all, two of 25 by the small picture, which is not measured.
    expect(of(0, "none")?.region).toEqual({ patches: 2, kept: 2 });
    expect(of(0, "downsample@25")?.region).toBeUndefined();
    const texts = records.filter(({ doc }) => doc === 2).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    for (const { timings, error } of records) {
      expect(error).toBeUndefined();
      expect(timings?.firstToken).toBeGreaterThan(0);
    }
    // The question's vector is made once; both settings that read it count its time.
    expect(of(0, "recoverable@32")?.timings?.text).toBe(of(0, "recoverable@dynamic")?.timings?.text);
    expect(of(0, "none")?.timings?.text).toBe(0);
    expect(of(3, "cdpruner@32")?.timings?.vision).toBe(of(0, "none")?.timings?.vision);
  });

  it("gives the answers of asks one by one", async () => {
    const records = await all(options());
    for (const { doc, setting, text } of records.filter(
      ({ setting: id }) => id === "none" || id === "recoverable@32",
    )) {
      const { question, relevanceText, image } = SAMPLES[doc];
      const compression: Compression =
        setting === "none" ? { method: "none" } : { method: "recoverable", budget: { retain: 32 } };
      const images = image === undefined ? [] : [picture(Number((image as { path: string }).path))];
      const alone = await vlm.ask({ images, question, relevanceText, compression, maxNewTokens: 4 }).result;
      expect(text).toBe(alone.answer);
    }
  });

  it("asks only what is not done, and gives the same again", async () => {
    const whole = (await all(options())).map(withoutTimes);
    const done = new Set(whole.slice(0, 15).map(({ task, doc, setting }) => `${task} ${doc} ${setting}`));
    const rest = (await all(options({ done }))).map(withoutTimes);
    expect(rest).toEqual(whole.slice(15));
    const everything = new Set(whole.map(({ task, doc, setting }) => `${task} ${doc} ${setting}`));
    const run = options({ done: everything });
    expect(await all(run)).toEqual([]);
    expect(run.seen()).toBe(0);
  });

  it("records a sample that fails and goes on, or stops there if strict", async () => {
    const broken: AnswerOptions["picture"] = async (_, { image }) => {
      if ((image as { path: string }).path === "0") throw new Error("no such picture");
      return picture(1);
    };
    const records = await all(options({ picture: broken }));
    const failed = records.filter(({ error }) => error !== undefined);
    // Two samples in all settings but the one without a picture.
    expect(failed).toHaveLength(20);
    // The reason and nothing else: no numbers made of nothing.
    expect(failed[0]).toEqual({ task: "toy", doc: 0, setting: "none", error: "no such picture" });
    await expect(all(options({ picture: broken, strict: true }))).rejects.toThrow("no such picture");
  });

  it("frames questions as LLaVA's scripts do, where told to", async () => {
    const asked: string[] = [];
    const run = options({
      conversation: "vicuna_v1",
      tasks: [{ id: "toy", folder: "", maxNewTokens: 2, samples: SAMPLES }],
    });
    const ask: AnswerOptions["vlm"]["ask"] = (of) => {
      asked.push(of.prompt ?? "");
      return vlm.ask(of);
    };
    const records = await all({ ...run, settings: run.settings.slice(0, 1), vlm: { ...run.vlm, ask } });
    expect(asked[0]).toMatch(/^A chat between .* USER: <image>\n.*single word or phrase\. ASSISTANT:$/s);
    expect(asked[3]).toMatch(/USER: is there a blue ring/);
    expect(records.map(({ tokens }) => tokens?.kept)).toEqual([576, 576, 576, 0]);
  });

  it("leaves out the rows of a step, and asks nothing else of the method", async () => {
    const { signals } = vlm.manifest;
    const methods = ["recoverable", "recoverable:without=text", "recoverable:without=merged+residual"];
    const { settings } = comparisonSettings({ methods, budgets: ["40"], controls: false, signals });
    const [, whole, text, merged] = await answers(
      options({ settings, tasks: [{ id: "toy", folder: "", maxNewTokens: 2, samples: [SAMPLES[0]] }] }),
    );
    expect(text.roles).toEqual({ ...whole.roles, text: 0 });
    expect(merged.roles).toEqual({ ...whole.roles, merged: 0, residual: 0 });
    expect(merged.tokens.kept).toBe(whole.tokens.kept - whole.roles.merged - whole.roles.residual);
    expect(() => comparisonSettings({ methods: ["recoverable:without=visual"], budgets: ["40"], signals })).toThrow(
      /without=text/,
    );
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const records: AnswerRecord[] = [];
    const run = async () => {
      for await (const record of answerSamples(options({ signal: controller.signal }))) {
        records.push(record);
        if (records.length === 3) controller.abort();
      }
    };
    await expect(run()).rejects.toThrow(/abort/i);
    expect(records).toHaveLength(3);
  });
});
