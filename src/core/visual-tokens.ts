import { attempt } from "./brief.js";
import { refusalFor } from "./errors.js";
import { brief, isRecord } from "./shape.js";

/**
 * Rows of features, one per token, row-major `[count, dim]`: float32, or float16 as raw bits in a `Uint16Array`
 * (the form ONNX Runtime hands out). Frozen by convention.
 */
export interface VisualTokens<D extends Float32Array | Uint16Array = Float32Array | Uint16Array> {
  readonly data: D;
  readonly count: number;
  readonly dim: number;
}

/** Throws unless `data` holds exactly `count` rows of width `dim` (both whole, `dim` at least 1). */
export function assertRows(operation: string, name: string, rows: VisualTokens): void {
  const refuse = refusalFor(operation);
  const read = isRecord(rows) && attempt(() => ({ data: rows.data, count: rows.count, dim: rows.dim }), undefined);
  if (!read) throw refuse(`${name} as { data, count, dim }`, rows);
  const { data, count, dim } = read;
  if (!isMade(data, Float32Array) && !isMade(data, Uint16Array)) {
    throw refuse(`${name}.data as Float32Array (or Uint16Array of float16 bits)`, kindOf(data));
  }
  if (!Number.isInteger(count) || count < 0 || !Number.isInteger(dim) || dim < 1 || data.length !== count * dim) {
    const got = `count ${brief(count)}, dim ${brief(dim)}, ${data.length} values`;
    throw refuse(`${name} of shape [count, dim] with count * dim values`, got);
  }
}

/** Throws unless the values are a Float32Array of that length, if one is given. */
export function assertVector(operation: string, name: string, values: Float32Array, length?: number): void {
  const isVector = isMade(values, Float32Array);
  if (isVector && (length === undefined || values.length === length)) return;
  const got = isVector ? `${values.length} values` : kindOf(values);
  throw refusalFor(operation)(`${name} as Float32Array${length === undefined ? "" : ` of ${length} values`}`, got);
}

/** Throws at the first NaN or infinity. x * 0 is 0 for a finite x and NaN otherwise: one pass without a branch. */
export function assertFinite(operation: string, name: string, values: Float32Array, dim: number): void {
  let zero0 = 0;
  let zero1 = 0;
  let zero2 = 0;
  let zero3 = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    zero0 += values[i] * 0;
    zero1 += values[i + 1] * 0;
    zero2 += values[i + 2] * 0;
    zero3 += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) zero0 += values[i] * 0;
  if (zero0 + zero1 + zero2 + zero3 === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  const got = `${values[at]} at row ${Math.floor(at / dim)}, column ${at % dim}`;
  throw refusalFor(operation)(`finite ${name}`, got);
}

function isMade<T>(value: unknown, type: new (...args: never[]) => T): value is T {
  return attempt(() => value instanceof type, false);
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return brief(value);
  return attempt(() => brief(value.constructor.name).slice(1, -1), "object");
}
