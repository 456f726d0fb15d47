/** @file The part of @huggingface/transformers (4.3.1) that is used, and conversions between its tensors and matrices. */
import { type RgbImage, refusalFor } from "../../core/index.js";
import { fromFloat16Array, type Matrix, toFloat16Array } from "../../math/index.js";

/** The library itself, which the caller may hand in; by default it is imported when a model is loaded. */
export type Host = typeof import("@huggingface/transformers");
/** A tensor of transformers.js. */
export type HostTensor = import("@huggingface/transformers").Tensor;
/** Keys and values of transformers.js. */
export type HostCache = import("@huggingface/transformers").DynamicCache;

/** The part of ONNX Runtime's InferenceSession that is used; taken from transformers.js, so that there is one runtime. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly { readonly name: string; readonly type?: string }[];
  run(feeds: Record<string, unknown>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** A tensor of ONNX Runtime. */
export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** ONNX Runtime's class of sessions. */
export interface SessionClass {
  create(model: Uint8Array, options?: object): Promise<Session>;
}

/** The library's model, as far as it is used. */
export interface HostModel {
  readonly sessions: Readonly<Record<string, Session>>;
  readonly config: unknown;
  readonly generation_config?: unknown;
  forward(inputs: Record<string, unknown>): Promise<Record<string, HostTensor>>;
  generate(options: Record<string, unknown>): Promise<unknown>;
  /** The inputs of a generation's next step. */
  prepare_inputs_for_generation(...step: unknown[]): Record<string, unknown>;
  dispose(): Promise<unknown>;
}

/** The library's image processor. */
export type ImageProcessor = (image: unknown, options?: object) => Promise<Record<string, unknown>>;

/** The library's rendering, by the model's own template or by its family's. */
export type HostTemplate = (messages: readonly unknown[], options: { add_generation_prompt: boolean }) => string;

/** A tokenizer of transformers.js, as it is used here. */
export interface Tokenizer {
  /** The text that begins a prompt, if anything does. */
  readonly bos_token?: string | null;
  (text: string, options: object): { input_ids: number[] };
  decode(ids: readonly number[], options?: object): string;
}

/** Ids of a text. @param special whether the tokenizer adds its own, as at the start of a prompt. */
export function textIds(tokenizer: Tokenizer, text: string, special: boolean): number[] {
  const options = { add_special_tokens: special, truncation: false, return_tensor: false };
  return Array.from(tokenizer(text, options).input_ids, Number);
}

const refuse = refusalFor("loadVlm");

/** The class of a session that transformers.js has made. */
export function sessionClass(session: unknown): SessionClass {
  const type = (session as { constructor?: Partial<SessionClass> }).constructor;
  if (typeof type?.create === "function") return type as SessionClass;
  throw refuse("a session of ONNX Runtime from @huggingface/transformers 4.3", typeof session);
}

/** Values as float32, whatever the precision. */
export function floats({ type, data }: RuntimeTensor): Float32Array {
  if (type === "float32") return data as Float32Array;
  if (type === "float16") return fromFloat16Array(asBits(data));
  throw refusalFor("vision")("a tensor of float32 or float16", type);
}

/** Half-precision values as their bits; engines with Float16Array give that instead. */
function asBits(data: unknown): Uint16Array {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

/** All rows of a tensor [1, L, C], [tiles, n, C] or [L, C] as a matrix. */
export function matrixOf(tensor: RuntimeTensor): Matrix {
  const dim = tensor.dims[tensor.dims.length - 1];
  const data = floats(tensor);
  return { data, count: data.length / dim, dim };
}

/** The largest value of each row, `[count]`. */
export function rowMaxima({ data, count, dim }: Matrix): Float32Array {
  return Float32Array.from({ length: count }, (_, row) => Math.max(...data.subarray(row * dim, (row + 1) * dim)));
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
  // The library's own conversion truncates where the engine has no Float16Array.
  if (type === "float16") return new Tensor("float16", toFloat16Array(data) as never, dims);
  throw refuse(`${input} in float32 or float16`, type);
}

/** Ids as the library takes them, [1, T]. */
export function idTensor({ Tensor }: Pick<Host, "Tensor">, ids: readonly number[]): HostTensor {
  return new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
}

/** A tensor as sessions take it: the library's tensors wrap the runtime's. */
export function runtimeTensor(tensor: unknown): unknown {
  return (tensor as { ort_tensor: unknown }).ort_tensor;
}

/** Pixels as the library's image class. */
export function hostImage({ RawImage }: Host, { width, height, data }: RgbImage): unknown {
  return new RawImage(data as Uint8ClampedArray, width, height, 3);
}
