import { readFileSync } from "node:fs";
import type { RandomSource } from "../../src/math/index.js";
import {
  bytesSource,
  inspectDecoder,
  modelBytes,
  type OnnxModel,
  OnnxUnsupportedError,
  openOnnx,
  TOLD_INPUTS,
  type ToldInput,
  tell,
} from "../../src/onnx/index.js";
import { damageBytes } from "./damage.js";
import { rewire } from "./rewire.js";
import type { Harness } from "./run-fuzz.js";

const GOLDEN = new URL("../../tests/golden/", import.meta.url);
const bytesAt = (path: string) => new Uint8Array(readFileSync(new URL(path, GOLDEN)));

/** Beside those that can be told. */
const OTHERS = ["learned.onnx", "none.onnx"];

/** Arrays that a case may take at most, as a multiple of its bytes: nothing is allocated by what a file claims. */
const MOST_ARRAYS = 4;

/** Decoders with damaged bytes, and sound bytes of decoders that make no sense: inspected, told and written. */
export const tellDecoders: Harness = {
  about: "decoders, inspected and told",
  async open() {
    const { files } = JSON.parse(readFileSync(new URL("decoders/index.json", GOLDEN), "utf8"));
    const stored = [...Object.keys(files), ...OTHERS].map((file) => bytesAt(`decoders/${file}`));
    const models = await Promise.all(stored.map((bytes) => openOnnx(bytesSource(bytes))));
    return {
      async run(random) {
        const at = random.below(stored.length);
        const isDamaged = random.below(2) === 0;
        const bytes = isDamaged ? damageBytes(stored[at], random) : await modelBytes(rewire(models[at], random));
        const before = process.memoryUsage().arrayBuffers;
        await tellAll(await openOnnx(bytesSource(bytes)), random);
        // Below 0 where older arrays were collected meanwhile.
        const arrays = process.memoryUsage().arrayBuffers - before;
        if (arrays > MOST_ARRAYS * Math.max(bytes.length, 2 ** 16))
          throw new Error(`${arrays} bytes in arrays for ${bytes.length}`);
      },
    };
  },
};

const WISHES: readonly (readonly ToldInput[])[] = [["places"], ["mass"], ["places", "mass"]];

/** Tells what an inspection says can be told, and what it refuses; a told file is read again. */
async function tellAll(model: OnnxModel, random: RandomSource): Promise<void> {
  const what = WISHES[random.below(WISHES.length)];
  const refused = inspectDecoder(model)?.refused;
  const expected = what.find((one) => refused === undefined || refused[one] !== undefined);
  let told: OnnxModel;
  try {
    told = tell(model, { what });
  } catch (error) {
    if (error instanceof OnnxUnsupportedError && expected === undefined)
      throw new Error(`inspected as able to be told ${what}: ${error}`, { cause: error });
    throw error;
  }
  if (expected !== undefined) throw new Error(`told ${expected}, which the inspection refuses`);
  assertAdded(model, await openOnnx(bytesSource(await modelBytes(told))), what);
}

/** All that was there is there, and the inputs are new. */
function assertAdded({ graph }: OnnxModel, { graph: told }: OnnxModel, what: readonly ToldInput[]): void {
  const inputs = [...graph.inputs.map(({ name }) => name), ...what.map((one) => TOLD_INPUTS[one])];
  const facts: [string, unknown, unknown][] = [
    ["inputs", inputs, told.inputs.map(({ name }) => name)],
    ["outputs", graph.outputs.map(({ name }) => name), told.outputs.map(({ name }) => name)],
  ];
  const operators = new Map(told.nodes.map(({ opType, outputs }) => [outputs.join("\n"), opType]));
  for (const { opType, outputs } of graph.nodes)
    facts.push([`operator of ${outputs}`, opType, operators.get(outputs.join("\n"))]);
  const odd = facts.find(([, before, after]) => String(before) !== String(after));
  if (odd !== undefined) throw new Error(`${odd[0]}: ${odd[1]} became ${odd[2]}`);
}
