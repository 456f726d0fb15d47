/** `firstLogits`: what the model gives for the answer's first token, whatever the options of generation make of it. */
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AskOptions, loadVlm, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

const QUESTION = "is there a red star in the image?";
const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "val", seed: 3, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

function likeliest(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}

/** Largest difference, relative to the largest logit. */
function difference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  const off = Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  return off / Math.max(...b.map(Math.abs));
}

describe("firstLogits", () => {
  for (const compression of [{ method: "none" }, { method: "cdpruner", budget: 32 }] as const) {
    const asked = (): AskOptions => ({ image: picture(4), question: QUESTION, maxNewTokens: 4, compression });

    it(`${compression.method}: are those that a logits processor sees, and the likeliest is the answer's first`, async () => {
      const { steps, logits_processor } = watchLogits();
      await vlm.ask({ ...asked(), generation: { logits_processor } });
      const { firstLogits, tokenIds } = await vlm.ask({ ...asked(), firstLogits: true });
      expect(firstLogits).toBeInstanceOf(Float32Array);
      const own = firstLogits as Float32Array;
      expect(difference(own, steps[0])).toBeLessThan(1e-4);
      expect(likeliest(own)).toBe(tokenIds[0]);
    });

    it(`${compression.method}: are the model's own where generation takes another token`, async () => {
      const plain = await vlm.ask({ ...asked(), firstLogits: true });
      const generation = { suppress_tokens: [plain.tokenIds[0]] };
      const other = await vlm.ask({ ...asked(), firstLogits: true, generation });
      expect(other.tokenIds[0]).not.toBe(plain.tokenIds[0]);
      expect(difference(other.firstLogits as Float32Array, plain.firstLogits as Float32Array)).toBeLessThan(1e-4);
    });
  }

  it("are of the turn that was asked, and there only where asked for", async () => {
    const chat = vlm.chat({ image: picture(4) });
    const first = await chat.ask({ question: QUESTION, maxNewTokens: 4, firstLogits: true });
    const second = await chat.ask({ question: "how many signs are there?", maxNewTokens: 4, firstLogits: true });
    expect(likeliest(second.firstLogits as Float32Array)).toBe(second.tokenIds[0]);
    expect(difference(second.firstLogits as Float32Array, first.firstLogits as Float32Array)).toBeGreaterThan(0.01);
    const third = await chat.ask({ question: QUESTION, maxNewTokens: 4 });
    expect(third).not.toHaveProperty("firstLogits");
    await chat.dispose();
  });

  it("are true or false", async () => {
    const asked = { image: picture(4), question: QUESTION, firstLogits: "yes" as unknown as boolean };
    await expect(vlm.ask(asked)).rejects.toThrow(/firstLogits/);
  });
});
