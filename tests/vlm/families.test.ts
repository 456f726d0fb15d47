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
  type ImageProcessor,
  type PreTrainedTokenizer,
  type Processor,
  RawImage,
  Tensor,
} from "@huggingface/transformers";
import { beforeAll, describe, expect, it } from "vitest";
import { rowCount } from "../../src/core/index.js";
import { loadVlm, type RgbImage } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { hostWithWatch, watchLogits } from "./watch-logits.js";

const root = fileURLToPath(new URL("../golden/families/", import.meta.url));
const QUESTIONS = ["what color is the star?", "how many red rings are there?"];

beforeAll(() => {
  env.allowRemoteModels = false;
});

const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "test", seed: 4, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
/** Its upper two thirds. */
const wide = (index: number): RgbImage => {
  const { data, width, height } = picture(index);
  const rows = Math.round((height * 2) / 3);
  return { data: data.subarray(0, rows * width * 3), width, height: rows };
};
const hostPicture = ({ data, width, height }: RgbImage) => new RawImage(data as Uint8ClampedArray, width, height, 3);

const row = (values: readonly number[]) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

/** What stock transformers.js is given for a question about a picture, as its documentation has it for the family. */
interface Stock {
  readonly processor: Processor;
  readonly tokenizer: PreTrainedTokenizer;
  readonly tokens: number;
}
type StockInputs = (stock: Stock, image: RgbImage, question: string) => Promise<Record<string, unknown>>;

const prompt = ({ processor, tokenizer }: Stock, content: unknown) =>
  (processor.chat_template ? processor : tokenizer).apply_chat_template([{ role: "user", content }] as never, {
    add_generation_prompt: true,
    tokenize: false,
  }) as string;
const parts = (question: string) => [{ type: "image" }, { type: "text", text: question }];
const plain = { add_special_tokens: false };

/** The processor of these folders has no tokenizer, so the placeholders are written here. */
const byHand: StockInputs = async (stock, image, question) => {
  const ids = Array.from(stock.tokenizer(prompt(stock, parts(question))).input_ids.data as BigInt64Array, Number);
  const whole = ids.flatMap((id) => (id === 3 ? Array(stock.tokens).fill(3) : [id]));
  const { pixel_values } = await (stock.processor.image_processor as ImageProcessor)(hostPicture(image));
  return { input_ids: row(whole), attention_mask: row(whole.map(() => 1)), pixel_values };
};
const smolvlm: StockInputs = (stock, image, question) =>
  stock.processor(prompt(stock, parts(question)), [hostPicture(image)]);
const gemma3: StockInputs = (stock, image, question) =>
  stock.processor(prompt(stock, parts(question)), hostPicture(image), plain);
const fastvlm: StockInputs = (stock, image, question) =>
  stock.processor(hostPicture(image), prompt(stock, `<image>\n${question}`), plain);
const paligemma: StockInputs = ({ processor }, image, question) => processor(hostPicture(image), `<image>${question}`);
const mistral3: StockInputs = (stock, image, question) =>
  stock.processor(hostPicture(image), prompt(stock, parts(question)), plain);

/** How the source tokens of the one picture lie: `grids` of `lines` x `columns`; marks that its prompt has beside them. */
const FAMILIES = [
  { name: "llava-siglip", inputs: byHand, grids: 1, lines: 4, columns: 4, marks: [] },
  { name: "llava-onevision", inputs: byHand, grids: 1, lines: 4, columns: 4, marks: [] },
  // Four tiles and the whole.
  { name: "smolvlm", inputs: smolvlm, grids: 5, lines: 2, columns: 2, marks: ["<global-img>", "<row_2_col_2>"] },
  { name: "gemma3", inputs: gemma3, grids: 1, lines: 4, columns: 4, marks: ["<start_of_image>", "<end_of_image>"] },
  { name: "fastvlm", inputs: fastvlm, grids: 1, lines: 4, columns: 4, marks: [] },
  { name: "paligemma", inputs: paligemma, grids: 1, lines: 4, columns: 4, marks: [], turns: 1 },
  {
    name: "mistral3",
    inputs: mistral3,
    grids: 1,
    lines: 4,
    columns: 6,
    marks: ["[IMG_BREAK]", "[IMG_BREAK]", "[IMG_BREAK]", "[IMG_END]"],
    of: wide,
  },
] as const;

