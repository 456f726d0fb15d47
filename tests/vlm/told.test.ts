/**
 * Decoders that engines tell places and biases, against PyTorch (tests/golden/told, made by python/recoup_fixtures/make_told.py): prompts of no,
 * one and two images, three turns on one cache, and a fork.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseSafetensors } from "../../src/files/index.js";
import type { DecoderPrompt, Sequence } from "../../src/vlm/model-parts.js";
import { StageClock } from "../../src/vlm/stages.js";
import { FORMS, formFolder, type LoadedDecoder, loadDecoder } from "./loaded-decoder.js";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
interface Turn {
  /** The turn that it follows; null: none. */
  readonly on: number | null;
  readonly ids: readonly number[];
  readonly places: readonly number[];
  readonly next: number;
  readonly tokens: readonly number[];
}
interface Conversation {
  readonly images: number;
  readonly turns: readonly Turn[];
}
const { models }: { models: Record<string, readonly Conversation[]> } = JSON.parse(
  readFileSync(`${golden}told/conversations.json`, "utf8"),
);
const { tensors } = parseSafetensors(new Uint8Array(readFileSync(`${golden}told/conversations.safetensors`)), {
  operation: "test",
  file: "conversations",
});
const tensor = (name: string) => Float32Array.from(tensors.get(name)?.data ?? [], Number);

/** Ids of images in the tiny vocabularies. */
const IMAGE = 3;

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

/** A turn's prompt. @param name of its tensors. */
async function promptOf({ decoder }: LoadedDecoder, name: string, turn: Turn): Promise<DecoderPrompt> {
  const { ids, places, next } = turn;
  const rows = await decoder.embed(ids);
  const [data, images] = [rows.data.slice(), tensor(`${name}.images`)];
  let shown = 0;
  for (const [at, id] of ids.entries()) {
    if (id === IMAGE) data.set(images.subarray(shown * rows.dim, ++shown * rows.dim), at * rows.dim);
  }
  return {
    ids,
    rows: { ...rows, data },
    positions: [places],
    nextPosition: next,
    biases: tensor(`${name}.biases`),
    maxNewTokens: turn.tokens.length,
    emit: () => {},
    clock: new StageClock(),
  };
}

/** A logits processor that gives these tokens, whatever the logits are. */
function forced(tokens: readonly number[]): DecoderPrompt["generation"] {
  let step = 0;
  const force = (_: unknown, logits: { data: Float32Array }) => {
    logits.data.fill(-1);
    logits.data[tokens[step++]] = 1;
    return logits;
  };
  return { logits_processor: [force] };
}

/**
 * Largest difference of all logits over all conversations, relative to the largest of each step.
 *
 * @param by `prefill`: the first token comes from the prompt's own run. `generate`: all come from the library, which is told which to take.
 */
async function converse(one: LoadedDecoder, model: string, by: "prefill" | "generate"): Promise<number> {
  let most = 0;
  for (const { images, turns } of models[model]) {
    const sequences: Sequence[] = [];
    for (const [at, turn] of turns.entries()) {
      const name = `${model}.${images}.${at}`;
      const prompt = await promptOf(one, name, turn);
      // The first turn's sequence is forked twice, the second time after others have gone on.
      const sequence = turn.on === null ? one.decoder.begin() : sequences[turn.on].fork();
      sequences.push(sequence);
      const generation = by === "generate" && { generation: forced(turn.tokens) };
      one.runs.length = 0;
      expect(await sequence.answer({ ...prompt, ...generation }), name).toEqual(turn.tokens);
      const steps = one.runs.slice(-turn.tokens.length);
      const expected = tensor(`${name}.logits`);
      const width = expected.length / turn.tokens.length;
      for (const [step, { logits }] of steps.entries()) {
        most = Math.max(most, off(logits, expected.subarray(step * width, (step + 1) * width)));
      }
      expect(sequence.length).toBe((prompt.biases?.length ?? 0) + turn.tokens.length - 1);
    }
    for (const sequence of sequences) await sequence.dispose();
  }
  return most;
}

function off(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  const indices = Array.from(b, (_, i) => i);
  return Math.max(...indices.map((i) => Math.abs(a[i] - b[i]))) / Math.max(...indices.map((i) => Math.abs(b[i])));
}

const FAMILIES = ["smolvlm", "gemma3", "paligemma", "mistral3", "fastvlm", "llava-onevision", "llava-siglip"];
const FOLDERS = [
  ["tiny", fileURLToPath(new URL("../../models/tiny", import.meta.url))],
  ...FAMILIES.map((name) => [name, join(golden, "families", name)]),
] as const;

const PREFIX = "paligemma";

describe("told places and biases, a model of each family says what PyTorch says", () => {
  it.each(FOLDERS)("%s", async (name, folder) => {
    loaded = await loadDecoder(folder);
    expect(loaded.untold).toEqual({});
    expect(await converse(loaded, name, "prefill")).toBeLessThan(1e-4);
    // Its prompts go in at once, so that the library generates none of its first tokens.
    if (name !== PREFIX) expect(await converse(loaded, name, "generate")).toBeLessThan(1e-4);
  });
});

/** Beside float32: what halves round; of 8 bits, whose products are rounded by what comes in, what they are off untold. */
const TOLERANCE: Readonly<Record<string, number>> = { raw: 1e-4, q4: 1e-4, fp16: 1e-2, q4f16: 1e-2, q8: 0.2 };
describe("told places and biases, a decoder of each form says what PyTorch says", () => {
  it.each(Object.entries(FORMS))("%s", async (file, { shape, precision }) => {
    const { folder, options, family } = formFolder(file);
    made = folder;
    loaded = await loadDecoder(folder, options, family);
    const reference = precision.startsWith("q4") ? `${shape}.q4` : shape;
    const ways = precision === "q8" ? (["generate"] as const) : (["prefill", "generate"] as const);
    for (const by of ways) {
      const most = await converse(loaded, reference, by);
      expect(most).toBeLessThan(TOLERANCE[precision]);
    }
  });
});
