#!/usr/bin/env node
/**
 * Plans for a folder of token tables, for the evaluation in python/: node scripts/plan-tables.mjs TABLES > PLANS.jsonl
 *
 * Every table is decided by `recoverable` with its dynamic budget and, at 58 rows, by all methods that have their signals.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { METHODS, planToJson, RecoupError } from "../dist/index.js";
import { readTokenTable } from "../dist/node/index.js";

const RETAIN = 58;
const folder = process.argv[2];
const names = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));

const contenders = [
  ...["sum", "mean"].map((merge) => ({
    name: `recoverable (dynamic, ${merge})`,
    id: "recoverable",
    options: { merge },
  })),
  ...METHODS.filter(({ id }) => id !== "none").map(({ id }) => ({
    name: id,
    id,
    options: { budget: { retain: RETAIN } },
  })),
];

for (const [i, name] of names.sort().entries()) {
  const { table } = await readTokenTable(join(folder, name));
  for (const { name: label, id, options } of contenders) {
    const method = METHODS.find((candidate) => candidate.id === id);
    try {
      const plan = planToJson(method.plan(table, options));
      process.stdout.write(`${JSON.stringify({ table: i, name: label, plan })}\n`);
    } catch (error) {
      // A method whose signals these tables lack (vectors of single words).
      if (!RecoupError.isInstance(error)) throw error;
    }
  }
}
