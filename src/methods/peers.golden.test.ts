/** Peers against runs of their official code: tests/golden/peers (data and versions there). */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  applyPlan,
  clsAttention,
  createTokenTable,
  expandRow,
  planRows,
  withoutClsRow,
  wordSimilarity,
} from "../core/index.js";
import { parseSafetensors } from "../files/index.js";
import { type Matrix, takeRows } from "../math/index.js";
import { cdPruner } from "./cdpruner.js";
import { mmTok } from "./mmtok.js";
import { pruMerge, pruMergePlus } from "./prumerge.js";
import { minMax } from "./shared/relevance.js";
import { visionZip } from "./visionzip.js";

const root = new URL("../../tests/golden/peers/", import.meta.url);

/** Largest absolute difference of an output value: the tolerance of the project's other golden outputs. */
const OUTPUT_TOLERANCE = 1e-4;

interface PeerCase {
  readonly name: string;
  readonly N: number;
  readonly options: Record<string, number>;
  readonly raises: object | null;
  readonly values: (tensor: string) => Float32Array;
  readonly list: (tensor: string) => number[];
  readonly matrix: (tensor: string) => Matrix;
  readonly has: (tensor: string) => boolean;
}

function cases(method: string): PeerCase[] {
  const folder = new URL(`${method}/`, root);
  const names = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return names.map((file) => {
    const json = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    const bytes = readFileSync(new URL(file.replace(".json", ".safetensors"), folder));
    const { tensors } = parseSafetensors(new Uint8Array(bytes));
    const values = (tensor: string) => Float32Array.from(tensors.get(tensor)?.data ?? [], Number);
    const matrix = (tensor: string) => {
      const [count, dim] = tensors.get(tensor)?.shape ?? [];
      return { data: values(tensor), count, dim };
    };
    const list = (tensor: string) => Array.from(values(tensor));
    return { ...json, values, list, matrix, has: (tensor: string) => tensors.has(tensor) };
  });
}

/** The cases that the official code completes; those where it raises are stated one by one below. */
const completed = (method: string) => cases(method).filter(({ raises }) => raises === null);

function expectClose(got: Float32Array, want: Float32Array): void {
  expect(got.length).toBe(want.length);
  let worst = 0;
  for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i] - want[i]));
  expect(worst).toBeLessThanOrEqual(OUTPUT_TOLERANCE);
}

const ascending = (list: ArrayLike<number>) => Array.from(list).sort((a, b) => a - b);

describe("visionzip", () => {
  it.each(completed("visionzip"))("$name", ({ options, values, list, matrix }) => {
    const { dominant, contextual } = options;
    const features = matrix("in.features");
    const table = createTokenTable({ features, keys: matrix("in.keys"), clsAttention: values("in.cls_attention") });
    const retain = dominant + contextual;
    if (retain === table.count) {
      // A budget of all tokens is the identity for every method here; the released order is dominant, then contextual.
      expectClose(applyPlan(visionZip.plan(table, { budget: { retain } }), features).data, features.data);
      return;
    }
    const plan = visionZip.plan(table, { budget: { retain }, contextualShare: contextual / retain });
    expect(Array.from(plan.anchor.slice(0, dominant))).toEqual(ascending(list("out.dominant")));
    expect(Array.from(plan.anchor.slice(dominant))).toEqual(list("out.contextual_targets"));
    const sources = list("out.merge_sources");
    const assigned = list("out.assignment");
    list("out.contextual_targets").forEach((target, t) => {
      const members = sources.filter((_, s) => assigned[s] === t);
      expect(Array.from(expandRow(plan, dominant + t).sources)).toEqual([target, ...members]);
    });
    // The released output starts with the class token.
    expectClose(applyPlan(plan, features).data, matrix("out.features").data.subarray(features.dim));
  });
});

