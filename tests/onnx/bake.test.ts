/** `recoverable` as ONNX nodes decides as the library does: on the golden tables, on random ones, with each option. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import {
  applyPlan,
  budgetRows,
  type CompressionPlan,
  createTokenTable,
  planRows,
  RecoupError,
  type TokenTable,
} from "../../src/core/index.js";
import { readSafetensors } from "../../src/files/index.js";
import { randomSource } from "../../src/math/index.js";
import { recoverable } from "../../src/methods/index.js";
import { type BakeRecoverableOptions, compressionModel, modelBytes } from "../../src/onnx/index.js";
import { syntheticTable } from "../../src/testing/index.js";
import { goldenTable, TensorReader } from "../golden-check/compress-case.js";

const folder = fileURLToPath(new URL("../golden/compress/", import.meta.url));
const NAMES = readdirSync(folder)
  .filter((name) => name.endsWith(".safetensors"))
  .map((name) => name.replace(".safetensors", ""));

/** Golden inputs that make a table; one has a NaN, which `createTokenTable` refuses. */
const golden = (
  await Promise.all(
    NAMES.map(async (name): Promise<[string, TokenTable][]> => {
      const read = new TensorReader(await readSafetensors(`${folder}${name}.safetensors`));
      try {
        return [[name, goldenTable(read)]];
      } catch (error) {
        if (RecoupError.isInstance(error)) return [];
        throw error;
      }
    }),
  )
).flat();

type Full = Required<Pick<TokenTable, "features" | "keys" | "clsAttention" | "textSimilarity">> & TokenTable;

type Options = Omit<BakeRecoverableOptions, "method">;

/** The library's decision with the same options. */
function wanted(table: TokenTable, options: Options): CompressionPlan {
  const { tokens: _tokens, form: _form, weights: _weights, textPolarity, ...asked } = options;
  return recoverable.plan({ ...table, textPolarity }, asked);
}

async function session(options: Options): Promise<InferenceSession> {
  return InferenceSession.create(
    await modelBytes(compressionModel({ method: "recoverable", weights: true, ...options })),
    {
      logSeverityLevel: 3,
    },
  );
}

async function baked(model: InferenceSession, table: TokenTable) {
  const { features, keys, clsAttention, textSimilarity, count } = table as Full;
  const matrix = ({ data, dim }: { data: Float32Array | Uint16Array; dim: number }) =>
    new Tensor("float32", data as Float32Array, [count, dim]);
  const results = await model.run({
    features: matrix(features),
    keys: matrix(keys),
    cls_attention: new Tensor("float32", clsAttention, [count]),
    text_similarity: new Tensor("float32", textSimilarity, [count]),
  });
  return {
    rows: (results.count.data as Int32Array)[0],
    compressed: results.compressed.data as Float32Array,
    weights: results.weights.data as Float32Array,
    made: results.weights.dims[0],
  };
}

/** The plan as a dense matrix [K, N]. */
function dense(plan: CompressionPlan): Float32Array {
  const out = new Float32Array(plan.roles.length * plan.sourceCount);
  planRows(plan).forEach(({ sources, weights }, row) => {
    for (let e = 0; e < sources.length; e++) out[row * plan.sourceCount + sources[e]] += weights[e];
  });
  return out;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let off = 0;
  for (let i = 0; i < b.length; i++) off = Math.max(off, Math.abs(a[i] - b[i]));
  return off;
}

async function assertSame(table: TokenTable, options: Options): Promise<void> {
  const plan = wanted(table, options);
  const model = await session(options);
  const got = await baked(model, table);
  await model.release();
  const rows = plan.roles.length;
  expect(got.rows).toBe(rows);
  const { retain, max } = budgetRows("test", options.budget ?? "dynamic", table.count);
  expect(got.made).toBe(options.form === "static" ? (retain ?? max) : rows);
  const want = dense(plan);
  const nonZero = (values: ArrayLike<number>) => Array.from(values, (value) => (value === 0 ? 0 : 1)).join("");
  expect(nonZero(got.weights.subarray(0, want.length))).toBe(nonZero(want));
  expect(largestDifference(got.weights, want)).toBeLessThan(1e-5);
  expect(got.weights.subarray(want.length).every((value) => value === 0)).toBe(true);
  expect(largestDifference(got.compressed, applyPlan(plan, (table as Full).features as never).data)).toBeLessThan(1e-4);
}

