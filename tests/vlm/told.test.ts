/**
 * Decoders that engines tell places and biases, against PyTorch (tests/golden/told, made by python/recoup_fixtures/make_told.py): prompts of no,
 * one and two images, three turns on one cache, and a fork.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
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

/** Something else than what a prompt says. @param length of the sequence before it. */
type Change = (prompt: DecoderPrompt, length: number) => Partial<DecoderPrompt>;

interface Way {
  /** `prefill`: the first token comes from the prompt's own run. `generate`: all come from the library, which is told which to take. */
  readonly by: "prefill" | "generate";
  readonly change?: Change;
}

/** Largest difference of all logits over all conversations, relative to the largest of each step. */
async function converse(one: LoadedDecoder, model: string, { by, change = () => ({}) }: Way): Promise<number> {
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
      expect(await sequence.answer({ ...prompt, ...generation, ...change(prompt, sequence.length) }), name).toEqual(
        turn.tokens,
      );
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
const FOLDERS: readonly (readonly [name: string, folder: string])[] = [
  ["tiny", fileURLToPath(new URL("../../models/tiny", import.meta.url))],
  ...FAMILIES.map((name) => [name, join(golden, "families", name)] as const),
];

const PREFIX = "paligemma";

/** Changes that must be heard. */
const UNSAID: Readonly<Record<string, Change>> = {
  places: ({ ids }, length) => ({ positions: [ids.map((_, at) => length + at)], nextPosition: length + ids.length }),
  biases: () => ({ biases: undefined }),
};

/** Beside float32: what halves round; of 8 bits, whose products are rounded by what comes in, what they are off untold. */
const TOLERANCE: Readonly<Record<string, number>> = { raw: 1e-4, q4: 1e-4, fp16: 1e-2, q4f16: 1e-2, q8: 0.2 };

/** Measured differences by model: of both ways, and of answers without places and without biases. */
const measured = new Map<string, readonly number[]>();

/** @param model the name of its conversations. */
async function measure(one: LoadedDecoder, name: string, model: string, precision: string): Promise<void> {
  const ways: Way[] = [
    // Of 8 bits, tokens may differ, and the bundled model ends its answers to such prompts: so tokens are given.
    { by: precision === "q8" || model === "tiny" ? "generate" : "prefill" },
    { by: "generate" },
    ...Object.values(UNSAID).map((change) => ({ by: "generate" as const, change })),
  ];
  const found: number[] = [];
  // PaliGemma's prompts go in at once, so that the library generates none of its first tokens.
  for (const way of model === PREFIX ? ways.slice(0, 1) : ways) found.push(await converse(one, model, way));
  measured.set(name, found);
  for (const said of found.slice(0, 2)) expect(said).toBeLessThan(TOLERANCE[precision]);
  for (const unsaid of found.slice(2)) expect(unsaid).toBeGreaterThan(Math.max(0.1, 2 * TOLERANCE[precision]));
}

/** `RECOUP_WRITE_DOCS=1` makes docs/results/told-decoders.md of what was measured. */
afterAll(() => {
  if (!process.env.RECOUP_WRITE_DOCS) return;
  const text = (value?: number) => (value === undefined ? "" : value.toExponential(0));
  const lines = Array.from(measured, ([name, found]) => {
    const cells = [0, 1, 2, 3].map((at) => text(found[at]));
    return `| ${name.replace(".onnx", "")} | ${cells.join(" | ")} |`;
  });
  writeFileSync(
    fileURLToPath(new URL("../../docs/results/told-decoders.md", import.meta.url)),
    `${DOC}${lines.join("\n")}\n`,
  );
});

const DOC = `# Decoders that engines tell places and mass

Conversations of the tiny models in tests/golden, in onnxruntime-node on a CPU through transformers.js, against PyTorch with the weights that
the files hold (python/recoup_fixtures/make_told.py): prompts of no, one and two images, a second turn and a third on top, and a fork of the
first turn once others have gone on. Rows stand at places with gaps, those that come back before others; every token has a random bias, another
one at each turn. Largest difference of logits, relative to the largest of their step, over three steps of all answers. Made by
\`RECOUP_WRITE_DOCS=1 npx vitest run tests/vlm/told.test.ts\`.

"Prefill": the first token comes from the prompt's own run. "Generate": the library's generation begins with the prompt's last token. The last two
columns show that both are heard: the same with places counted up, and without biases. Files of half precision are as far off as halves round. Those
of 8 bits round what they multiply, so that no other program says quite the same; their tokens are given. PaliGemma's prompts are read in both
directions, go in at once, and are one question.

With places counted and no bias each of them gives the bits of stock \`generate()\` on its own cache, over three turns
(tests/vlm/told-identity.test.ts).

| decoder | prefill | generate | places counted | no biases |
| --- | ---: | ---: | ---: | ---: |
`;

describe("told places and biases, a model of each family says what PyTorch says", () => {
  it.each(FOLDERS)("%s", async (name, folder) => {
    loaded = await loadDecoder(folder);
    expect(loaded.untold).toEqual({});
    await measure(loaded, name, name, "raw");
  });
});

describe("told places and biases, a decoder of each form says what PyTorch says", () => {
  it.each(Object.entries(FORMS))("%s", async (file, { shape, precision }) => {
    const { folder, options, family } = formFolder(file);
    made = folder;
    loaded = await loadDecoder(folder, options, family);
    const reference = precision.startsWith("q4") ? `${shape}.q4` : shape;
    await measure(loaded, file, reference, precision);
  });
});
