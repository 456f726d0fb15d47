/** `recoup` against an independent implementation in numpy, python/recoup_fixtures/recoup_reference.py: tests/golden/recoup. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyPlan, createTokenTable, planRows } from "../../core/index.js";
import { parseSafetensors } from "../../files/index.js";
import { plainKernels } from "../../math/index.js";
import { type RecoupOptions, recoup, textEvidence } from "./index.js";

const root = new URL("../../../tests/golden/recoup/", import.meta.url);

/** Of an output value, as a share of the largest in its table. */
const TOLERANCE = 1e-6;

function golden(name: string) {
  const facts = JSON.parse(readFileSync(new URL(`${name}.json`, root), "utf8"));
  const { tensors } = parseSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, root))));
  const values = (tensor: string) => tensors.get(tensor)?.data as Float32Array | undefined;
  const [count, dim] = tensors.get("features")?.shape ?? [];
  const table = createTokenTable({
    features: { data: values("features") as Float32Array, count, dim },
    grids: facts.grids,
    textSimilarity: values("similarity"),
    textPolarity: facts.polarity,
  });
  const order = Array.from(tensors.get("order")?.data ?? [], Number);
  const options: RecoupOptions = { ...facts.options, budget: { retain: order.length } };
  return { facts, table, order, options, rows: values("rows") as Float32Array };
}

const names = readdirSync(root)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -5));

it("has twelve tables", () => {
  expect(names).toHaveLength(12);
});

describe.each(names)("%s", (name) => {
  const { facts, table, order, options, rows } = golden(name);
  const plan = recoup.plan(table, options);

  it("finds the same evidence", () => {
    const { peak, confidence } = textEvidence(table);
    if (order.length === table.count) return;
    expect(peak).toBeCloseTo(facts.peak, 6);
    expect(confidence).toBeCloseTo(facts.confidence, 6);
  });

  it("keeps the same tokens in the same roles, and merges the same ones into them", () => {
    expect(Array.from(plan.anchor)).toEqual([...order].sort((a, b) => a - b));
    const got = planRows(plan).map(({ role, sources }) => [role, Array.from(sources).slice(1)]);
    expect(got).toEqual(facts.roles.map((role: string, row: number) => [role, facts.members[row]]));
    expect(recoup.plan(table, options, { kernels: plainKernels })).toEqual(plan);
  });

  it("makes the same rows", () => {
    const { data } = applyPlan(plan, table.features as NonNullable<typeof table.features>);
    const largest = rows.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(data.length).toBe(rows.length);
    let worst = 0;
    for (let i = 0; i < rows.length; i++) worst = Math.max(worst, Math.abs(data[i] - rows[i]));
    expect(worst / largest).toBeLessThanOrEqual(TOLERANCE);
  });

  it("chooses in the same order", () => {
    // Where the bound of text rows does not depend on the budget, plans are nested: each further row is the next choice.
    if (options.textRows === undefined) return;
    let before: number[] = [];
    order.forEach((id, t) => {
      const now = Array.from(recoup.plan(table, { ...options, budget: { retain: t + 1 } }).anchor);
      expect(now.filter((each) => !before.includes(each))).toEqual([id]);
      before = now;
    });
  });
});
