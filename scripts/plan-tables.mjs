#!/usr/bin/env node
/**
 * Plans for a folder of token tables, for the evaluation in python/: node scripts/plan-tables.mjs TABLES [NAME] > PLANS.jsonl
 *
 * Every table is decided by `recoverable` with its dynamic budget and, at 58 rows, by all methods that have their signals. The
 * tables have the text polarity of the model's manifest.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planToJson, RecoupError } from "../dist/index.js";
import { METHODS } from "../dist/methods/index.js";
import { readTokenTable } from "../dist/node.js";

const RETAIN = 58;
const { textPolarity } = JSON.parse(readFileSync(new URL("../models/tiny/manifest.json", import.meta.url), "utf8"));
const folder = process.argv[2];
const names = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));

const contenders = [
  ...["sum", "mean"].map((merge) => ({
    name: `recoverable (dynamic, ${merge})`,
    id: "recoverable",
    options: { merge },
  })),
  ...METHODS.map(({ id }) => ({ name: id, id, options: id === "none" ? {} : { budget: { retain: RETAIN } } })),
].filter(({ name }) => process.argv[3] === undefined || name === process.argv[3]);

for (const [i, name] of names.sort().entries()) {
  const { table } = await readTokenTable(join(folder, name), { textPolarity });
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
