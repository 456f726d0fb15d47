/** With all tokens kept, the way through the parts gives what stock transformers.js gives: tokens and logits, one and two turns. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AutoProcessor,
  env,
  LlavaForConditionalGeneration,
  type Processor,
  RawImage,
  type Tensor,
} from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadVlm, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

const tiny = join(fileURLToPath(new URL("../../models/", import.meta.url)), "tiny");
const golden = JSON.parse(readFileSync(new URL("../golden/tiny/answers.json", import.meta.url), "utf8"));

function picture(index: number): RgbImage {
  const scene = sampleScene({ split: golden.source.split, seed: golden.source.seed, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
}

let vlm: Vlm;
let stock: LlavaForConditionalGeneration;
let processor: Processor;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
  stock = (await LlavaForConditionalGeneration.from_pretrained(tiny)) as LlavaForConditionalGeneration;
  processor = await AutoProcessor.from_pretrained(tiny);
});
afterAll(async () => {
  await vlm.dispose();
  await stock.dispose();
});

/** Largest difference over all steps, relative to the largest logit. */
function logitsDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(a).toHaveLength(b.length);
  let off = 0;
  let largest = 0;
  for (const [i, step] of b.entries()) {
    for (const [j, value] of step.entries()) {
      off = Math.max(off, Math.abs(value - a[i][j]));
      largest = Math.max(largest, Math.abs(value));
    }
  }
  return off / largest;
}

/** Stock ids of a conversation on one picture, and the ids that stock generation adds. */
async function stockAnswer(index: number, messages: object[]) {
  const { data, width, height } = picture(index);
  const image = new RawImage(data as Uint8ClampedArray, width, height, 3);
  const text = processor.apply_chat_template(messages as never, { add_generation_prompt: true });
  const inputs = await processor(image, text);
  const { steps, logits_processor } = watchLogits();
  const options = { ...inputs, max_new_tokens: 8, do_sample: false, logits_processor };
  const sequences = (await stock.generate(options)) as Tensor;
  const all = sequences.tolist()[0].map(Number);
  const length = inputs.input_ids.dims[1];
  return { prompt: all.slice(0, length) as number[], tokens: all.slice(length) as number[], steps };
}

const user = (text: string, image: boolean) => ({
  role: "user",
  content: [...(image ? [{ type: "image" }] : []), { type: "text", text }],
});

describe("method none", () => {
  it("answers with the tokens of stock generate, and of PyTorch", async () => {
    const rows = golden.rows.slice(0, 20);
    for (const { scene, question, tokens } of rows) {
      const { steps, logits_processor } = watchLogits();
      const asked = { image: picture(scene), question, compression: { method: "none" }, maxNewTokens: 8 } as const;
      const { tokenIds, answer } = await vlm.ask({ ...asked, generation: { logits_processor } }).result;
      const expected = await stockAnswer(scene, [user(question, true)]);
      expect(tokenIds, question).toEqual(expected.tokens);
      expect(tokenIds, question).toEqual(tokens);
      expect(logitsDifference(steps, expected.steps)).toBeLessThan(1e-4);
      // Without a caller's processors the first token comes from the prefill itself.
      expect((await vlm.ask(asked).result).tokenIds).toEqual(tokens);
      expect(answer).not.toBe("");
    }
  });

  it("says the same over two turns as the whole conversation asked at once", async () => {
    for (const { scene, question } of golden.rows.slice(0, 6)) {
      for (const recovery of ["append", "reprefill", "none"] as const) {
        const chat = vlm.chat({ image: picture(scene), compression: { method: "none" }, recovery });
        const first = await chat.ask({ question, maxNewTokens: 8 }).result;
        const next = "what letter is on the sign?";
        const { steps, logits_processor } = watchLogits();
        const second = await chat.ask({ question: next, maxNewTokens: 8, generation: { logits_processor } }).result;
        const answered = { role: "assistant", content: [{ type: "text", text: first.answer }] };
        const expected = await stockAnswer(scene, [user(question, true), answered, user(next, false)]);
        expect(second.tokenIds, `${recovery}: ${question}`).toEqual(expected.tokens);
        expect(logitsDifference(steps, expected.steps)).toBeLessThan(1e-4);
        expect(second.recovered).toEqual([[]]);
        // Prompt of the second turn: everything that stock has, each token once.
        expect(second.tokens.prompt).toBe(expected.prompt.length);
        await chat.dispose();
      }
    }
  });
});
