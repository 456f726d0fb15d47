/** `recoup` against an independent implementation in numpy, python/recoup_fixtures/recoup_reference.py: tests/golden/recoup. */
import { describe, expect, it } from "vitest";
import { RECOUP_TABLES, recoupTable } from "../../../tests/methods/recoup-golden.js";
import { applyPlan, planRows } from "../../core/index.js";
import { plainKernels } from "../../math/index.js";
import { recoup, textEvidence } from "./index.js";

/** Of an output value, as a share of the largest in its table. */
const TOLERANCE = 1e-6;

it("has twelve tables", () => {
  expect(RECOUP_TABLES).toHaveLength(12);
});

describe.each(RECOUP_TABLES)("%s", (name) => {
  const { facts, table, order, options, rows } = recoupTable(name);
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
