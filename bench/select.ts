/**
 * `npm run bench -- select`: time of each method from keys and query to compressed rows, beside the streaming floor (one
 * pass over features and keys) of the same run.
 */
import { performance } from "node:perf_hooks";
import { applyPlan, clsAttention, localOutlierFactor } from "../src/core/index.js";
import { defaultKernels, type Kernels, type Matrix, quantile, randomSource } from "../src/math/index.js";
import { METHODS, recoverableSteps, type Variant } from "../src/methods/index.js";
import { type SyntheticTable, syntheticTable } from "../src/testing/index.js";
import { allocatedBytes, measure } from "./measure.js";

/** Side of the grid and number of pictures of each size: one picture, LLaVA-1.5's, two of them, LLaVA-NeXT's, video. */
const SHAPES: Readonly<Record<number, { readonly side: number; readonly pictures: number }>> = {
  144: { side: 12, pictures: 1 },
  576: { side: 24, pictures: 1 },
  1152: { side: 24, pictures: 2 },
  2880: { side: 24, pictures: 5 },
  11520: { side: 24, pictures: 20 },
};

/** Sizes in rows that `SHAPES` knows. */
export const SELECT_SIZES: readonly number[] = Object.keys(SHAPES).map(Number);

/** Width of features and keys: CLIP-L's. */
const WIDTH = 1024;

/** Rows that methods with a fixed budget keep, whatever N: the field's budget for LLaVA-1.5. */
const RETAIN = 64;

/** One line of results; times in milliseconds. */
export interface SelectRow {
  /** Method, and variant where there is one, at its own number of rows; `@64` where the number is given. */
  readonly name: string;
  readonly n: number;
  readonly c: number;
  /** Rows kept. */
  readonly k: number;
  readonly runs: number;
  readonly median_ms: number;
  readonly p95_ms: number;
  readonly floor_ms: number;
  readonly floor_ratio: number;
  readonly stages: Readonly<Record<string, number>>;
}

/** What to measure. */
export interface SelectOptions {
  readonly sizes: readonly number[];
  readonly runs: number;
  /** Only rows whose name contains this. */
  readonly only?: string;
}

interface Contender {
  readonly name: string;
  readonly needsAttention: boolean;
  readonly plan: (table: SyntheticTable, kernels: Kernels) => ReturnType<(typeof METHODS)[number]["plan"]>;
  readonly variant?: Variant;
}

/** Measures method after method; yields each row as it is done. */
export function* benchSelect({ sizes, runs, only = "" }: SelectOptions): Generator<SelectRow> {
  for (const n of sizes) {
    const scene = sceneOf(n);
    for (const contender of contenders(only)) yield benchOne(contender, scene, runs);
  }
}

/** Bytes that one run of each method allocates, in the order of `benchSelect`; to be asked for after all times. */
export function* benchAllocations({ sizes, only = "" }: SelectOptions): Generator<number> {
  for (const n of sizes) {
    const { table, query, keys } = sceneOf(n);
    for (const { needsAttention, plan } of contenders(only)) {
      yield allocatedBytes(() => {
        if (needsAttention) clsAttention(query, keys);
        applyPlan(plan(table, defaultKernels()), table.features);
      });
    }
  }
}

/** What the methods are measured on. */
interface Scene {
  readonly table: SyntheticTable;
  /** Of the class token, `[C]`. */
  readonly query: Float32Array;
  /** Class row first, `[N + 1, C]`. */
  readonly keys: Matrix;
}

function sceneOf(n: number): Scene {
  const { side, pictures } = SHAPES[n];
  const table = syntheticTable({ rows: side, columns: side, pictures, dim: WIDTH, seed: n });
  return { table, query: randomRow(WIDTH, n), keys: withClsRow(table.keys) };
}

