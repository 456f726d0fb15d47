/**
 * Tiny models of random weights, one of each family without a class token (python/recoup_fixtures/make_vlms.py): with all tokens kept they
 * give what stock transformers.js gives; with few, what their signals say.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AutoModelForImageTextToText,
  AutoProcessor,
  AutoTokenizer,
  env,
  type Processor,
  RawImage,
  Tensor,
} from "@huggingface/transformers";
import { beforeAll, describe, expect, it } from "vitest";
import { rowCount } from "../../src/core/index.js";
import { loadVlm, type Picture } from "../../src/node/transformers.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

const root = fileURLToPath(new URL("../golden/families/", import.meta.url));
const QUESTIONS = ["what color is the star?", "how many red rings are there?"];

beforeAll(() => {
  env.allowRemoteModels = false;
});

const picture = (index: number): Picture => {
  const scene = sampleScene({ split: "test", seed: 4, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const hostPicture = ({ data, width, height }: Picture) => new RawImage(data as Uint8ClampedArray, width, height, 3);

/** Source tokens of the one picture: 4 x 4 patches, or five tiles of 2 x 2 (four and the whole). */
const FAMILIES = [
  { name: "llava-siglip", tokens: 16, grids: 1 },
  { name: "llava-onevision", tokens: 16, grids: 1 },
  { name: "smolvlm", tokens: 20, grids: 5 },
];

describe.each(FAMILIES)("$name", ({ name, tokens, grids }) => {
  const folder = join(root, name);

  async function pixelsOf({ image_processor }: Processor, image: Picture) {
    if (image_processor === undefined) throw new Error("no image processor");
    return image_processor(name === "smolvlm" ? [hostPicture(image)] : hostPicture(image));
  }

  /** What stock transformers.js answers; messages have a picture in the first one. */
  async function stock(image: Picture, messages: object[]) {
    const model = await AutoModelForImageTextToText.from_pretrained(folder);
    const processor = await AutoProcessor.from_pretrained(folder);
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    const template = { add_generation_prompt: true, tokenize: false };
    const text = tokenizer.apply_chat_template(messages as never, template) as string;
    let inputs: Record<string, unknown>;
    if (name === "smolvlm") inputs = await processor(text, [hostPicture(image)]);
    else {
      const ids = Array.from(tokenizer(text).input_ids.data as BigInt64Array, Number);
      const whole = ids.flatMap((id) => (id === 3 ? Array(tokens).fill(3) : [id]));
      const row = (values: number[]) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
      const { pixel_values } = await pixelsOf(processor, image);
      inputs = { input_ids: row(whole), attention_mask: row(whole.map(() => 1)), pixel_values };
    }
    const { steps, logits_processor } = watchLogits();
    const sequences = (await model.generate({
      ...inputs,
      max_new_tokens: 6,
      do_sample: false,
      logits_processor,
    } as never)) as Tensor;
    const prompt = Array.from((inputs.input_ids as Tensor).data as BigInt64Array, Number);
    await model.dispose();
    return { prompt, tokens: sequences.tolist()[0].map(Number).slice(prompt.length) as number[], steps };
  }

  it("gives stock tokens and logits with all tokens kept, in one turn and two", { timeout: 60_000 }, async () => {
    const vlm = await loadVlm(folder);
    const image = picture(1);
    const content = [{ type: "image" }, { type: "text", text: QUESTIONS[0] }];
    const first = await stock(image, [{ role: "user", content }]);
    const { steps, logits_processor } = watchLogits();
    const compression = { method: "none" };
    const asked = { image, question: QUESTIONS[0], compression, maxNewTokens: 6 };
    const watched = await vlm.ask({ ...asked, generation: { logits_processor } }).result;
    expect(watched.promptIds).toEqual(first.prompt);
    expect(watched.tokenIds).toEqual(first.tokens);
    expect(watched.tokens).toMatchObject({ source: tokens, kept: tokens });
    const largest = Math.max(...first.steps[0].map(Math.abs));
    const off = Math.max(...first.steps.flatMap((step, i) => Array.from(step, (x, j) => Math.abs(x - steps[i][j]))));
    expect(off / largest).toBeLessThan(1e-4);
    expect((await vlm.ask(asked).result).tokenIds).toEqual(first.tokens);
    // Random weights, but they see the picture: another one changes the logits by far more.
    const other = await stock(picture(3), [{ role: "user", content }]);
    const apart = Math.max(...Array.from(other.steps[0], (x, j) => Math.abs(x - first.steps[0][j])));
    expect(apart / largest).toBeGreaterThan(1e-2);
    // Random weights end no answer, so a second turn begins with an answer that was cut short.
    for (const recovery of ["append", "none"] as const) {
      const chat = vlm.chat({ image, compression, recovery });
      await chat.ask({ question: QUESTIONS[0], maxNewTokens: 6 }).result;
      const second = await chat.ask({ question: QUESTIONS[1], maxNewTokens: 6 }).result;
      const sequence = [...first.prompt, ...first.tokens.slice(0, -1), ...second.promptIds];
      expect(second.tokenIds).toEqual(await continued(image, sequence));
      await chat.dispose();
    }
    await vlm.dispose();
  });

  /** Stock generation from ids that hold the picture's placeholders. */
  async function continued(image: Picture, ids: readonly number[]): Promise<number[]> {
    const model = await AutoModelForImageTextToText.from_pretrained(folder);
    const processor = await AutoProcessor.from_pretrained(folder);
    const seen = await pixelsOf(processor, image);
    const row = (values: readonly number[]) =>
      new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
    const inputs = { ...seen, input_ids: row(ids), attention_mask: row(ids.map(() => 1)) };
    const sequences = (await model.generate({ ...inputs, max_new_tokens: 6, do_sample: false } as never)) as Tensor;
    await model.dispose();
    return sequences.tolist()[0].map(Number).slice(ids.length);
  }

  it("keeps few tokens by features and words, and says what stands for the question", async () => {
    const vlm = await loadVlm(folder);
    expect(vlm.manifest).toMatchObject({ path: "features", defaultMethod: "mmtok" });
    expect(vlm.manifest.substitutes?.textSimilarity).toMatch(/language model's embeddings/);
    const image = picture(2);
    for (const method of ["mmtok", "divprune", "cdpruner", "text-topk", "random"]) {
      const compression = { method, budget: { retain: 6 } };
      const result = await vlm.ask({ image, question: QUESTIONS[0], compression, maxNewTokens: 3 }).result;
      expect(rowCount(result.plans[0]), method).toBe(6);
      expect(result.promptIds.filter((id) => id === 3)).toHaveLength(6);
      expect(result.tables[0].grids).toHaveLength(grids);
      expect(result.tables[0].clsAttention).toBeUndefined();
    }
    for (const method of ["recoverable", "cls-topk", "visionzip", "prumerge"]) {
      expect(() => vlm.ask({ image, question: QUESTIONS[0], compression: { method } })).toThrow(
        /which needs (keys|clsAttention)/,
      );
    }
    const chat = vlm.chat({ image, compression: { method: "text-topk", budget: { retain: 4 } } });
    const first = await chat.ask({ question: QUESTIONS[0], maxNewTokens: 2 }).result;
    const second = await chat.ask({ question: QUESTIONS[1], maxNewTokens: 2 }).result;
    expect(second.tokens.kept).toBe(first.tokens.kept + second.recovered.length);
    await vlm.dispose();
  });
});
