/**
 * Original positions: answers and logits of PyTorch, which is given kept tokens and positions by hand (python/recoup_train), in one turn
 * and two, by the prefill's own logits and by the library's generation.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompressionMethod, InvalidInputError, orderRows, ownRow, type Role } from "../../src/core/index.js";
import { findMethod } from "../../src/methods/index.js";
import { bytesSource, modelBytes, openOnnx } from "../../src/onnx/index.js";
import { makeNode } from "../../src/onnx/proto/make.js";
import { withInputs } from "../../src/onnx/proto/write-model.js";
import { loadVlm, type RgbImage, type TurnResult, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

interface Turn {
  readonly question: string;
  readonly promptIds: readonly number[];
  readonly positionIds: readonly number[];
  readonly tokenIds: readonly number[];
  readonly logits: readonly number[];
}
interface Source {
  readonly split: "test";
  readonly seed: number;
  readonly index: number;
}
interface Golden {
  readonly cases: readonly (Turn & { readonly source: Source; readonly kept: readonly number[] })[];
  readonly chats: readonly {
    readonly source: Source;
    readonly turns: readonly (Turn & { readonly rows: readonly number[] })[];
  }[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/tiny/positions.json", import.meta.url), "utf8"));

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

function image(source: Source): RgbImage {
  const scene = sampleScene(source);
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
}

/** Keeps the given ids. */
function given(ids: readonly number[], role: Role = "visual"): CompressionMethod {
  const rows = ids.map((id) => ownRow(role, id));
  const { mass: _, ...random } = findMethod("random");
  return { ...random, id: "given", plan: ({ count }) => orderRows(rows, count, "grid") };
}

function expectClose(logits: Float32Array, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  const off = Math.max(...expected.map((value, i) => Math.abs(value - logits[i])));
  expect(off / largest).toBeLessThan(1e-4);
}

it("a run with a decoder that has no input for them is refused before anything is asked, and says so without the flag", async () => {
  const folder = await blindFolder();
  const main = fileURLToPath(new URL("../../dist/bin/recoup.js", import.meta.url));
  const request = ["--tasks", "syn_textvqa", "--pictures", "1", "--limit", "2", "--budgets", "16", "--no-controls"];
  const args = [
    "eval",
    ...request,
    "--methods",
    "cdpruner",
    "--model",
    join(folder, "tiny"),
    "--out",
    join(folder, "run"),
  ];
  const recoup = (...more: string[]) => spawnSync(process.execPath, [main, ...args, ...more], { encoding: "utf8" });
  const refused = recoup("--positions", "original");
  expect(refused.stderr).toMatch(
    /positions compact, got original, and the decoder of this model cannot be told: .*no rotation/,
  );
  expect([refused.status, existsSync(join(folder, "run/answers.jsonl"))]).toEqual([2, false]);
  const { status, stdout } = recoup();
  expect(status).toBe(0);
  expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/The decoder was not told positions in cdpruner@16: .*no rotation/);
  rmSync(folder, { recursive: true });
}, 60_000);