/** Every method at 64 rows; `recoverable` in all variants, at 64 rows and at its own number. */
function contenders(only: string): Contender[] {
  const variants = ["paper", "official", "official-alt"] as const;
  const all = METHODS.flatMap((method): Contender[] => {
    const needsAttention = method.needs.includes("clsAttention");
    if (method.id !== "recoverable") {
      const budget = { retain: RETAIN };
      const options = method.id === "none" ? {} : { budget };
      return [{ name: method.id, needsAttention, plan: (table, kernels) => method.plan(table, options, { kernels }) }];
    }
    return variants.flatMap((variant) =>
      (["dynamic", { retain: RETAIN }] as const).map((budget) => ({
        name: `recoverable/${variant}${budget === "dynamic" ? "" : `@${RETAIN}`}`,
        needsAttention,
        variant,
        plan: (table: SyntheticTable, kernels: Kernels) =>
          method.plan(table, { variant, budget } as object, { kernels }),
      })),
    );
  });
  return all.filter(({ name }) => name.includes(only));
}

function benchOne(contender: Contender, scene: Scene, runs: number): SelectRow {
  const { table, query, keys } = scene;
  const timed = new TimedKernels(defaultKernels());
  const whole = () => {
    if (contender.needsAttention) clsAttention(query, keys);
    applyPlan(contender.plan(table, timed), table.features);
  };
  // Floor and method in turns would warm each other's caches; apart, each sees its own data as a caller would.
  const floor = quantile(
    measure(() => streamingFloor(table), runs),
    0.5,
  );
  timed.milliseconds = [];
  const total = measure(whole, runs);
  const neighbors = quantile(
    timed.milliseconds.slice(-runs).sort((a, b) => a - b),
    0.5,
  );
  const plan = contender.plan(table, timed);
  const median = quantile(total, 0.5);
  return {
    name: contender.name,
    n: table.count,
    c: WIDTH,
    k: plan.roles.length,
    runs,
    median_ms: round(median),
    p95_ms: round(quantile(total, 0.95)),
    floor_ms: round(floor),
    floor_ratio: round(median / floor),
    stages: stages(contender, scene, runs, { neighbors, plan }),
  };
}

/** The stages on their own: each is its own measurement, so they do not add up exactly to the whole. */
function stages(
  contender: Contender,
  { table, query, keys }: Scene,
  runs: number,
  { neighbors, plan }: { neighbors: number; plan: ReturnType<Contender["plan"]> },
): Record<string, number> {
  const median = (run: () => void) => round(quantile(measure(run, runs), 0.5));
  const out: Record<string, number> = {};
  if (contender.needsAttention) out.scores = median(() => clsAttention(query, keys));
  if (contender.variant !== undefined) {
    const { rest } = recoverableSteps(table, { variant: contender.variant });
    const restAttention = Float32Array.from(rest, (id) => table.clsAttention[id]);
    out.outlier_factors = median(() => {
      localOutlierFactor(table.clsAttention, { neighbors: 20 });
      localOutlierFactor(table.textSimilarity, { neighbors: 20 });
      localOutlierFactor(restAttention, { neighbors: 10 });
    });
  }
  if (!Number.isNaN(neighbors) && neighbors !== undefined) out.neighbors = round(neighbors);
  out.apply = median(() => applyPlan(plan, table.features));
  return out;
}

/** Sums kept where the engine cannot prove them unused. */
export const sink = { value: 0 };

/** One pass over features and keys with four running sums: what any method that reads both must at least pay. */
function streamingFloor(table: SyntheticTable): void {
  for (const { data } of [table.features, table.keys]) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < data.length; i += 4) {
      s0 += data[i];
      s1 += data[i + 1];
      s2 += data[i + 2];
      s3 += data[i + 3];
    }
    sink.value += s0 + s1 + s2 + s3;
  }
}

/** Measures the time a method spends with the row kernels: similarities between tokens, and the choice made from them. */
class TimedKernels implements Kernels {
  readonly id;
  milliseconds: number[] = [];

  constructor(private readonly inner: Kernels) {
    this.id = inner.id;
  }

  withRows: Kernels["withRows"] = (matrix, use) => {
    const start = performance.now();
    const result = this.inner.withRows(matrix, use);
    this.milliseconds.push(performance.now() - start);
    return result;
  };
}

function randomRow(length: number, seed: number): Float32Array {
  const random = randomSource(seed);
  return Float32Array.from({ length }, () => random.unit() - 0.5);
}

function withClsRow({ data, count, dim }: Matrix): Matrix {
  const all = new Float32Array((count + 1) * dim);
  all.set(data, dim);
  return { data: all, count: count + 1, dim };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
