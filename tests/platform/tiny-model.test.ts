/** The bundled model in stock transformers.js, offline: it loads, and its greedy answers are those of PyTorch, token for token. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  env,
  LlavaForConditionalGeneration,
  type Processor,
  RawImage,
  type Tensor,
} from "@huggingface/transformers";
import { beforeAll, describe, expect, it } from "vitest";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";

const models = fileURLToPath(new URL("../../models/", import.meta.url));
const golden = JSON.parse(readFileSync(new URL("../golden/tiny/answers.json", import.meta.url), "utf8"));

beforeAll(() => {
  env.allowRemoteModels = false;
});

/** The picture of the i-th test scene. */
function picture(index: number): RawImage {
  const scene = sampleScene({ split: golden.source.split, seed: golden.source.seed, index });
  return new RawImage(rasterize(drawScene(scene)), scene.size, scene.size, 3);
}

describe("models/tiny", () => {
  let processor: Processor;
  let model: LlavaForConditionalGeneration;
  beforeAll(async () => {
    processor = await AutoProcessor.from_pretrained(join(models, "tiny"));
    model = (await LlavaForConditionalGeneration.from_pretrained(
      join(models, "tiny"),
    )) as LlavaForConditionalGeneration;
  });

  async function answer(index: number, text: string): Promise<{ tokens: number[]; words: string }> {
    const content = [{ type: "image" }, { type: "text", text }];
    const prompt = processor.apply_chat_template([{ role: "user", content }] as never, { add_generation_prompt: true });
    const inputs = await processor(picture(index), prompt);
    const sequences = (await model.generate({ ...inputs, max_new_tokens: 8, do_sample: false })) as Tensor;
    const tokens = sequences.tolist()[0].slice(inputs.input_ids.dims[1]).map(Number);
    return { tokens, words: processor.tokenizer?.decode(tokens, { skip_special_tokens: true }) ?? "" };
  }

  it("answers 50 questions with PyTorch's tokens", async () => {
    expect(golden.rows).toHaveLength(50);
    const different = [];
    for (const { scene, question, tokens } of golden.rows) {
      const got = await answer(scene, question);
      if (JSON.stringify(got.tokens) !== JSON.stringify(tokens)) different.push({ question, got, tokens });
    }
    expect(different).toEqual([]);
  });

  it("makes a prompt of LLaVA-1.5's form with a placeholder per visual token", async () => {
    const content = [{ type: "image" }, { type: "text", text: "Is there a star?" }];
    const prompt = processor.apply_chat_template([{ role: "user", content }] as never, { add_generation_prompt: true });
    expect(prompt).toBe("USER: <image>\nIs there a star? ASSISTANT:");
    const { input_ids } = await processor(picture(0), prompt);
    const ids: number[] = input_ids.tolist()[0].map(Number);
    const image = (model.config as unknown as { image_token_index: number }).image_token_index;
    expect(ids.filter((id) => id === image)).toHaveLength(576);
  });

  it("takes words it does not know as <unk>, and writes the letter of an option as a capital", () => {
    expect(processor.tokenizer?.tokenize("What giraffe?")).toEqual(["what", "<unk>", "?"]);
    const { tokenizer } = processor;
    const ids = tokenizer?.encode("b", { add_special_tokens: false }) ?? [];
    expect(tokenizer?.decode(ids)).toBe("B");
  });
});

describe("models/tiny-clip", () => {
  it("gives text and picture embeddings of one width, and nothing that published files do not have", async () => {
    const folder = join(models, "tiny-clip");
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    const text = await CLIPTextModelWithProjection.from_pretrained(folder);
    const vision = await CLIPVisionModelWithProjection.from_pretrained(folder);
    const { text_embeds } = await text(
      tokenizer(["What color is the star?", "star"], { padding: true, truncation: true }),
    );
    const processor = await AutoProcessor.from_pretrained(folder);
    const { image_embeds, last_hidden_state } = await vision(await processor(picture(1)));
    expect(text_embeds.dims).toEqual([2, 128]);
    expect(image_embeds.dims).toEqual([1, 128]);
    expect(last_hidden_state.dims).toEqual([1, 577, 128]);
    const outputs = (one: unknown) =>
      (one as { sessions: { model: { outputNames: string[] } } }).sessions.model.outputNames;
    expect(outputs(vision)).toEqual(["image_embeds", "last_hidden_state"]);
    expect(outputs(text)).toEqual(["text_embeds", "last_hidden_state"]);
  });
});

describe("the model folders", () => {
  const files = readdirSync(models, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(models, name)).isFile(),
  );

  it("have 24 MB together at most", () => {
    const bytes = files.reduce((sum, name) => sum + statSync(join(models, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(24e6);
  });

  it("name no path of the machine they were made on", () => {
    for (const name of files) {
      expect(readFileSync(join(models, name), "latin1"), name).not.toMatch(
        /\/(home|root|tmp|work|usr|Users)\/|site-packages|\.py\b/,
      );
    }
  });

  it("say the measured text polarity in the manifest", () => {
    const manifest = JSON.parse(readFileSync(join(models, "tiny/manifest.json"), "utf8"));
    const { recallPositive, recallNegative } = manifest.textPolarityEvidence;
    expect(manifest.textPolarity).toBe(recallPositive > recallNegative ? 1 : -1);
    expect(manifest).toMatchObject({ format: "recoup-model", visualTokens: 576, featureLayer: -2 });
  });
});