describe("the golden tables", () => {
  it("are there", () => expect(golden.length).toBeGreaterThan(14));

  describe.each(golden)("%s", (_, table) => {
    const tokens = table.count;
    it.each([
      ["dynamic", {}],
      ["dynamic, mean", { merge: "mean" }],
      ["dynamic, other sign", { textPolarity: -1 }],
      ["dynamic, at most 12", { budget: { max: 12 } }],
      ["dynamic, from 30 to 35", { budget: { min: 30, max: 35 } }],
      ["16 of them", { budget: 16 }],
      ["a share", { budget: 0.3 }],
      ["static, a share at most", { form: "static", budget: { min: 2, max: 0.3 } }],
      ["static, at most 35", { form: "static", budget: { max: 35 } }],
      ["static, 16 of them", { form: "static", budget: { retain: 16 } }],
      ["static, 16, mean", { form: "static", budget: 16, merge: "mean" }],
    ] as const)("%s", async (_, options) => {
      await assertSame(table, { tokens, textPolarity: 1, ...options });
    });
  });
});

describe("random tables", () => {
  /** Scores on a coarse scale, so that equal ones are common; some keys are zero. */
  function coarseTable(count: number, seed: number, levels: number): TokenTable {
    const random = randomSource(seed);
    const scores = () => Float32Array.from({ length: count }, () => Math.fround(random.below(levels) / 64));
    const matrix = (dim: number) => ({
      data: Float32Array.from({ length: count * dim }, (_, i) =>
        Math.floor(i / dim) % 5 === 4 ? 0 : random.unit() - 0.5,
      ),
      count,
      dim,
    });
    return createTokenTable({
      features: matrix(3),
      keys: matrix(4),
      clsAttention: scores(),
      textSimilarity: scores(),
    });
  }

  it.each([{ form: "dynamic" } as const, { form: "static", budget: 7 } as const])(
    "with an attention so small that it is all but nothing, means of merged rows, %j",
    async (options) => {
      const { features, keys } = coarseTable(32, 3, 40) as Full;
      // The rest's attention is around 1e-33, as a float32 softmax may give it.
      const clsAttention = Float32Array.from({ length: 32 }, (_, i) => (i < 3 ? 0.3 : (1 + (i % 5)) * 1e-33));
      const textSimilarity = Float32Array.from({ length: 32 }, (_, i) => (i % 7) / 64);
      const table = createTokenTable({ features, keys, clsAttention, textSimilarity } as never);
      const whole = { tokens: 32, textPolarity: 1, merge: "mean", ...options } as const;
      await assertSame(table, whole);
      const merged = dense(wanted(table, whole));
      expect(merged.length).toBeGreaterThan(32 * 3);
    },
  );

  it("with equal scores, few tokens and any options", { timeout: 120_000 }, async () => {
    const options = fc.record({
      textPolarity: fc.constantFrom(1 as const, -1 as const),
      merge: fc.constantFrom("sum" as const, "mean" as const),
      mergeNeighbors: fc.integer({ min: 0, max: 40 }),
      textWeight: fc.constantFrom(0, 1.8, 50),
      outlierNeighbors: fc.record({
        visual: fc.integer({ min: 1, max: 30 }),
        text: fc.integer({ min: 1, max: 30 }),
        rest: fc.integer({ min: 1, max: 30 }),
      }),
      form: fc.constantFrom("dynamic" as const, "static" as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 40 }),
        fc.nat(),
        fc.constantFrom(2, 8, 64, 4096),
        options,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.boolean(),
        async (tokens, seed, levels, options, share, fixed) => {
          const rows = 1 + Math.floor(share * (tokens - 1));
          const budget = fixed ? rows : { max: rows };
          await assertSame(coarseTable(tokens, seed, levels), { tokens, ...options, budget });
        },
      ),
      { numRuns: Number(process.env.RECOUP_FUZZ_BAKE ?? 60) },
    );
  });

  it("of 576 tokens as CLIP gives them", async () => {
    for (const seed of [1, 2, 3]) {
      const table = syntheticTable({ rows: 24, columns: 24, dim: 64, seed });
      await assertSame(table, { tokens: 576, textPolarity: 1 });
      await assertSame(table, { tokens: 576, textPolarity: 1, form: "static", budget: { max: 128 } });
    }
  });
});
