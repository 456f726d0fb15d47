/** `recoup` as ONNX nodes decides as the library does: on its golden tables, on random ones, with each option. */
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import {
  applyPlan,
  BudgetError,
  type CompressionPlan,
  createTokenTable,
  planRows,
  type TokenTable,
} from "../../src/core/index.js";
import { randomSource } from "../../src/math/index.js";
import { recoup, withMass } from "../../src/methods/index.js";
import { type BakeRecoupOptions, compressionModel, modelBytes } from "../../src/onnx/index.js";
import { syntheticTable } from "../../src/testing/index.js";
import { RECOUP_TABLES, recoupTable } from "../methods/recoup-golden.js";

const FORMS = ["dynamic", "static"] as const;

type Options = Omit<BakeRecoupOptions, "tokens" | "width" | "grids" | "textPolarity" | "weights" | "mass">;
type Table = TokenTable & {
  readonly features: { readonly data: Float32Array; readonly count: number; readonly dim: number };
};

/** The model's answer for a table: without a similarity, one that says nothing. */
async function baked(table: Table, options: Options, opset?: number) {
  const { features, grids = [], count, textPolarity, textSimilarity = new Float32Array(count).fill(0.2) } = table;
  const { data, dim } = features;
  const shape = { tokens: count, width: dim, grids, textPolarity };
  const bytes = await modelBytes(compressionModel({ ...shape, weights: true, mass: true, ...options }, { opset }));
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const results = await session.run({
    features: new Tensor("float32", data, [count, dim]),
    text_similarity: new Tensor("float32", textSimilarity, [count]),
  });
  await session.release();
  return results;
}

const numbers = ({ data }: Tensor) => Array.from(data as Float32Array | Int32Array);

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let off = 0;
  for (let i = 0; i < b.length; i++) off = Math.max(off, Math.abs(a[i] - b[i]));
  return off;
}

/** The plan as a dense matrix, `[K, N]`. */
function dense(plan: CompressionPlan): Float32Array {
  const out = new Float32Array(plan.roles.length * plan.sourceCount);
  planRows(plan).forEach(({ sources, weights }, row) => {
    for (let e = 0; e < sources.length; e++) out[row * plan.sourceCount + sources[e]] += weights[e];
  });
  return out;
}

async function assertSame(table: Table, options: Options): Promise<void> {
  const { form: _form, ...asked } = options;
  const plan = withMass(recoup.plan(table, asked), recoup, table.features);
  const got = await baked(table, options);
  expect(numbers(got.anchors)).toEqual(Array.from(plan.anchor));
  expect(numbers(got.roles)).toEqual(Array.from(plan.roles));
  expect(numbers(got.count)).toEqual([plan.anchor.length]);
  const want = dense(plan);
  const sources = (weights: ArrayLike<number>) => Array.from(weights, (weight) => (weight === 0 ? 0 : 1)).join("");
  expect(sources(got.weights.data as Float32Array)).toBe(sources(want));
  expect(largestDifference(numbers(got.weights), want)).toBeLessThan(1e-5);
  const rows = applyPlan(plan, table.features).data;
  expect(largestDifference(numbers(got.compressed), rows)).toBeLessThan(1e-4);
  expect(largestDifference(numbers(got.mass), plan.mass as Float32Array)).toBeLessThan(1e-3);
}

describe("the golden tables", () => {
  it("are there", () => expect(RECOUP_TABLES).toHaveLength(12));

  describe.each(RECOUP_TABLES)("%s", (name) => {
    const { table, options, order } = recoupTable(name);
    it.each(FORMS)("%s", async (form) => {
      // All rows need no model.
      if (order.length === table.count)
        expect(() => compressionModel({ ...bakeable(table), ...options, form })).toThrow(BudgetError);
      else await assertSame(table, { ...options, form });
    });
  });
});

function bakeable({ count, features, grids = [], textPolarity }: Table) {
  return { tokens: count, width: features.dim, grids, textPolarity };
}