describe("original positions", () => {
  it.each(golden.cases.map((one) => [one.source.index, one] as const))(
    "of prompt %i give PyTorch's tokens and logits",
    async (_, { source, kept, question, promptIds, positionIds, tokenIds, logits }) => {
      const options = { image: image(source), question, compression: { method: given(kept) }, maxNewTokens: 8 };
      const { steps, logits_processor } = watchLogits();
      const asked = { ...options, positions: "original" } as const;
      const result = await vlm.ask({ ...asked, generation: { logits_processor } });
      expect(result.promptIds).toEqual(promptIds);
      expect(result.positionIds).toEqual([positionIds]);
      expect(result.tokenIds).toEqual(tokenIds);
      expectClose(steps[0], logits);
      // Without a processor that looks on, the first token comes from the prefill's own logits.
      expect((await vlm.ask(asked)).tokenIds).toEqual(tokenIds);
    },
  );

  it.each(golden.chats.map((one) => [one.source.index, one] as const))(
    "of conversation %i give PyTorch's tokens and logits, recovered rows at their places in the image",
    async (_, { source, turns }) => {
      let turn = 0;
      const method: CompressionMethod = {
        ...given([]),
        plan: (table) => given(turns[turn].rows, turn === 0 ? "visual" : "text").plan(table),
      };
      for (const watched of [true, false]) {
        const chat = vlm.chat({ image: image(source), compression: { method }, positions: "original" });
        for (turn = 0; turn < turns.length; turn++) {
          const { question, rows, promptIds, positionIds, tokenIds, logits } = turns[turn];
          const { steps, logits_processor } = watchLogits();
          const generation = watched ? { logits_processor } : {};
          const result = await chat.ask({ question, maxNewTokens: 8, generation });
          expect(result.promptIds).toEqual(promptIds);
          expect(result.positionIds).toEqual([positionIds]);
          expect(result.tokenIds).toEqual(tokenIds);
          if (turn > 0) expect(result.recovered).toEqual([rows]);
          if (watched) expectClose(steps[0], logits);
        }
        await chat.dispose();
      }
    },
  );

  it("are those of a conversation computed anew, and count past the tokens that are not there", async () => {
    const source = golden.cases[0].source;
    const results = [];
    for (const recovery of ["append", "reprefill"] as const) {
      const compression = { method: given([3, 40, 41]) };
      const chat = vlm.chat({ image: image(source), compression, positions: "original", recovery });
      await chat.ask({ question: "what color is the star?", maxNewTokens: 8 });
      const { steps, logits_processor } = watchLogits();
      const next = { question: "what letter is on the sign?", maxNewTokens: 8, generation: { logits_processor } };
      results.push({ ...(await chat.ask(next)), steps });
      await chat.dispose();
    }
    const [appended, anew] = results;
    expect(appended.tokenIds).toEqual(anew.tokenIds);
    expectClose(appended.steps[0], [...anew.steps[0]]);
    expect(anew.positionIds[0].slice(-appended.positionIds[0].length)).toEqual(appended.positionIds[0]);
    expect(anew.positionIds[0].at(-1)).toBeGreaterThan(576);
    // A whole prompt would not fit, so neither does this one.
    const long = "star ".repeat(1500);
    const compression = { method: given([3]) };
    const asked = vlm.ask({ image: image(source), question: long, compression, positions: "original" });
    await expect(asked).rejects.toThrow(/at most 2048 positions of prompt and answer, got 2145 .*compact: 1506/);
  });

  it("change nothing where all tokens are kept: bit for bit", async () => {
    const { source, question } = golden.cases[1];
    const answers = [];
    for (const positions of ["compact", "original"] as const) {
      const { steps, logits_processor } = watchLogits();
      const compression = { method: "none" } as const;
      const options = { image: image(source), question, compression, maxNewTokens: 8, positions };
      const { tokenIds, positionIds } = await vlm.ask({ ...options, generation: { logits_processor } });
      answers.push({ tokenIds, positionIds, steps, plain: (await vlm.ask(options)).tokenIds });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it("give way to compact ones where nobody asked for them and the model has too few: in one question", async () => {
    const images = [0, 1, 2, 3].map((index) => image({ split: "test", seed: 9, index }));
    const asked = { images, question: "what color is the star?", maxNewTokens: 2 };
    const compression = { method: "divprune", budget: 58 } as const;
    const free = await vlm.ask({ ...asked, compression, mass: false });
    const reason = /they would take 23\d\d positions, and the model has 2048/;
    expect(free.told).toEqual({ positions: "compact", mass: 0, untold: { positions: expect.stringMatching(reason) } });
    const compact = await vlm.ask({ ...asked, compression, mass: false, positions: "compact" });
    expect(compact.told.untold).toEqual({});
    expect([free.positionIds, free.tokenIds]).toEqual([compact.positionIds, compact.tokenIds]);
    await expect(vlm.ask({ ...asked, compression, positions: "original" })).rejects.toThrow(
      /at most 2048 positions of prompt and answer, got 23\d\d with positions original \(compact: /,
    );
    await expect(vlm.ask({ ...asked, compression: { method: "none" } })).rejects.toThrow(/at most 2048 tokens/);
  });

  it("give way to compact ones from the turn on that has too few, which is computed anew", async () => {
    const compression = { method: "divprune", budget: 58 } as const;
    const question = "what color is the star?";
    const images = [0, 1, 2, 3, 4].map((index) => image({ split: "test", seed: 9, index }));
    const chat = vlm.chat({ compression, mass: false, recovery: "append" });
    const turns: TurnResult[] = [];
    for (const one of images) turns.push(await chat.ask({ image: one, question, maxNewTokens: 3 }));
    await chat.dispose();
    expect(turns.map(({ told }) => told.positions)).toEqual(["original", "original", "original", "compact", "compact"]);
    expect(turns.map(({ told }) => told.untold.positions !== undefined)).toEqual([false, false, false, true, true]);
    // The fourth is the whole conversation, as one that is compact from the start.
    const messages = images.slice(0, 4).flatMap((one, i) => [
      {
        role: "user" as const,
        content: [
          { type: "image" as const, image: one },
          { type: "text" as const, text: question },
        ],
      },
      { role: "assistant" as const, content: turns[i].answer },
    ]);
    const asked = {
      messages: messages.slice(0, -1),
      compression,
      mass: false,
      positions: "compact",
      maxNewTokens: 3,
    } as const;
    const { promptIds, positionIds, tokenIds } = await vlm.ask(asked);
    expect(turns[3]).toMatchObject({ promptIds, positionIds, tokenIds });
    // The fifth goes on from there.
    expect(turns[4].promptIds.length).toBeLessThan(2 * 58);
    expect(turns[4].positionIds[0][0]).toBe(promptIds.length + tokenIds.length - 1);
  });

  it("are refused by name where the decoder has no input for them, and where they are no numbering", async () => {
    const bad = { question: "what?", positions: "sparse" as never };
    await expect(vlm.ask(bad)).rejects.toThrow(/positions compact or original, got sparse/);
    const folder = await blindFolder();
    const blind = await loadVlm(join(folder, "tiny"));
    expect(blind.capabilities.positions).toEqual(["compact"]);
    const asked = { image: image(golden.cases[0].source), question: "what color is the star?", maxNewTokens: 2 };
    await expect(blind.ask({ ...asked, positions: "original" })).rejects.toThrow(InvalidInputError);
    await expect(blind.ask({ ...asked, positions: "original" })).rejects.toThrow(
      /cannot be told: .*position_ids leads to no rotation/,
    );
    expect(() => blind.chat({ positions: "original" })).toThrow(/cannot be told: .*position_ids leads to no rotation/);
    // What nobody asked for goes on without, and says so.
    const { told } = await blind.ask(asked).result;
    expect(told).toMatchObject({ positions: "compact", untold: { positions: expect.stringMatching(/no rotation/) } });
    expect(blind.capabilities.untold).toEqual(told.untold);
    // Who asks for no more lacks nothing, nor do all tokens.
    const enough = [{ positions: "compact" }, { compression: { method: "none" } }] as const;
    for (const more of enough) expect((await blind.ask({ ...asked, ...more })).told.untold).toEqual({});
    await blind.dispose();
    rmSync(folder, { recursive: true });
  });
});

/** The bundled model, with positions that go through a node that no rotation has: nothing is proven of what they lead to. */
async function blindFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-blind-"));
  for (const name of ["tiny", "tiny-clip"]) cpSync(join(root, "models", name), join(folder, name), { recursive: true });
  const path = join(folder, "tiny", "onnx", "decoder_model_merged.onnx");
  const model = await openOnnx(bytesSource(readFileSync(path)));
  const [name, once, twice] = ["position_ids", "once", "twice"];
  const nodes = model.graph.nodes.map((node) =>
    node.inputs.includes(name)
      ? withInputs(
          node,
          node.inputs.map((one) => (one === name ? twice : one)),
        )
      : node,
  );
  const added = [
    [name, once],
    [once, twice],
  ].map(([from, to]) => makeNode({ opType: "Neg", inputs: [from], outputs: [to] }));
  writeFileSync(path, await modelBytes({ ...model, graph: { ...model.graph, nodes: [...added, ...nodes] } }));
  return folder;
}
