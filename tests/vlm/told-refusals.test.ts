/** What decoders are told and cannot be: places and biases that are none, and decoders that take no places, in engines. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { InvalidInputError } from "../../src/core/index.js";
import type { DecoderPrompt, Sequence } from "../../src/vlm/model-parts.js";
import { StageClock } from "../../src/vlm/stages.js";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { folderWith, formFolder, type LoadedDecoder, loadDecoder } from "./loaded-decoder.js";

const family = fileURLToPath(new URL("../golden/families/llava-siglip", import.meta.url));
/** Rows of the tables in tests/golden/decoders. */
const TABLE = 256;

beforeAll(() => {
  env.allowRemoteModels = false;
});

let loaded: LoadedDecoder | undefined;
let made: string | undefined;
afterEach(async () => {
  await loaded?.dispose();
  if (made !== undefined) rmSync(made, { recursive: true });
  [loaded, made] = [undefined, undefined];
});

async function prompt({ decoder }: LoadedDecoder, change: Partial<DecoderPrompt>): Promise<DecoderPrompt> {
  const ids = [1, 20, 21, 22];
  return {
    ids,
    rows: await decoder.embed(ids),
    positions: [[0, 1, 5, 6]],
    nextPosition: 7,
    maxNewTokens: 3,
    emit: () => {},
    clock: new StageClock(),
    ...change,
  };
}

