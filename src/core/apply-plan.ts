/** @file The one place with arithmetic on features. */
import { defaultKernels, fromFloat16Array, type Kernels, type Matrix, toFloat16Array } from "../math/index.js";
import { refusalFor } from "./errors.js";
import { CONTEXT_SHAPES, optionsOf } from "./options.js";
import { assertPlan, type CompressionPlan, rowCount } from "./plan.js";
import { assertRows, type VisualTokens } from "./visual-tokens.js";

/**
 * The compressed tokens: row i = Σ weight · source row, summed in double precision, entry after entry, and rounded to
 * float32 once (and to float16 for float16 input). A row that stands for one token with weight 1 is copied bit for bit. Values
 * pass through as they are, NaN included; `createTokenTable` is where they are checked.
 *
 * Apply it before or after a model's projector, but to one of them: with a projector that is not linear, merged rows differ.
 *
 * @param plan K rows over `sourceCount` tokens.
 * @param tokens all source tokens, `[sourceCount, C]`, float32 or float16 bits.
 * @param kernels row kernels; all implementations give the same bits.
 * @returns `[K, C]`, of the same data type.
 * @throws InvalidInputError when the shapes do not fit, an id of the plan is out of range, or finite rows have a sum that their data
 *   type does not hold (beyond 65504 in float16, as 40 tokens of 2000 have it; 3.4e38 in float32).
 */
export function applyPlan<D extends Float32Array | Uint16Array>(
  plan: CompressionPlan,
  tokens: VisualTokens<D>,
  options: { kernels?: Kernels } = {},
): VisualTokens<D> {
  const { kernels = defaultKernels() } = optionsOf("applyPlan", options, CONTEXT_SHAPES);
  assertRows("applyPlan", "tokens", tokens);
  assertPlan("applyPlan", plan);
  if (tokens.count !== plan.sourceCount) {
    throw refusalFor("applyPlan")(`${plan.sourceCount} source tokens`, tokens.count);
  }
  const { data, dim } = tokens;
  const count = rowCount(plan);
  const out = (data instanceof Float32Array ? new Float32Array(count * dim) : new Uint16Array(count * dim)) as D;
  const summed = copyOwnRows(plan, data, dim, out);
  if (summed.length > 0) sumRows(plan, tokens, summed, out, kernels);
  return { data: out, count, dim };
}

/** Copies the rows that stand for one token; returns the others. */
function copyOwnRows<D extends Float32Array | Uint16Array>(
  { offsets, sources, weights, roles }: CompressionPlan,
  data: D,
  dim: number,
  out: D,
): number[] {
  const others: number[] = [];
  for (let row = 0; row < roles.length; row++) {
    const entry = offsets[row];
    if (offsets[row + 1] === entry + 1 && weights[entry] === 1) {
      out.set(data.subarray(sources[entry] * dim, (sources[entry] + 1) * dim), row * dim);
    } else others.push(row);
  }
  return others;
}

/** Of float32, or of float16's bits. */
function isInfinite(value: number, type: Float32Array | Uint16Array): boolean {
  return type instanceof Float32Array ? Math.abs(value) === Number.POSITIVE_INFINITY : (value & 0x7fff) === 0x7c00;
}

/** Whether a column of these rows has numbers only: what came infinite passes through. */
function isFiniteColumn({ data, dim }: Matrix, rows: Uint32Array, column: number): boolean {
  return rows.every((row) => Number.isFinite(data[row * dim + column]));
}

function sumRows(
  { offsets, sources, weights }: CompressionPlan,
  { data, count, dim }: VisualTokens,
  rows: readonly number[],
  out: Float32Array | Uint16Array,
  kernels: Kernels,
): void {
  const matrix: Matrix = { data: data instanceof Float32Array ? data : fromFloat16Array(data), count, dim };
  const sum = new Float32Array(dim);
  kernels.withRows(matrix, (resident) => {
    for (const row of rows) {
      const [start, end] = [offsets[row], offsets[row + 1]];
      resident.weightedSum(sources.subarray(start, end), weights.subarray(start, end), sum);
      const values = out instanceof Float32Array ? sum : toFloat16Array(sum);
      const beyond = values.findIndex((value) => isInfinite(value, out));
      if (beyond >= 0 && isFiniteColumn(matrix, sources.subarray(start, end), beyond)) {
        const held =
          out instanceof Float32Array ? "float32 (3.4e38)" : "float16 (65504): sum in float32, or means instead";
        throw refusalFor("applyPlan")(`sums within ${held}`, `${sum[beyond]} in row ${row}, column ${beyond}`);
      }
      out.set(values, row * dim);
    }
  });
}