describe.each<{
  readonly name: string;
  readonly inputs: StockInputs;
  readonly grids: number;
  readonly lines: number;
  readonly columns: number;
  readonly marks: readonly string[];
  readonly turns?: number;
  readonly of?: (index: number) => RgbImage;
}>(FAMILIES)("$name", ({ name, inputs, grids, lines, columns, marks, turns = 2, of = picture }) => {
  const folder = join(root, name);
  const tokens = grids * lines * columns;

  async function loadStock() {
    const model = await AutoModelForImageTextToText.from_pretrained(folder);
    const processor = await AutoProcessor.from_pretrained(folder);
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    return { model, processor, tokenizer, tokens };
  }

  /** What stock transformers.js answers to a question about a picture. */
  async function stock(image: RgbImage, question: string) {
    const { model, ...rest } = await loadStock();
    const given = await inputs(rest, image, question);
    const { steps, logits_processor } = watchLogits();
    const options = { ...given, max_new_tokens: 6, do_sample: false, logits_processor };
    const sequences = (await model.generate(options as never)) as Tensor;
    const prompt = Array.from((given.input_ids as Tensor).data as BigInt64Array, Number);
    await model.dispose();
    return { prompt, tokens: sequences.tolist()[0].map(Number).slice(prompt.length) as number[], steps };
  }

  it("gives stock tokens and logits with all tokens kept, in one turn and two", { timeout: 60_000 }, async () => {
    const image = of(1);
    const first = await stock(image, QUESTIONS[0]);
    const largest = Math.max(...first.steps[0].map(Math.abs));
    const off = (steps: readonly Float32Array[]) =>
      Math.max(...first.steps.flatMap((step, i) => Array.from(step, (x, j) => Math.abs(x - steps[i][j])))) / largest;
    const compression = { method: "none" } as const;
    const asked = { image, question: QUESTIONS[0], compression, maxNewTokens: 6 };
    const { host, steps } = hostWithWatch();
    const vlm = await loadVlm(folder, { transformers: host });
    const answered = await vlm.ask(asked).result;
    expect(answered.promptIds).toEqual(first.prompt);
    expect(answered.tokenIds).toEqual(first.tokens);
    expect(answered.tokens).toMatchObject({ source: tokens, kept: tokens });
    expect(steps).toHaveLength(first.steps.length);
    expect(off(steps)).toBeLessThan(1e-4);
    // With options of the host's generation, which then has the prompt's last token.
    const watch = watchLogits();
    const optional = { ...asked, generation: { logits_processor: watch.logits_processor } };
    if (vlm.manifest.prefix) await expect(vlm.ask(optional)).rejects.toThrow(/plain greedy answers of paligemma/);
    else {
      expect((await vlm.ask(optional).result).tokenIds).toEqual(first.tokens);
      expect(off(watch.steps)).toBeLessThan(1e-4);
    }
    // Random weights, but they see the picture: another one changes the logits by far more.
    const other = await stock(of(3), QUESTIONS[0]);
    const apart = Math.max(...Array.from(other.steps[0], (x, j) => Math.abs(x - first.steps[0][j])));
    expect(apart / largest).toBeGreaterThan(1e-2);
    // Random weights end no answer, so a second turn begins with an answer that was cut short.
    for (const recovery of ["append", "none"] as const) {
      const chat = vlm.chat({ image, compression, recovery });
      await chat.ask({ question: QUESTIONS[0], maxNewTokens: 6 }).result;
      if (turns === 1) {
        await expect(chat.ask({ question: QUESTIONS[1] }).result).rejects.toThrow(/answers one question/);
        await chat.dispose();
        continue;
      }
      const second = await chat.ask({ question: QUESTIONS[1], maxNewTokens: 6 }).result;
      const sequence = [...first.prompt, ...first.tokens.slice(0, -1), ...second.promptIds];
      expect(second.tokenIds).toEqual(await continued(image, sequence));
      await chat.dispose();
    }
    await vlm.dispose();
  });

  /** Stock generation from ids that hold the picture's placeholders. */
  async function continued(image: RgbImage, ids: readonly number[]): Promise<number[]> {
    const { model, ...rest } = await loadStock();
    const { pixel_values, pixel_attention_mask } = await inputs(rest, image, QUESTIONS[0]);
    const given = { pixel_values, ...(pixel_attention_mask !== undefined && { pixel_attention_mask }) };
    const options = { ...given, input_ids: row(ids), attention_mask: row(ids.map(() => 1)) };
    const sequences = (await model.generate({ ...options, max_new_tokens: 6, do_sample: false } as never)) as Tensor;
    await model.dispose();
    return sequences.tolist()[0].map(Number).slice(ids.length);
  }

  it("keeps few tokens by features and words, and says what stands for the question", async () => {
    const vlm = await loadVlm(folder);
    expect(vlm.manifest).toMatchObject({ path: "features", defaultMethod: "divprune-cen" });
    expect(vlm.manifest.substitutes?.textSimilarity).toMatch(/language model's embeddings/);
    const image = of(2);
    const { tokenizer } = await loadStock();
    for (const method of ["divprune-cen", "mmtok", "divprune", "cdpruner", "text-topk", "random"] as const) {
      const compression = { method, budget: { retain: 6 } };
      const result = await vlm.ask({ image, question: QUESTIONS[0], compression, maxNewTokens: 3 }).result;
      expect(rowCount(result.plans[0]), method).toBe(6);
      expect(result.promptIds.filter((id) => id === 3)).toHaveLength(6);
      const tiles = Array.from({ length: grids }, (_, tile) => ({
        rows: lines,
        columns,
        offset: tile * lines * columns,
      }));
      expect(result.tables[0].grids).toEqual(tiles);
      // What stands around the picture and between its lines stays.
      const shown = tokenizer.decode(result.promptIds as number[], { skip_special_tokens: false });
      for (const mark of marks) {
        const count = marks.filter((other) => other === mark).length;
        expect(shown.split(mark), mark).toHaveLength(count + 1);
      }
      expect(result.tables[0].clsAttention).toBeUndefined();
    }
    for (const method of ["recoverable", "cls-topk", "visionzip", "prumerge"] as const) {
      await expect(vlm.ask({ image, question: QUESTIONS[0], compression: { method } })).rejects.toThrow(
        /which needs (keys|clsAttention)/,
      );
    }
    const chat = vlm.chat({ image, compression: { method: "text-topk", budget: { retain: 4 } } });
    const first = await chat.ask({ question: QUESTIONS[0], maxNewTokens: 2 }).result;
    expect(first.tokens.kept).toBe(4);
    if (turns > 1) {
      const second = await chat.ask({ question: QUESTIONS[1], maxNewTokens: 2 }).result;
      expect(second.tokens.kept).toBe(first.tokens.kept + second.recovered[0].length);
    }
    await vlm.dispose();
  });
});
