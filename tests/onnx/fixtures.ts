/** The towers of tests/golden/onnx (made by python/recoup_fixtures), and ONNX Runtime to run them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { parseSafetensors } from "../../src/files/index.js";
import { toFloat16Array } from "../../src/math/index.js";
import { bytesSource, type FloatTensor, type OnnxModel, openOnnx, type TapSignal } from "../../src/onnx/index.js";

const root = process.env.RECOUP_ONNX_FIXTURES ?? fileURLToPath(new URL("../golden/onnx/", import.meta.url));

export interface Fixture {
  readonly export: string;
  readonly variant: string;
  readonly kind: "clip" | "siglip" | "packed" | "text";
  readonly outputs: readonly string[];
  readonly operators: readonly string[];
}

export const FIXTURES: readonly Fixture[] = JSON.parse(readFileSync(`${root}/index.json`, "utf8")).fixtures;

export function modelFile({ export: name, variant }: Pick<Fixture, "export" | "variant">): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(`${root}/${name}/${variant}.onnx.gz`)));
}

export function openFixture(fixture: Pick<Fixture, "export" | "variant">): Promise<OnnxModel> {
  return openOnnx(bytesSource(modelFile(fixture), `${fixture.export}/${fixture.variant}`));
}

export type Values = ReadonlyMap<string, FloatTensor>;

/** What PyTorch computes; for quantised variants what that graph itself computes. */
export function truth({ export: name, variant }: Fixture): Values {
  const own = variant === "q8" || variant === "q4";
  const values = readValues(`${root}/${name}/truth.safetensors`);
  if (!own) return values;
  const ours = readValues(`${root}/${name}/${variant}.safetensors`);
  const merged = new Map([...values, ...ours]);
  // A fused node gives no probabilities: they follow from the graph's own queries and keys.
  const heads = values.get("probabilities")?.dims[1];
  const [q, k] = [ours.get("q"), ours.get("k")];
  if (!ours.has("probabilities") && heads !== undefined && q !== undefined && k !== undefined)
    merged.set("probabilities", softmaxPerHead(q, k, heads));
  return merged;
}

/** softmax(scale · q · kᵀ) of [B, L, C], [B, H, L, L], in float64; the scale is D^-0.5 where none is given. */
export function softmaxPerHead(
  { dims, data: q }: FloatTensor,
  { data: k }: FloatTensor,
  heads: number,
  scale?: number,
): FloatTensor {
  const [batch, length, width] = dims;
  const size = width / heads;
  const factor = scale ?? size ** -0.5;
  const out: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      const at = (row: number) => (b * length + row) * width + head * size;
      for (let i = 0; i < length; i++) {
        const logits = Array.from({ length }, (_, j) => {
          let dot = 0;
          for (let c = 0; c < size; c++) dot += q[at(i) + c] * k[at(j) + c];
          return dot * factor;
        });
        const exps = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
        const sum = exps.reduce((a, x) => a + x, 0);
        out.push(...exps.map((x) => x / sum));
      }
    }
  }
  return { dims: [batch, heads, length, length], data: Float32Array.from(out) };
}

/** Tensors of a safetensors file. */
export function readValues(path: string | URL): Values {
  const { tensors } = parseSafetensors(new Uint8Array(readFileSync(path)), {
    operation: "fixtures",
    file: String(path),
  });
  return new Map(
    Array.from(tensors, ([name, { shape, data }]) => [name, { dims: shape, data: Float32Array.from(data, Number) }]),
  );
}

/** What a fixture is run on: pictures, or the numbers of words. */
export function exampleOf(values: Values): FloatTensor {
  const example = values.get("pixel_values") ?? values.get("input_ids");
  if (example === undefined) throw new Error("a fixture without its input");
  return example;
}

/** Runs a model with one input. Half-precision outputs come as float32. */
export async function run(bytes: Uint8Array | string, pixels: FloatTensor): Promise<Values> {
  return runSession(bytes, ([input]) => ({ [input]: pixels })).then((results) => new Map(Object.entries(results)));
}

/** Runs a model on tensors by name, likewise. */
export function runFeeds(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<Record<string, FloatTensor>> {
  return runSession(bytes, () => feeds);
}

async function runSession(
  bytes: Uint8Array | string,
  feedsFor: (inputs: readonly string[]) => Readonly<Record<string, FloatTensor>>,
): Promise<Record<string, FloatTensor>> {
  const session = await InferenceSession.create(bytes as Uint8Array, { logSeverityLevel: 3 });
  const feeds = Object.entries(feedsFor(session.inputNames)).map(([name, { dims, data }]) => [
    name,
    asInput(Tensor, typeOf(session, name), data, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data, type }]) => {
      const values = data as Float32Array;
      return [
        name,
        { dims, data: type === "float16" ? Float32Array.from(values, fromHalf) : Float32Array.from(values) },
      ];
    }),
  );
}

function typeOf({ inputMetadata }: InferenceSession, name: string): string {
  const input = inputMetadata.find((each) => each.name === name);
  return input?.isTensor ? input.type : "float32";
}

/** Values as a runtime's tensor. `Kind` is the class of onnxruntime-node or -web. */
export function asInput<T>(
  Kind: new (type: never, data: never, dims: readonly number[]) => T,
  type: string,
  data: Float32Array,
  dims: readonly number[],
): T {
  const values =
    type === "float16"
      ? Uint16Array.from(toFloat16Array(data))
      : type === "int64"
        ? BigInt64Array.from(data, BigInt)
        : data;
  return new Kind(type as never, values as never, dims);
}

/** The number that the 16 bits of a half-precision float stand for. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
}

/** Largest difference over the largest value. Shapes may differ as long as the number of elements is the same. */
export function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let off = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    off = Math.max(off, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return Number.isNaN(off) ? Number.POSITIVE_INFINITY : off / largest;
}

/** What a tap of the signal must give, from the truth. */
export function wanted(signal: TapSignal, values: Values): Float32Array {
  const of = (name: string) => values.get(name) ?? { dims: [], data: new Float32Array() };
  const { dims, data } = of("probabilities");
  const [batch, heads, length] = dims;
  switch (signal) {
    case "states":
      return of("hs_in").data;
    case "statesAfter":
      return of("hs_out").data;
    case "query":
      return of("q").data;
    case "key":
      return of("k").data;
    default: {
      const out = new Float32Array(batch * heads * length);
      for (let row = 0; row < batch * heads; row++) {
        for (let i = 0; i < length; i++) {
          for (let j = 0; j < length; j++) {
            const value = data[(row * length + i) * length + j];
            if (signal === "clsAttention" && i === 0) out[row * length + j] = value;
            if (signal === "receivedAttention") out[row * length + j] += value / length;
          }
        }
      }
      return out;
    }
  }
}

/** The same where a truth is kept by the signals' own names; undefined for what it lacks. */
export function wantedOf(signal: TapSignal, values: Values): Float32Array | undefined {
  if (signal === "clsAttention" || signal === "receivedAttention") {
    return values.has("probabilities") ? wanted(signal, values) : undefined;
  }
  return values.get(signal)?.data;
}
