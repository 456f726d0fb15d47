/**
 * Conversations with recovered tokens: the prompts by hand, and answers and logits of PyTorch, which computes each conversation as one
 * sequence without a cache (python/recoup_train/chat_golden.py).
 */
import { readFileSync } from "node:fs";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadVlm, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

interface Turn {
  readonly question: string;
  readonly promptIds: readonly number[];
  readonly tokens: readonly number[];
  readonly logits: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/tiny/append.json", import.meta.url), "utf8"));
const conversations: readonly { source: { split: "test"; seed: number; index: number }; turns: readonly Turn[] }[] =
  golden.conversations;

/** Ids of models/tiny: see its tokenizer.json. */
const [BOS, PLACEHOLDER, END] = [1, 3, 135];

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

function picture(source: (typeof conversations)[number]["source"]): RgbImage {
  const scene = sampleScene(source);
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
}

describe("append", () => {
  it.each(conversations.map(({ source, turns }) => [source.index, source, turns] as const))(
    "conversation %i gives PyTorch's tokens and logits",
    async (_, source, turns) => {
      const compression = { method: "recoverable", budget: { retain: golden.retain } } as const;
      const chat = vlm.chat({ image: picture(source), compression, positions: "compact", recovery: "append" });
      for (const { question, promptIds, tokens, logits } of turns) {
        const { steps, logits_processor } = watchLogits();
        const options = { question, maxNewTokens: 6, generation: { logits_processor } };
        const result = await chat.ask(options).result;
        expect(result.promptIds).toEqual(promptIds);
        expect(result.tokenIds).toEqual(tokens);
        const largest = Math.max(...logits.map(Math.abs));
        const off = Math.max(...logits.map((value, i) => Math.abs(value - steps[0][i])));
        expect(off / largest).toBeLessThan(1e-4);
      }
      await chat.dispose();
      // The same without a processor that looks on: the first token then comes from the prefill itself.
      const plain = vlm.chat({ image: picture(source), compression, positions: "compact", recovery: "append" });
      for (const { question, tokens } of turns) {
        expect((await plain.ask({ question, maxNewTokens: 6 }).result).tokenIds).toEqual(tokens);
      }
      await plain.dispose();
    },
  );
});

describe("prompts by hand", () => {
  const image = picture({ split: "test", seed: 9, index: 0 });
  /** USER, ":", ASSISTANT, ":" and the words of a question by the vocabulary. */
  const [USER, COLON, ASSISTANT] = [114, 11, 21];
  const star = [118, 35, 64, 105, 101, 12];
  const compression = { budget: { retain: 5 } };
  const places = (count: number) => Array(count).fill(PLACEHOLDER);

  it("of one picture, two and none", async () => {
    const question = "what color is the star?";
    const one = await vlm.ask({ image, question, compression, maxNewTokens: 1 }).result;
    expect(one.promptIds).toEqual([BOS, USER, COLON, ...places(5), ...star, ASSISTANT, COLON]);
    const two = await vlm.ask({ images: [image, image], question, compression, maxNewTokens: 1 }).result;
    expect(two.promptIds).toEqual([BOS, USER, COLON, ...places(10), ...star, ASSISTANT, COLON]);
    const none = await vlm.ask({ question, maxNewTokens: 1 }).result;
    expect(none.promptIds).toEqual([BOS, USER, COLON, ...star, ASSISTANT, COLON]);
  });

  it("of later turns: the answer's last token, the next question, and recovered rows where a picture would stand", async () => {
    const question = "what color is the star?";
    for (const recovery of ["append", "none"] as const) {
      const chat = vlm.chat({ image, compression, recovery });
      const first = await chat.ask({ question: "what pattern is the ground?" }).result;
      expect(first.tokenIds.at(-1)).toBe(END);
      const second = await chat.ask({ question }).result;
      const rows = second.recovered[0].length;
      expect(rows > 0).toBe(recovery === "append");
      expect(second.promptIds).toEqual([END, USER, COLON, ...places(rows), ...star, ASSISTANT, COLON]);
      // The cache goes on where it was: the first prompt, its answer, this prompt.
      const length = first.promptIds.length + first.tokenIds.length - 1 + second.promptIds.length;
      expect(second.tokens.prompt).toBe(length);
      expect(second.kvBytes.kept).toBe(4096 * length);
      await chat.dispose();
    }
  });

  it("of an answer that was cut short: the template's end of an answer is fed as well", async () => {
    const chat = vlm.chat({ image, compression, recovery: "none" });
    const first = await chat.ask({ question: "what color is the star?", maxNewTokens: 1 }).result;
    expect(first.tokenIds).toHaveLength(1);
    const second = await chat.ask({ question: "what color is the star?" }).result;
    expect(second.promptIds).toEqual([first.tokenIds[0], END, USER, COLON, ...star, ASSISTANT, COLON]);
    await chat.dispose();
  });

  it("of a conversation that is computed anew: the union of both plans in the picture's place", async () => {
    const chat = vlm.chat({ image, compression, recovery: "reprefill" });
    const first = await chat.ask({ question: "what color is the star?" }).result;
    const second = await chat.ask({ question: "what letter is on the sign?" }).result;
    const held = second.plans[0].roles.length;
    expect(second.promptIds.slice(0, 3 + held + star.length + 2)).toEqual([
      BOS,
      USER,
      COLON,
      ...places(held),
      ...star,
      ASSISTANT,
      COLON,
    ]);
    expect(second.promptIds.slice(3 + held + star.length + 2)[0]).toBe(first.tokenIds[0]);
    await chat.dispose();
  });
});