describe("random tables", () => {
  /** Noise with some copies of tokens and some zero rows; a similarity that may say something. */
  function table(tokens: number, dim: number, seed: number, strength: number): Table {
    const random = randomSource(seed);
    const data = Float32Array.from({ length: tokens * dim }, () => random.unit() - 0.4);
    for (let copies = 0; copies < tokens / 6; copies++) {
      const [from, to] = [random.below(tokens), random.below(tokens)];
      data.set(data.subarray(from * dim, (from + 1) * dim), to * dim);
    }
    if (seed % 5 === 0) data.fill(0, dim, 3 * dim);
    const target = random.below(tokens);
    const textSimilarity = Float32Array.from(
      { length: tokens },
      (_, i) => 0.2 + 0.02 * random.unit() + (Math.abs(i - target) < 5 ? strength * random.unit() : 0),
    );
    return createTokenTable({ features: { data, count: tokens, dim }, textSimilarity }) as Table;
  }

  it("of few tokens, with copies and zero rows, and any options", { timeout: 300_000 }, async () => {
    const share = fc.option(
      fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20),
      { nil: undefined },
    );
    const options = fc.record({
      form: fc.constantFrom(...FORMS),
      textRows: share,
      // At 1 tokens of equal evidence gain the same, and what their cosine with themselves is off by decides in the library.
      textShare: fc.constantFrom(undefined, 0, 0.4, 0.9),
      tau: fc.constantFrom(0.05, 0.2, 1),
      merging: fc.constantFrom(0, 0.3, 0.5, 1),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 60 }),
        fc.constantFrom(3, 8, 513),
        fc.nat(10_000),
        fc.constantFrom(0, 0.05, 0.5),
        options,
        // Where all that is left are copies of picks, rounding decides in the library which of them is the least like a pick.
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        async (tokens, dim, seed, strength, options, share) => {
          const retain = 1 + Math.floor(share * (tokens - 1));
          await assertSame(table(tokens, dim, seed, strength), { ...options, budget: { retain } });
        },
      ),
      { numRuns: Number(process.env.RECOUP_FUZZ_BAKE ?? 40) },
    );
  });

  it("of 576 tokens as CLIP gives them", { timeout: 300_000 }, async () => {
    for (const seed of [1, 2, 3]) {
      const clip = syntheticTable({ rows: 24, columns: 24, dim: 64, seed }) as unknown as Table;
      for (const form of FORMS) await assertSame(clip, { form });
    }
  });

  it("wide enough for a sketch, and not a multiple of its bins", { timeout: 300_000 }, async () => {
    const wide = syntheticTable({ rows: 9, columns: 16, dim: 600, seed: 4 }) as unknown as Table;
    for (const form of FORMS) await assertSame(wide, { form, budget: 20 });
  });
});

/** The build for the web has every node, in double precision as well. */
it.each(FORMS)("runs in onnxruntime-web, %s", async (form) => {
  const { features, textSimilarity, count, grids } = syntheticTable({ rows: 8, columns: 8, dim: 16, seed: 6 });
  const table = createTokenTable({ features, textSimilarity, grids }) as Table;
  const model = compressionModel({ ...bakeable(table), form, budget: 9 });
  const session = await web.InferenceSession.create(await modelBytes(model), { executionProviders: ["wasm"] });
  const { anchors } = await session.run({
    features: new web.Tensor("float32", table.features.data, [count, 16]),
    text_similarity: new web.Tensor("float32", textSimilarity as Float32Array, [count]),
  });
  await session.release();
  expect(Array.from(anchors.data as Int32Array)).toEqual(Array.from(recoup.plan(table, { budget: 9 }).anchor));
});

it.each([11, 13, 18, 21])("decides alike in operator set %i", async (opset) => {
  const { table, options } = recoupTable("pointed");
  const plan = recoup.plan(table, options);
  for (const form of FORMS) {
    const { anchors, roles } = await baked(table, { ...options, form }, opset);
    expect([numbers(anchors), numbers(roles)]).toEqual([Array.from(plan.anchor), Array.from(plan.roles)]);
  }
});
