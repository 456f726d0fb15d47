/** The KL of first tokens in a run: what it is, that it changes nothing else, and what becomes of it when a run goes on. */
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompressionMethod } from "../../src/core/index.js";
import { type AnswerOptions, type AnswerRecord, answerSamples, comparisonSettings } from "../../src/eval/index.js";
import { shrinkPicture } from "../../src/eval/node/sample-picture.js";
import { loadVlm, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "../vlm/watch-logits.js";

const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "val", seed: 3, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const QUESTIONS = ["is there a red star in the image?", "how many signs are there?", "what letter is on the sign?"];
/** Two pictures, and a question without one. */
const SAMPLES = [0, 1, undefined].map((image, docId) => ({
  docId,
  questionId: docId,
  ...(image !== undefined && { image: { path: String(image) }, picture: String(image) }),
  prompt: QUESTIONS[docId],
  question: QUESTIONS[docId],
  relevanceText: QUESTIONS[docId],
  target: "",
  category: "",
  group: String(docId),
}));

let vlm: Vlm;
let options: AnswerOptions;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
  const { signals, grid } = vlm.manifest;
  const { settings } = comparisonSettings({ methods: ["cdpruner"], budgets: ["2"], signals, grid, controls: false });
  options = {
    vlm,
    tasks: [{ id: "toy", folder: "", maxNewTokens: 4, samples: SAMPLES }],
    settings,
    logits: true,
    picture: async (_, { image }) => picture(Number((image as { path: string }).path)),
    shrink: shrinkPicture,
  };
});
afterAll(() => vlm.dispose());

async function all(over: Partial<AnswerOptions> = {}): Promise<AnswerRecord[]> {
  const records: AnswerRecord[] = [];
  for await (const record of answerSamples({ ...options, ...over })) records.push(record);
  return records;
}
const withoutTimes = ({ timings: _, ...record }: AnswerRecord) => record;
const withoutKl = ({ kl: _, ...record }: ReturnType<typeof withoutTimes>) => record;

/** KL of the first tokens of both ways of asking, by the host's own processor of logits. */
async function measured(doc: number): Promise<number> {
  const shares = async (compression: { method: "none" } | { method: "cdpruner"; budget: 2 }) => {
    const { steps, logits_processor } = watchLogits();
    const { question } = SAMPLES[doc];
    await vlm.ask({ image: picture(doc), question, compression, maxNewTokens: 1, generation: { logits_processor } });
    const powers = Array.from(steps[0], Math.exp);
    const sum = powers.reduce((total, each) => total + each, 0);
    return powers.map((each) => each / sum);
  };
  const [whole, few] = [await shares({ method: "none" }), await shares({ method: "cdpruner", budget: 2 })];
  return whole.reduce((sum, share, i) => sum + share * Math.log(share / few[i]), 0);
}

describe("a run with logits", () => {
  it("has the KL of each answer's first token to that with all tokens, and is the same run else", async () => {
    const records = await all();
    expect(records.map(withoutTimes).map(withoutKl)).toEqual((await all({ logits: false })).map(withoutTimes));
    for (const { setting, kl, doc } of records) {
      if (setting === "none" || doc === 2) expect(kl).toBe(0);
      else {
        const expected = await measured(doc);
        expect(expected).toBeGreaterThan(1e-5);
        expect(Math.abs((kl ?? 0) - expected)).toBeLessThan(1e-6 + 0.01 * expected);
      }
    }
  });

  it("goes on within a sample: all tokens are asked for their logits again, and not written down again", async () => {
    const whole = await all();
    const done = new Set(["toy 0 none", "toy 1 none"]);
    const rest = await all({ done });
    expect(rest.map(withoutTimes)).toEqual(
      whole.filter(({ doc, setting }) => setting !== "none" || doc === 2).map(withoutTimes),
    );
  });

  it("has none where all tokens fail, and the other answers stay", async () => {
    const ask: Vlm["ask"] = (asked) => {
      const method = asked.compression?.method as CompressionMethod;
      const isWhole = method.id === "none" && asked.question === QUESTIONS[1];
      return vlm.ask(isWhole ? { ...asked, maxNewTokens: 1e6 } : asked);
    };
    const broken = { vlm: { ...vlm, ask, manifest: vlm.manifest, imageText: vlm.imageText } };
    for (const done of [new Set<string>(), new Set(["toy 1 none"])]) {
      const records = (await all({ ...broken, done })).filter(({ doc }) => doc === 1);
      expect(records.find(({ setting }) => setting === "none")?.error === undefined).toBe(done.size > 0);
      const few = records.find(({ setting }) => setting === "cdpruner@2");
      expect(few?.text).toBeDefined();
      expect(few).not.toHaveProperty("kl");
    }
    const [, reference] = await all();
    expect(reference.kl).toBeGreaterThan(0);
    await expect(all({ ...broken, strict: true })).rejects.toThrow(/maxNewTokens/);
  });

  it("is refused without all tokens among the settings", async () => {
    await expect(all({ settings: options.settings.slice(1) })).rejects.toThrow(
      "answerSamples: expected the setting none with logits, got none",
    );
  });
});
