/**
 * What a decoder is told of rows that tokens come back from: rows of several tokens, of one anchor, of an anchor that moves, and gone. Decoders whose
 * files were told before.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env, type Tensor } from "@huggingface/transformers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { orderRows, ownRow, type PlanRow, type RgbImage } from "../../src/core/index.js";
import { bytesSource, modelBytes, openOnnx, type ToldInput, tell } from "../../src/onnx/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { type LoadedDecoder, loadDecoder } from "./loaded-decoder.js";

/** Id of an image's rows in the tiny vocabulary. */
const IMAGE = 3;

beforeAll(() => {
  env.allowRemoteModels = false;
});

let loaded: LoadedDecoder | undefined;
afterEach(async () => {
  await loaded?.dispose();
  loaded = undefined;
});

function picture(): RgbImage {
  const scene = sampleScene({ split: "test", seed: 4, index: 1 });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
}

function merged(role: PlanRow["role"], anchor: number, sources: readonly number[]): PlanRow {
  return { role, anchor, sources, weights: sources.map(() => 1 / sources.length) };
}

/** Two rows that stand at one place, one that is eaten up, and the rest. */
const ROWS = [
  ownRow("visual", 2),
  merged("merged", 5, [5, 6, 7]),
  merged("merged", 5, [8, 9]),
  merged("merged", 10, [10, 11]),
];
const REST = merged("residual", 12, [12, 13, 14, 15]);
/** What comes back at the second turn and at the third. */
const BACK = [[], [5, 10], [5, 6, 10, 11, 12]];
/** Tokens that each of the rows stands for, in their order, at each turn; of a row that has gone: 1. */
const TOKENS = [
  [1, 3, 2, 2, 4],
  [1, 2, 2, 1, 4],
  [1, 1, 2, 1, 3],
];

/** A method whose rows come back by calls: one for each image of each turn. */
function byCalls(order: "append" | "grid", back = BACK) {
  let call = 0;
  return {
    id: "by-calls",
    summary: "",
    reference: "",
    needs: [],
    dynamic: false,
    options: [],
    mass: "entries",
    plan({ count }: { count: number }) {
      const own = back[call++].map((id) => ownRow("text", id));
      return orderRows([...own, ...ROWS, REST], count, order);
    },
  } as const;
}

describe("rows of several tokens, turn by turn", () => {
  it.each(["append", "grid"] as const)("speak for what they are made of still, in %s order", async (order) => {
    loaded = await loadDecoder(fileURLToPath(new URL("../../models/tiny", import.meta.url)));
    const { engine, runs } = loaded;
    const chat = engine.chat({ image: picture(), compression: { method: byCalls(order) }, mass: 1 });
    let before: number[] = [];
    for (const tokens of TOKENS) {
      runs.length = 0;
      const { promptIds, tokenIds } = await chat.ask({ question: "what color is the star?", maxNewTokens: 2 });
      const ids = [...before, ...promptIds];
      const bias = Array.from((runs[0].feeds.key_bias as Tensor).data as Float32Array);
      expect(bias).toHaveLength(ids.length);
      const rows = bias.filter((_, at) => ids[at] === IMAGE);
      const told = tokens.map((count) => Math.fround(Math.log(count)));
      // What came back stands behind, and speaks as one token.
      expect(rows).toEqual([...told, ...rows.slice(told.length).fill(0)]);
      expect(bias.filter((_, at) => ids[at] !== IMAGE).every((one) => one === 0)).toBe(true);
      before = [...ids, ...tokenIds.slice(0, -1)];
    }
    await chat.dispose();
  });

  it.each(["append", "grid"] as const)(
    "are told apart from those of an image that comes later, in %s order",
    async (order) => {
      loaded = await loadDecoder(fileURLToPath(new URL("../../models/tiny", import.meta.url)));
      const { engine, runs } = loaded;
      const method = byCalls(order, [[], BACK[1], [], BACK[2], BACK[1]]);
      const chat = engine.chat({ image: picture(), compression: { method }, mass: 1 });
      const question = "what color is the star?";
      const first = await chat.ask({ question, maxNewTokens: 2 });
      const second = await chat.ask({ image: picture(), question, maxNewTokens: 2 });
      runs.length = 0;
      const third = await chat.ask({ question, maxNewTokens: 2 });
      const ids = [first, second].flatMap(({ promptIds, tokenIds }) => [...promptIds, ...tokenIds.slice(0, -1)]);
      const bias = Array.from((runs[0].feeds.key_bias as Tensor).data as Float32Array);
      const rows = bias.filter((_, at) => [...ids, ...third.promptIds][at] === IMAGE);
      const told = (tokens: readonly number[]) => tokens.map((count) => Math.fround(Math.log(count)));
      const [none, back] = [BACK[1].map(() => 0), [...BACK[2].slice(2), ...BACK[1]].map(() => 0)];
      // The first image, what came back of it at the second turn, the second image, and what came back of both at the third.
      expect(rows).toEqual([...told(TOKENS[2]), ...none, ...told(TOKENS[1]), ...back]);
      await chat.dispose();
    },
  );
});

describe("a decoder whose file was told before", () => {
  const source = fileURLToPath(new URL("../golden/families/llava-siglip", import.meta.url));
  const asking = {
    image: picture(),
    question: "what color is the star?",
    compression: { method: "cdpruner", budget: { retain: 4 } },
    mass: 0.5,
    maxNewTokens: 4,
  } as const;
  const answer = async (folder: string) => {
    loaded = await loadDecoder(folder);
    const { tokenIds, told } = await loaded.engine.ask(asking);
    const steps = loaded.runs.map(({ logits }) => Array.from(logits));
    await loaded.dispose();
    loaded = undefined;
    return { tokenIds, told, steps };
  };

  it.each<{ what: ToldInput[] }>([{ what: ["places", "mass"] }, { what: ["places"] }, { what: ["mass"] }])(
    "$what: answers as the stock file does",
    async ({ what }) => {
      const folder = mkdtempSync(join(tmpdir(), "recoup-told-"));
      try {
        cpSync(source, folder, { recursive: true });
        const file = join(folder, "onnx/decoder_model_merged.onnx");
        const stock = await openOnnx(bytesSource(new Uint8Array(readFileSync(file)), "stock"));
        writeFileSync(file, await modelBytes(tell(stock, { what })));
        const told = await answer(folder);
        expect(told.told).toEqual({ positions: "original", mass: 0.5, untold: {} });
        expect(told).toEqual(await answer(source));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
