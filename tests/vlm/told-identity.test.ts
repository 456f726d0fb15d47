/**
 * A told decoder in the host's place, with places counted and no bias, against stock `generate()` of transformers.js on one cache over three
 * turns: the same bits in float32.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AutoModelForImageTextToText,
  AutoProcessor,
  cat,
  DynamicCache,
  env,
  type ImageProcessor,
  RawImage,
  Tensor,
} from "@huggingface/transformers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RgbImage } from "../../src/core/index.js";
import type { LoadOptions } from "../../src/vlm/index.js";
import { StageClock } from "../../src/vlm/stages.js";
import { floats, type HostModel, runtimeTensor } from "../../src/vlm/transformers/host.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { inChunks } from "./external-model.js";
import { FORMS, formFolder, type LoadedDecoder, loadDecoder, watched } from "./loaded-decoder.js";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const QUESTIONS = ["what color is the star?", "how many red rings are there?", "is there a blue square?"];
const TOKENS = 5;
/** Id of an image's rows in the tiny vocabularies. */
const IMAGE = 3;

beforeAll(() => {
  env.allowRemoteModels = false;
});

let loaded: LoadedDecoder | undefined;
let stock: HostModel | undefined;
let made: string | undefined;
async function dispose(): Promise<void> {
  await Promise.all([loaded?.dispose(), stock?.dispose()]);
  [loaded, stock] = [undefined, undefined];
}
afterEach(async () => {
  await dispose();
  if (made !== undefined) rmSync(made, { recursive: true });
  made = undefined;
});

const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "test", seed: 4, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const row = (ids: readonly number[]) => new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);

/** Stock inputs of one image. */
async function pixels(folder: string, image: RgbImage): Promise<{ pixel_values: Tensor }> {
  const { image_processor } = await AutoProcessor.from_pretrained(folder);
  const shown = new RawImage(image.data as Uint8ClampedArray, image.width, image.height, 3);
  const { pixel_values, pixel_attention_mask } = await (image_processor as ImageProcessor)(shown);
  return { pixel_values, ...(pixel_attention_mask !== undefined && { pixel_attention_mask }) };
}

interface Step {
  readonly tokens: readonly number[];
  readonly logits: readonly Float32Array[];
}

async function loadStock(folder: string, options: LoadOptions) {
  const model = await AutoModelForImageTextToText.from_pretrained(folder, options as never);
  const found = watched(model as unknown as HostModel);
  stock = found.model;
  return found;
}

interface Case {
  readonly folder: string;
  readonly options?: LoadOptions;
  readonly family?: string;
  readonly images?: readonly RgbImage[];
  readonly turns?: number;
}

/** Each turn's tokens and logits: ours, and stock ones of the same ids. */
async function conversation({ folder, options = {}, family, images = [], turns = 3 }: Case) {
  loaded = await loadDecoder(folder, options, family);
  const { model, runs } = await loadStock(folder, options);
  const told = { positions: "compact", mass: false } as const;
  const chat = loaded.engine.chat({ images, compression: { method: "none" }, ...told });
  const cache = new DynamicCache();
  const whole: number[] = [];
  const [ours, theirs]: [Step[], Step[]] = [[], []];
  for (const question of QUESTIONS.slice(0, turns)) {
    loaded.runs.length = 0;
    const { promptIds, tokenIds } = await chat.ask({ question, maxNewTokens: TOKENS });
    ours.push({ tokens: tokenIds, logits: loaded.runs.map(({ logits }) => logits) });
    expect(loaded.runs).toHaveLength(tokenIds.length);
    for (const { feeds } of loaded.runs) expect(feeds).toMatchObject({ places: {}, key_bias: {} });
    // The last token of an answer is the first of the next prompt.
    whole.push(...promptIds);
    runs.length = 0;
    const given = whole.length === promptIds.length && images.length > 0 ? await pixels(folder, images[0]) : {};
    const sequences = (await model.generate({
      ...given,
      input_ids: row(whole),
      attention_mask: row(whole.map(() => 1)),
      past_key_values: cache,
      max_new_tokens: TOKENS,
      do_sample: false,
    })) as Tensor;
    const tokens = sequences.tolist()[0].map(Number).slice(whole.length) as number[];
    theirs.push({ tokens, logits: runs.map(({ logits }) => logits) });
    for (const { feeds } of runs) expect(feeds).not.toHaveProperty("places");
    whole.push(...tokens.slice(0, -1));
  }
  await chat.dispose();
  return { ours, theirs };
}

const FAMILIES = ["smolvlm", "gemma3", "paligemma", "mistral3", "fastvlm", "llava-onevision", "llava-siglip"];
const tiny = fileURLToPath(new URL("../../models/tiny", import.meta.url));

