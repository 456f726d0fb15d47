import { InvalidInputError } from "./errors.js";

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
  const { data, count, dim } = rows;
  if (!(data instanceof Float32Array || data instanceof Uint16Array)) {
    throw new InvalidInputError({
      operation,
      expected: `${name}.data as Float32Array (or Uint16Array of float16 bits)`,
      got: describe(data),
    });
  }
  if (!Number.isInteger(count) || count < 0 || !Number.isInteger(dim) || dim < 1 || data.length !== count * dim) {
    throw new InvalidInputError({
      operation,
      expected: `${name} of shape [count, dim] with count * dim values`,
      got: `count ${count}, dim ${dim}, ${data.length} values`,
    });
  }
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return value.constructor?.name ?? "object";
}