/** Prompts of four tokens that are refused, with the reason. */
const BAD: readonly (readonly [name: string, Partial<DecoderPrompt>, RegExp])[] = [
  ["a place at the answer's", { positions: [[0, 1, 5, 7]] }, /places before the answer's 7, got 7 of token 3$/],
  ["a place behind the answer's", { positions: [[0, 9, 5, 6]] }, /places before the answer's 7, got 9 of token 1$/],
  ["an answer that goes back", { nextPosition: 3 }, /places before the answer's 3, got 5 of token 2$/],
  ["a negative place", { positions: [[0, -1, 5, 6]] }, /places as whole numbers from 0, got -1 of token 1$/],
  ["half a place", { positions: [[0, 1.5, 5, 6]] }, /places as whole numbers from 0, got 1.5 of token 1$/],
  ["no number for a place", { positions: [[NaN, 1, 5, 6]] }, /places as whole numbers from 0, got NaN of token 0$/],
  ["an answer at no number", { nextPosition: NaN }, /places of the answer from a whole number on, got NaN$/],
  ["too few places", { positions: [[0, 1, 5]] }, /places of 4 tokens in the cache and new, got 3$/],
  ["too many places", { positions: [[0, 1, 2, 3, 4]] }, /places of 4 tokens in the cache and new, got 5$/],
  [
    "places of three planes",
    {
      positions: [
        [0, 1, 5, 6],
        [0, 1, 1, 2],
        [0, 1, 2, 2],
      ],
    },
    /positions of one plane, got 3$/,
  ],
  [
    "an infinite bias",
    { biases: Float32Array.of(0, 0, -Infinity, 0) },
    /finite values of key_bias, got -Infinity of token 2$/,
  ],
  ["no number for a bias", { biases: Float32Array.of(NaN, 0, 0, 0) }, /finite values of key_bias, got NaN of token 0$/],
  ["too few biases", { biases: new Float32Array(3) }, /key_bias of 4 tokens in the cache and new, got 3$/],
  ["too many biases", { biases: new Float32Array(5) }, /key_bias of 4 tokens in the cache and new, got 5$/],
];

describe("a sequence", () => {
  const refused = async (sequence: Sequence, bad: DecoderPrompt, reason: RegExp) => {
    const answering = sequence.answer(bad);
    await expect(answering).rejects.toThrow(InvalidInputError);
    await expect(answering).rejects.toThrow(reason);
  };

  it.each(BAD)("refuses %s, and is as it was", async (_, change, reason) => {
    loaded = await loadDecoder(family);
    const sequence = loaded.decoder.begin();
    await refused(sequence, await prompt(loaded, change), reason);
    expect([sequence.length, loaded.runs]).toEqual([0, []]);
    const good = await prompt(loaded, {});
    const after = await sequence.answer(good);
    expect(after).toEqual(await loaded.decoder.begin().answer(good));
  });

  it("counts the cache's tokens in, and those of its answer", async () => {
    loaded = await loadDecoder(family);
    const sequence = loaded.decoder.begin();
    await sequence.answer(await prompt(loaded, {}));
    // Four tokens of the prompt, two of the answer, four of this one.
    const next = { positions: [[9, 3, 10, 11]], nextPosition: 12 };
    const short = await prompt(loaded, { ...next, biases: new Float32Array(4) });
    await refused(sequence.fork(), short, /key_bias of 10 tokens in the cache and new, got 4$/);
    const few = await prompt(loaded, { ...next, positions: [[9, 3, 10]] });
    await refused(sequence.fork(), few, /places of 10 tokens in the cache and new, got 9$/);
    const back = await prompt(loaded, { positions: [[0, 1, 2, 3]], nextPosition: 8 });
    await refused(sequence.fork(), back, /places before the answer's 8, got 8 of token 5$/);
    const good = await prompt(loaded, { ...next, biases: new Float32Array(10) });
    expect(await sequence.fork().answer(good)).toHaveLength(3);
  });

  it("refuses places beyond its decoder's tables, to the last token that is fed", async () => {
    const { folder, options } = formFolder("gqa.raw.onnx");
    made = folder;
    loaded = await loadDecoder(folder, options);
    const far = (nextPosition: number) => ({ positions: [[0, 1, 2, nextPosition - 1]], nextPosition });
    // The second and last token that is fed stands in the last row.
    const last = await prompt(loaded, far(TABLE - 2));
    expect(await loaded.decoder.begin().answer(last)).toHaveLength(3);
    const beyond = await prompt(loaded, far(TABLE - 1));
    await refused(loaded.decoder.begin(), beyond, /places below the 256 of the decoder's tables, got 256$/);
  });
});

describe("an engine", () => {
  it("takes no prompt that its decoder's tables have no places for", async () => {
    made = formFolder("gqa.raw.onnx").folder;
    const vlm = await loadVlm(made);
    expect(vlm.manifest.maxPositions).toBe(TABLE);
    for (const positions of ["compact", "original"] as const) {
      const asked = vlm.ask({ question: "star ".repeat(TABLE), maxNewTokens: 2, positions });
      await expect(asked).rejects.toThrow(/at most 256 tokens of prompt and answer/);
    }
    await vlm.dispose();
  });

  it.each([
    ["learned.onnx", /its positions are learned, and added to the embeddings$/],
    ["none.onnx", /position_ids leads to no rotation$/],
  ])("says that %s takes no places, and gives it mass", async (file, reason) => {
    made = folderWith(file);
    loaded = await loadDecoder(made);
    const { engine } = loaded;
    expect(engine.capabilities).toMatchObject({ positions: ["compact"], mass: true });
    const question = "what color is the star?";
    const asked = engine.ask({ question, positions: "original" });
    await expect(asked).rejects.toThrow(InvalidInputError);
    await expect(asked).rejects.toThrow(reason);
    expect(() => engine.chat({ positions: "original" })).toThrow(reason);
    expect(engine.capabilities.untold).toEqual({ positions: expect.stringMatching(reason) });
    const { told } = await engine.ask({ question, positions: "compact", mass: true, maxNewTokens: 2 });
    expect(told).toEqual({ positions: "compact", mass: 1, untold: {} });
    for (const { feeds } of loaded.runs) {
      expect(feeds).toHaveProperty("key_bias");
      expect(feeds).not.toHaveProperty("places");
    }
  });

  it("names an alpha that is none", async () => {
    loaded = await loadDecoder(family);
    for (const mass of [-1, 6, NaN, Infinity, "loud" as never]) {
      await expect(loaded.engine.ask({ question: "what?", mass })).rejects.toThrow(
        /mass true, false or a number from 0 to 5/,
      );
    }
  });
});
