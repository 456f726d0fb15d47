/** @file Values of wrong types at the doors of core: refused by recoup's own errors, never by a TypeError. */
import { describe, expect, it } from "vitest";
import { applyPlan } from "./apply-plan.js";
import { checkedBudget } from "./budget.js";
import { RecoupError } from "./errors.js";
import { localOutlierFactor } from "./outliers.js";
import { assertPlan, expandRow, identityPlan, retentionRatio, roleCounts, rowCount } from "./plan.js";
import { planFromJson, planToJson } from "./plan-json.js";
import { recover } from "./recover.js";
import { clsAttention, projectRows, textSimilarity, withoutClsRow, wordSimilarity } from "./signals.js";
import { splicePlaceholders } from "./splice.js";
import { squareGrid } from "./token-grid.js";
import { createTokenTable, onlySignals, requireSignals, take } from "./token-table.js";

let deep: unknown = 0;
for (let i = 0; i < 1e5; i++) deep = [deep];
const circle: Record<string, unknown> = {};
circle.self = circle;

const WRONG = [undefined, null, 1, 1n, "all", Symbol("s"), () => 1, [], [1], {}, deep, circle, new Date(0), 1.5];
const features = { data: new Float32Array(8), count: 4, dim: 2 };
const plan = identityPlan(4);

type Door = (wrong: never) => unknown;
const DOORS: Record<string, Door> = {
  createTokenTable,
  "createTokenTable, features": (wrong) => createTokenTable({ features: wrong }),
  "createTokenTable, width": (wrong) => createTokenTable({ features: { ...features, dim: [wrong, 0][0] } }),
  take: (wrong) => take(wrong, [0]),
  rowCount,
  roleCounts,
  retentionRatio,
  withoutClsRow,
  onlySignals: (wrong) => onlySignals<"keys">(wrong, ["keys"]),
  requireSignals: (wrong) => requireSignals("test", wrong, []),
  squareGrid: (wrong) => squareGrid([wrong][0] === 1 ? 2 : wrong),
  applyPlan: (wrong) => applyPlan(wrong, features),
  "applyPlan, tokens": (wrong) => applyPlan(plan, wrong),
  assertPlan: (wrong) => assertPlan("test", wrong),
  expandRow: (wrong) => expandRow(wrong, 0),
  "expandRow, row": (wrong) => expandRow(plan, [wrong][0] === 1 ? -1 : wrong),
  recover: (wrong) => recover(wrong, [0]),
  planToJson,
  planFromJson,
  splicePlaceholders: (wrong) => splicePlaceholders(wrong, 9, [plan]),
  "splicePlaceholders, an id": (wrong) => splicePlaceholders([wrong === 1 || wrong === 1n ? Number.NaN : wrong], 9, []),
  "splicePlaceholders, the placeholder": (wrong) =>
    splicePlaceholders([7], wrong === 1 || wrong === 1n ? Number.NaN : wrong, []),
  "splicePlaceholders, a plane": (wrong) => splicePlaceholders([7], 9, [], { positions: [wrong, []] }),
  "splicePlaceholders, a position": (wrong) =>
    splicePlaceholders([7], 9, [], { positions: [[[1, 1.5].includes(wrong) ? ("x" as never) : wrong]] }),
  "squareGrid, patchSize": (wrong) =>
    squareGrid(4, { patchSize: typeof (wrong ?? 1) === "number" ? Number.NaN : wrong }),
  localOutlierFactor,
  clsAttention: (wrong) => clsAttention(wrong, features),
  "clsAttention, keys": (wrong) => clsAttention(new Float32Array(2), wrong),
  projectRows: (wrong) => projectRows(wrong, features),
  textSimilarity: (wrong) => textSimilarity(features, wrong),
  wordSimilarity: (wrong) => wordSimilarity(wrong, features),
};

describe.each(Object.entries(DOORS))("%s", (_, door) => {
  it("refuses what is of another type", () => {
    for (const wrong of WRONG) {
      let caught: unknown;
      try {
        door(wrong as never);
      } catch (error) {
        caught = error;
      }
      expect(RecoupError.isInstance(caught), String(caught)).toBe(true);
      expect((caught as Error).message.length).toBeLessThan(400);
    }
  });
});

it.each<[string, (options: never) => unknown]>([
  ["recover", (options) => recover(plan, [1], options)],
  ["splicePlaceholders", (options) => splicePlaceholders([9, 9, 9, 9], 9, [plan], options)],
  ["applyPlan", (options) => applyPlan(plan, features, options)],
  ["textSimilarity", (options) => textSimilarity(features, new Float32Array(2), options)],
  ["squareGrid", (options) => squareGrid(4, options)],
  ["localOutlierFactor", (options) => localOutlierFactor(new Float32Array(4), options)],
])("%s refuses options that are no plain object", (_, call) => {
  for (const wrong of [null, 5, "all", [], new Map(), Object.create({ kernels: 5 })]) {
    expect(() => call(wrong as never)).toThrow("options as a plain object");
  }
  call(undefined as never);
  call(Object.create(null) as never);
});

it("takes ids as numbers or bigints, the placeholder too", () => {
  const spliced = splicePlaceholders([7, 9n, 9, 9n, 9], 9n, [plan]);
  expect(spliced.inputIds).toEqual([7, 9, 9, 9, 9]);
});

it.each([
  ["two budgets at once", () => checkedBudget("test", { retain: 1, ratio: 0.1 })],
  ["an inherited budget", () => checkedBudget("test", Object.create({ retain: 1 }))],
  [
    "a patch size as text",
    () => createTokenTable({ features, grids: [{ ...squareGrid(4), patchSize: "x" as never }] }),
  ],
  ["a patch size of NaN", () => createTokenTable({ features, grids: [{ ...squareGrid(4), patchSize: Number.NaN }] })],
  ["kernels", () => applyPlan(plan, features, { kernels: {} as never })],
  ["a scale", () => textSimilarity(features, new Float32Array(2), { scale: Number.NaN })],
  ["rows to take", () => take(createTokenTable({ features }), null as never)],
  ["signals", () => onlySignals(createTokenTable({ features }) as never, null as never)],
  ["columns of a grid", () => createTokenTable({ features, grids: [{ rows: 2, columns: 1.5, offset: 0 }] })],
  ["a grid", () => createTokenTable({ features, grids: [null as never] })],
  ["grids", () => createTokenTable({ features, grids: 4 as never })],
  ["a role", () => recover(plan, [0], { role: "merged" as never })],
  ["ids", () => recover(plan, null as never)],
  ["an id", () => recover(plan, [1n as never])],
  ["plans", () => splicePlaceholders([9], 9, plan as never)],
  ["a mask", () => splicePlaceholders([9, 9, 9, 9], 9, [plan], { attentionMask: 1 as never })],
  ["positions", () => splicePlaceholders([9, 9, 9, 9], 9, [plan], { positions: "gap" as never })],
  ["an order", () => assertPlan("test", { ...plan, order: "raster" as never })],
  ["plain lists in a plan", () => applyPlan({ ...plan, sources: [0, 1, 2, 3] as never }, features)],
])("refuses %s that do not fit", (_, call) => {
  expect(call).toThrow(RecoupError);
});