describe.each([
  ["prumerge", pruMerge],
  ["prumerge-plus", pruMergePlus],
] as const)("%s", (id, method) => {
  it.each(completed(id))("$name", ({ values, list, matrix, has }) => {
    const features = matrix("in.features");
    const keys = has("in.keys_cls") ? withoutClsRow(matrix("in.keys_cls")) : matrix("in.keys");
    const table = createTokenTable({ features, keys, clsAttention: values("in.cls_attention") });
    if (has("in.keys_cls")) {
      expectClose(clsAttention(values("in.q_cls"), matrix("in.keys_cls")), values("in.cls_attention"));
    }
    const plan = method.plan(table);
    const rows = planRows(plan);
    const order = list("out.order");
    expect(rows.map(({ anchor }) => anchor).slice(0, -1)).toEqual(order);
    expect(Array.from(rows.at(-1)?.sources ?? [])).toEqual(list("out.rest"));
    if (has("out.neighbours") && order.length > 0) {
      const neighbors = matrix("out.neighbours");
      order.forEach((_, row) => {
        const want = neighbors.data.subarray(row * neighbors.dim, (row + 1) * neighbors.dim);
        expect(ascending(Array.from(rows[row].sources).slice(1))).toEqual(ascending(want));
      });
    }
    expectClose(applyPlan(plan, features).data, values("out.features"));
  });
});

describe("where the official code raises", () => {
  it("prumerge takes all candidates when there are fewer than 32", () => {
    const [few] = cases("prumerge").filter(({ raises }) => raises !== null);
    const table = createTokenTable({
      features: few.matrix("in.features"),
      keys: withoutClsRow(few.matrix("in.keys_cls")),
      clsAttention: clsAttention(few.values("in.q_cls"), few.matrix("in.keys_cls")),
    });
    const rows = planRows(pruMerge.plan(table)).filter(({ role }) => role === "merged");
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.sources.length).toBe(few.N);
  });

  it("prumerge-plus spreads three centers when nothing is an outlier", () => {
    const [none] = cases("prumerge-plus").filter(({ raises }) => raises !== null);
    const table = createTokenTable({
      features: none.matrix("in.features"),
      keys: withoutClsRow(none.matrix("in.keys_cls")),
      clsAttention: clsAttention(none.values("in.q_cls"), none.matrix("in.keys_cls")),
    });
    // N = 576: step 576, stride 192.
    expect(Array.from(pruMergePlus.plan(table).anchor).slice(0, 3)).toEqual([0, 192, 384]);
  });

  it("visionzip keeps its budget down to one contextual row, and none at a budget of one", () => {
    const [none] = cases("visionzip").filter(({ name }) => name.endsWith("ctx0"));
    const table = createTokenTable({
      features: none.matrix("in.features"),
      keys: none.matrix("in.keys"),
      clsAttention: none.values("in.cls_attention"),
    });
    const plan = visionZip.plan(table, { budget: { retain: 9 }, contextualShare: 0 });
    expect(planRows(plan).map(({ role }) => role)).toEqual([...Array(8).fill("visual"), "merged"]);
    expect(planRows(visionZip.plan(table, { budget: { retain: 1 } })).map(({ role }) => role)).toEqual(["visual"]);
  });
});

describe("cdpruner", () => {
  it.each(completed("cdpruner"))("$name", ({ options, values, list, matrix }) => {
    const features = matrix("in.features");
    // The released code reads the similarities of CLIP's tower with this sign.
    const table = createTokenTable({ features, textSimilarity: values("in.similarity"), textPolarity: -1 });
    const relevance = minMax(Float64Array.from(table.textSimilarity ?? [], (similarity) => -similarity));
    expectClose(Float32Array.from(relevance), values("mid.relevance"));
    const plan = cdPruner.plan(table, { budget: { retain: options.visual_token_num } });
    expect(Array.from(plan.anchor)).toEqual(list("out.kept"));
    expect(applyPlan(plan, features).data).toEqual(values("out.features"));
  });
});

describe("mmtok", () => {
  // Excluding letterbox padding is the released default for one model, and no option here.
  const without = completed("mmtok").filter(({ has, list }) => !has("in.excluded") || list("in.excluded").length === 0);
  it.each(without)("$name", ({ options, list, matrix }) => {
    const table = createTokenTable({
      features: matrix("in.keys"),
      wordSimilarity: wordSimilarity(matrix("in.features"), matrix("in.text_embeds")),
    });
    const plan = mmTok.plan(table, {
      budget: { retain: list("out.kept").length },
      visionWeight: options.alpha,
      textTemperature: options.softmax_tv_temperature,
      visionTemperature: options.softmax_vv_temperature,
    });
    expect(Array.from(plan.anchor)).toEqual(list("out.kept"));
    expect(takeRows(matrix("in.features"), plan.anchor).data).toEqual(matrix("out.features").data);
  });
});
