import { encodeSafetensors, parseSafetensors, type Tensor } from "../../src/files/index.js";
import type { RandomSource } from "../../src/math/index.js";
import { damageBytes, damageJson } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

const TENSORS = new Map<string, Tensor>([
  ["features", { dtype: "F32", shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i / 7) }],
  ["ids", { dtype: "I64", shape: [3], data: BigInt64Array.of(0n, 5n, 9n) }],
  ["half", { dtype: "F16", shape: [2, 1], data: Uint16Array.of(1, 2) }],
  ["flag", { dtype: "BOOL", shape: [], data: Uint8Array.of(1) }],
]);

/** Bytes of the length before the header. */
const START = 8;

/** Safetensors files, damaged in their bytes or in the JSON of their header: each tensor that is read has the values that its shape says. */
export const safetensors: Harness = {
  about: "safetensors files, in bytes and in the JSON of the header",
  async open() {
    const whole = encodeSafetensors(TENSORS, { metadata: new Map([["made by", "recoup"]]) });
    return {
      async run(random) {
        const bytes = random.below(2) === 0 ? damageBytes(whole, random) : withHeader(whole, random);
        const { tensors } = parseSafetensors(bytes);
        for (const [name, { shape, data }] of tensors) {
          const count = shape.reduce((product, length) => product * length, 1);
          if (data.length !== count) throw new Error(`${name}: ${data.length} values of ${count}`);
        }
      },
    };
  },
};

/** The same data behind a damaged header of the right length. */
function withHeader(whole: Uint8Array, random: RandomSource): Uint8Array {
  const length = Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(START, START + length)));
  const damaged = Buffer.from(asText(damageJson(header, random)));
  const start = Buffer.alloc(START);
  start.writeBigUInt64LE(BigInt(damaged.length));
  return new Uint8Array(Buffer.concat([start, damaged, whole.subarray(START + length)]));
}

/** JSON text; of values nested too deeply for the engine's writer, text that is nested more deeply still. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
  }
}
