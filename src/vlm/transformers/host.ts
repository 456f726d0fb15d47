/** @file What is used of @huggingface/transformers (4.3.1): its types, and the few places where they say too little. */
import { InvalidInputError } from "../../core/index.js";
import { fromFloat16Array, type Matrix, toFloat16Array } from "../../math/index.js";

/** The library itself, which the caller may hand in; by default it is imported when a model is loaded. */
export type Host = typeof import("@huggingface/transformers");
export type HostTensor = import("@huggingface/transformers").Tensor;
export type HostCache = import("@huggingface/transformers").DynamicCache;

/** The part of ONNX Runtime's InferenceSession that is used; taken from the host, so that there is one runtime. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly inputMetadata: readonly { readonly name: string; readonly type?: string }[];
  run(feeds: Record<string, unknown>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface SessionClass {
  create(model: Uint8Array, options?: object): Promise<Session>;
}

/** The class of a session that the host has made. */
export function sessionClass(session: unknown): SessionClass {
  const type = (session as { constructor?: Partial<SessionClass> }).constructor;
  if (typeof type?.create === "function") return type as SessionClass;
  throw new InvalidInputError({
    operation: "loadVlm",
    expected: "a session of ONNX Runtime from the host (@huggingface/transformers 4.3)",
    got: typeof session,
  });
}

/** Values as float32, whatever the precision. */
export function floats({ type, data }: RuntimeTensor): Float32Array {
  if (type === "float32") return data as Float32Array;
  if (type === "float16") return fromFloat16Array(asBits(data));
  throw new InvalidInputError({ operation: "vision", expected: "a tensor of float32 or float16", got: type });
}

/** Half-precision values as their bits; engines with Float16Array give that instead. */
function asBits(data: unknown): Uint16Array {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

/** The one picture of a tensor [1, L, C] as a matrix [L, C]. */
export function matrixOf(tensor: RuntimeTensor): Matrix {
  const [count, dim] = tensor.dims.slice(-2);
  return { data: floats(tensor), count, dim };
}

/** A tensor of a session's input in the precision that it wants. */
export function tensorFor(
  { Tensor }: Pick<Host, "Tensor">,
  session: Session,
  input: string,
  data: Float32Array,
  dims: number[],
): HostTensor {
  const type = session.inputMetadata.find(({ name }) => name === input)?.type ?? "float32";
  if (type === "float32") return new Tensor("float32", data, dims);
  // The host's own conversion truncates where the engine has no Float16Array.
  if (type === "float16") return new Tensor("float16", toFloat16Array(data) as never, dims);
  throw new InvalidInputError({ operation: "loadVlm", expected: `${input} in float32 or float16`, got: type });
}

/** Ids as the host takes them, [1, T]. */
export function idTensor({ Tensor }: Pick<Host, "Tensor">, ids: readonly number[]): HostTensor {
  return new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
}
