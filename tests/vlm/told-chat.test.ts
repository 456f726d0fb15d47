/** What a chat's decoder is told over three turns with images, run by run: by the answers' own positions and masses, counted here anew. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env, type Tensor } from "@huggingface/transformers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type CompressionPlan, planRows, type RgbImage } from "../../src/core/index.js";
import type { Chat, TurnResult } from "../../src/vlm/engine.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { type LoadedDecoder, loadDecoder, type Run } from "./loaded-decoder.js";

const QUESTIONS = ["what color is the star?", "is there a red ring?", "what letter is on the sign?"];
/** Id of an image's rows in the tiny vocabularies. */
const IMAGE = 3;
const ALPHA = 0.5;
const MODELS = [
  ["tiny", fileURLToPath(new URL("../../models/tiny", import.meta.url))],
  ...["llava-siglip", "smolvlm", "gemma3", "mistral3"].map((name) => [
    name,
    join(fileURLToPath(new URL("../golden/families/", import.meta.url)), name),
  ]),
];

beforeAll(() => {
  env.allowRemoteModels = false;
});

let loaded: LoadedDecoder | undefined;
afterEach(async () => {
  await loaded?.dispose();
  loaded = undefined;
});

const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "test", seed: 4, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};

/** A token of the sequence: the image and source id that it is a row of, if it is one. */
interface Token {
  readonly place: number;
  readonly row?: readonly [image: number, source: number];
}

/** Values of an input of a run. */
function fed({ feeds }: Run, name: string): number[] {
  return Array.from((feeds[name] as Tensor).data as Float32Array, Number);
}

/** Biases of a sequence by the plans of a turn: every row is a token of its own. */
function biasesOf(tokens: readonly Token[], plans: readonly CompressionPlan[]): number[] {
  const masses = plans.map((plan) => new Map(planRows(plan).map(({ anchor, mass }) => [anchor, mass ?? 1])));
  return tokens.map(({ row }) =>
    row === undefined ? 0 : Math.fround(ALPHA * Math.log(masses[row[0]].get(row[1]) ?? 1)),
  );
}

/** The tokens of a turn's prompt: at the first the rows of all plans, later those that come back. */
function promptTokens({ promptIds, positionIds, plans, recovered, turn }: TurnResult): Token[] {
  const rows = plans.flatMap((plan, image) =>
    (turn === 1 ? planRows(plan).map(({ anchor }) => anchor) : recovered[image]).map((id) => [image, id] as const),
  );
  let shown = 0;
  const tokens = promptIds.map((id, at) => ({
    place: positionIds[0][at],
    ...(id === IMAGE && { row: rows[shown++] }),
  }));
  expect(shown).toBe(rows.length);
  return tokens;
}

async function followTurns(chat: Chat, { runs }: LoadedDecoder): Promise<TurnResult[]> {
  let tokens: readonly Token[] = [];
  const results: TurnResult[] = [];
  for (const question of QUESTIONS) {
    runs.length = 0;
    const result = await chat.ask({ question, maxNewTokens: 4 });
    expect(result.told).toEqual({ positions: "original", mass: ALPHA, untold: {} });
    tokens = [...tokens, ...promptTokens(result)];
    // Text goes on behind all that was before it.
    const next = (tokens.at(-1)?.place ?? 0) + 1;
    expect(runs).toHaveLength(result.tokenIds.length);
    for (const [step, run] of runs.entries()) {
      if (step > 0) tokens = [...tokens, { place: next + step - 1 }];
      expect(fed(run, "places")).toEqual(tokens.map(({ place }) => place));
      expect(fed(run, "key_bias")).toEqual(biasesOf(tokens, result.plans));
    }
    results.push(result);
  }
  return results;
}

describe("a chat of three turns tells its decoder the places and the mass of every row", () => {
  it.each(MODELS)("%s, of one image and of two", async (_, folder) => {
    loaded = await loadDecoder(folder);
    for (const images of [[picture(1)], [picture(2), picture(3)]]) {
      const compression = { method: "cdpruner", budget: { retain: 5 } } as const;
      const chat = loaded.engine.chat({ images, compression, positions: "original", mass: ALPHA });
      const results = await followTurns(chat, loaded);
      await chat.dispose();
      const masses = results.map(({ plans }) => plans.map((plan) => [...(plan.mass ?? [])]));
      // Rows stand for more than themselves, and for less of it once others are back.
      expect(masses.flat(2).some((mass) => mass > 1)).toBe(true);
      expect(results.slice(1).flatMap(({ recovered }) => recovered.flat()).length).toBeGreaterThan(0);
      expect(masses[2]).not.toEqual(masses[0]);
    }
  });
});

describe("an answer that is stopped", () => {
  it("leaves what the decoder is told next as if it had not been asked", async () => {
    loaded = await loadDecoder(MODELS[1][1]);
    const { engine } = loaded;
    const compression = { method: "cdpruner", budget: { retain: 5 } } as const;
    const talk = async (stopped: boolean) => {
      const chat = engine.chat({ images: [picture(1)], compression, positions: "original", mass: ALPHA });
      await chat.ask({ question: QUESTIONS[0], maxNewTokens: 4 });
      if (stopped) {
        const controller = new AbortController();
        const answering = chat.ask({ question: QUESTIONS[2], maxNewTokens: 30, signal: controller.signal });
        const reading = (async () => {
          for await (const _ of answering) controller.abort();
        })();
        await expect(reading).rejects.toThrow(/abort/i);
      }
      (loaded as LoadedDecoder).runs.length = 0;
      const { tokenIds } = await chat.ask({ question: QUESTIONS[1], maxNewTokens: 4 });
      const steps = (loaded as LoadedDecoder).runs.map((run) => [fed(run, "places"), fed(run, "key_bias"), run.logits]);
      await chat.dispose();
      return { tokenIds, steps };
    };
    const undisturbed = await talk(false);
    expect(undisturbed.steps).toHaveLength(undisturbed.tokenIds.length);
    expect(await talk(true)).toEqual(undisturbed);
  });
});
