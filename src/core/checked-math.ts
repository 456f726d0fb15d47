/**
 * @file `recoup/math`: what methods of one's own decide with, the same to the bit on every engine. The kernels themselves trust what
 * they are given; here their arguments are checked once, with core's errors.
 */
import * as math from "../math/index.js";
import { attempt } from "./brief.js";
import { refusalFor } from "./errors.js";
import { instance, integer, number, object, range, type Shape, shaped, value } from "./shape.js";
import { assertRows, assertVector } from "./visual-tokens.js";

export type { Kernels, Matrix, RandomSource, ResidentRows } from "../math/index.js";

const isList = (given: unknown) => Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
const FLOATS = instance(Float32Array);
const EITHER_FLOATS = value<Float32Array | Float64Array>(
  "a Float32Array or Float64Array",
  (given) => given instanceof Float32Array || given instanceof Float64Array,
);
/** NaN among them is the caller's: it makes the result NaN. */
const NUMBERS = value<number[]>(
  "a list of numbers",
  (given) => isList(given) && Array.prototype.every.call(given, (one) => typeof one === "number"),
);

function checked(operation: string, given: object, wanted: Readonly<Record<string, Shape<unknown>>>): void {
  shaped(given, object(wanted), refusalFor(operation));
}

/** `argMax` of the kernels. Position of the largest value, the lowest one among equals; 0 of none. @throws InvalidInputError for other arrays. */
export function argMax(values: Float64Array | Float32Array): number {
  checked("argMax", { values }, { values: EITHER_FLOATS });
  return math.argMax(values);
}

/**
 * Dot product of `length` float32 values in double precision, from `aStart` and `bStart` on.
 *
 * @throws InvalidInputError for arrays of another type, or places beyond their ends.
 */
export function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  // By hand: methods call it for each pair of tokens.
  const isReadable = () =>
    a instanceof Float32Array &&
    b instanceof Float32Array &&
    Number.isInteger(length) &&
    length >= 0 &&
    Number.isInteger(aStart) &&
    aStart >= 0 &&
    aStart + length <= a.length &&
    Number.isInteger(bStart) &&
    bStart >= 0 &&
    bStart + length <= b.length;
  if (attempt(isReadable, false)) return math.dot(a, aStart, b, bStart, length);
  checked("dot", { a, b }, { a: FLOATS, b: FLOATS });
  const places = { aStart, bStart, length };
  const most = (all: number) => integer(0, all);
  checked("dot", places, { length: most(Math.min(a.length, b.length)) });
  checked("dot", places, { aStart: most(a.length - length), bStart: most(b.length - length) });
  throw refusalFor("dot")("arrays that can be read", "others");
}

/** Values of float16 bits. @throws InvalidInputError for another array. */
export function fromFloat16Array(bits: Uint16Array): Float32Array {
  checked("fromFloat16Array", { bits }, { bits: instance(Uint16Array) });
  return math.fromFloat16Array(bits);
}

/** Float16 bits of values, rounded to the nearest, ties to even. @throws InvalidInputError for another array. */
export function toFloat16Array(values: Float32Array): Uint16Array {
  checked("toFloat16Array", { values }, { values: FLOATS });
  return math.toFloat16Array(values);
}

/**
 * `out[i] = row i · vector`, `[count]`, in float32 in the order of additions of the reference runs.
 *
 * @throws InvalidInputError for no matrix, or a vector of another width.
 */
export function matrixTimesVector(matrix: math.Matrix, vector: Float32Array): Float32Array {
  assertRows("matrixTimesVector", "matrix", matrix);
  assertVector("matrixTimesVector", "matrix.data", matrix.data);
  assertVector("matrixTimesVector", "vector", vector, matrix.dim);
  return math.matrixTimesVector(matrix, vector);
}

/** Arithmetic mean; NaN for none. @throws InvalidInputError for no list of numbers. */
export function mean(values: readonly number[]): number {
  checked("mean", { values }, { values: NUMBERS });
  return math.mean(values);
}

/** Median of values in any order; NaN for none. @throws InvalidInputError for no list of numbers. */
export function median(values: ArrayLike<number>): number {
  checked("median", { values }, { values: NUMBERS });
  return math.median(values);
}

/** Most values of `outlierFactors`: its positions and distances are held at once. */
const MOST_FACTORS = 2 ** 21;

/**
 * Local outlier factor of every value, `[n]`, positive (scikit-learn's `negative_outlier_factor_` with the other sign).
 *
 * @param values at least 2 and at most 2^21 finite values.
 * @param neighbors k; max(1, min(k, n - 1)) is used, as scikit-learn does.
 * @throws InvalidInputError for other values, or neighbors that are no whole number.
 */
export function outlierFactors(values: Float32Array, neighbors: number): Float32Array {
  const finite = value<Float32Array>(
    `a Float32Array of 2 to ${MOST_FACTORS} finite values`,
    (given) =>
      given instanceof Float32Array &&
      given.length >= 2 &&
      given.length <= MOST_FACTORS &&
      given.every(Number.isFinite),
  );
  checked("outlierFactors", { values, neighbors }, { values: finite, neighbors: integer(Number.MIN_SAFE_INTEGER) });
  // k distances are kept for each value.
  const k = Math.min(neighbors, values.length - 1);
  if (k * values.length > 2 ** 28) throw refusalFor("outlierFactors")("at most 2^28 distances", `${k} of each value`);
  return math.outlierFactors(values, neighbors);
}

/**
 * Quantile at `share` (0 to 1), linear between neighbors: type 7 of Hyndman and Fan (1996). NaN for an empty list.
 *
 * @param sorted ascending.
 * @throws InvalidInputError for no list of numbers, or a share out of range.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  checked("quantile", { sorted, share }, { sorted: NUMBERS, share: range(0, 1) });
  return math.quantile(sorted, share);
}

/** Random numbers from a seed, the same on every engine. @throws InvalidInputError for a seed that is no finite number. */
export function randomSource(seed: number): math.RandomSource {
  checked("randomSource", { seed }, { seed: number });
  return math.randomSource(seed);
}

/** Softmax of all values in double precision, stored as float32; none of none. @throws InvalidInputError for no list of numbers. */
export function softmax(values: ArrayLike<number>): Float32Array {
  checked("softmax", { values }, { values: NUMBERS });
  return math.softmax(values);
}

/**
 * Positions of the `k` largest values, in descending order of value; among equal values the lower position comes first.
 *
 * @throws InvalidInputError for another array, one with NaN, or a k beyond its length.
 */
export function topK(values: Float32Array, k: number): Uint32Array {
  checked("topK", { values }, { values: FLOATS });
  checked("topK", { k }, { k: integer(0, values.length) });
  if (values.some(Number.isNaN)) throw refusalFor("topK")("values that can be ordered", "NaN among them");
  return math.topK(values, k);
}