describe("with places counted and no bias, the bits of stock generate()", () => {
  // PaliGemma's prompts begin with an image, and are one question.
  it.each(FAMILIES.filter((name) => name !== "paligemma"))("%s: without an image", async (name) => {
    const { ours, theirs } = await conversation({ folder: join(golden, "families", name) });
    expect(ours).toEqual(theirs);
  });

  it.each(FAMILIES)("%s: with an image", async (name) => {
    const turns = name === "paligemma" ? 1 : 3;
    const { ours, theirs } = await conversation({
      folder: join(golden, "families", name),
      images: [picture(1)],
      turns,
    });
    expect(ours).toHaveLength(turns);
    expect(ours).toEqual(theirs);
  });

  it("the bundled model, without an image", async () => {
    const { ours, theirs } = await conversation({ folder: tiny });
    expect(ours).toEqual(theirs);
  });

  it.each([
    ["tiny", 1, tiny],
    ["tiny", 2, tiny],
    ["llava-siglip", 2, join(golden, "families/llava-siglip")],
    ["llava-onevision", 2, join(golden, "families/llava-onevision")],
  ])("%s: on the stock encoder's rows, images: %i", async (_, count, folder) => {
    loaded = await loadDecoder(folder);
    const { model, runs } = await loadStock(folder, {});
    const images = await Promise.all([picture(1), picture(2)].slice(0, count).map((one) => pixels(folder, one)));
    const pixel_values = cat(images.map((one) => one.pixel_values));
    const { image_features } = await model.sessions.vision_encoder.run({ pixel_values: runtimeTensor(pixel_values) });
    const each = image_features.dims[1];
    const ids = [1, 20, 21, ...images.flatMap(() => [...Array<number>(each).fill(IMAGE), 30]), 40, 41];
    const rows = await loaded.decoder.embed(ids);
    const [data, features] = [rows.data.slice(), floats(image_features)];
    let shown = 0;
    for (const [at, id] of ids.entries()) {
      if (id === IMAGE) data.set(features.subarray(shown * rows.dim, ++shown * rows.dim), at * rows.dim);
    }
    const answering = loaded.decoder.begin().answer({
      ids,
      rows: { ...rows, data },
      positions: [ids.map((_, at) => at)],
      nextPosition: ids.length,
      biases: new Float32Array(ids.length),
      maxNewTokens: TOKENS,
      emit: () => {},
      clock: new StageClock(),
    });
    const tokens = await answering;
    const options = { pixel_values, input_ids: row(ids), attention_mask: row(ids.map(() => 1)) };
    const sequences = (await model.generate({ ...options, max_new_tokens: TOKENS, do_sample: false })) as Tensor;
    expect(sequences.tolist()[0].map(Number).slice(ids.length)).toEqual(tokens);
    expect(runs).toHaveLength(tokens.length);
    expect(loaded.runs.map(({ logits }) => logits)).toEqual(runs.map(({ logits }) => logits));
  });
});

it("a decoder whose weights lie beside it in two files: the bits of stock generate()", async () => {
  const { folder } = formFolder("gqa.raw.onnx");
  made = folder;
  const path = join(folder, "onnx/decoder_model_merged.onnx");
  const whole = await conversation({ folder });
  await dispose();
  const names = ["decoder_model_merged.onnx_data", "decoder_model_merged.onnx_data_1"];
  const { model, files } = await inChunks(readFileSync(path), names);
  expect(model.length).toBeLessThan(30_000);
  writeFileSync(path, model);
  for (const [name, bytes] of files) {
    expect(bytes.length).toBeGreaterThan(10_000);
    writeFileSync(join(folder, "onnx", name), bytes);
  }
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  // Stock transformers.js looks for as many files as are said here.
  const own = { ...config["transformers.js_config"], use_external_data_format: { decoder_model_merged: 2 } };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, "transformers.js_config": own }));
  const { ours, theirs } = await conversation({ folder });
  expect(ours).toEqual(theirs);
  expect(ours).toEqual(whole.ours);
});

describe("each form of decoder, with places counted and no bias: bits in float32, else tokens and logits to 1e-4", () => {
  it.each(Object.entries(FORMS))("%s", async (file, { precision }) => {
    const { folder, ...more } = formFolder(file);
    made = folder;
    const { ours, theirs } = await conversation({ folder, ...more });
    if (precision === "raw") expect(ours).toEqual(theirs);
    for (const [i, step] of ours.entries()) {
      expect(step.tokens).toEqual(theirs[i].tokens);
      expect(difference(step, theirs[i])).toBeLessThan(1e-4);
    }
  });
});

/** Largest difference of logits, relative to the largest. */
function difference({ logits: ours }: Step, { logits: theirs }: Step): number {
  const pairs = theirs.flatMap((step, i) => Array.from(step, (value, j) => [value, ours[i][j]]));
  const largest = Math.max(...pairs.map(([value]) => Math.abs(value)));
  return Math.max(...pairs.map(([a, b]) => Math.abs(a - b))) / largest;
}
