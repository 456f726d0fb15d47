#!/usr/bin/env node
/** `npm run fuzz -- [HARNESS …]`: damaged inputs by seed; each harness is one file here. Exit status 1 where one broke the promise. */
import { parseArgs } from "node:util";
import { assertOutputs } from "../../src/files/index.js";
import { writeResults } from "../machine.js";
import { HARNESSES } from "./harnesses.js";
import { type FuzzReport, runFuzz } from "./run-fuzz.js";

const USAGE = `usage: npm run fuzz -- [HARNESS …] [--count 20000] [--seed 1] [--only INDEX] [--json FILE]

${Object.entries(HARNESSES)
  .map(([name, { about }]) => `  ${name.padEnd(14)}${about}`)
  .join("\n")}

Without a name, all of them. --only runs one case again.`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      count: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [count, seed, only] = [values.count, values.seed, values.only ?? "0"].map(Number);
  const names = positionals.length === 0 ? Object.keys(HARNESSES) : positionals;
  const fits = [count, seed, only].every((value) => Number.isInteger(value) && value >= 0) && count >= 1;
  if (values.help || !fits || names.some((name) => !Object.hasOwn(HARNESSES, name))) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.json !== undefined) await assertOutputs([values.json]);
  const rows: object[] = [];
  let faulty = false;
  for (const name of names) {
    const range = values.only === undefined ? { count } : { first: only, count: 1 };
    const report = await runFuzz(HARNESSES[name], { ...range, seed, onCase: progress(name, count) });
    console.log(line(name, report));
    for (const { index, kind, text } of report.faults) console.log(`  case ${index}: ${kind}: ${text}`);
    rows.push({ harness: name, seed, ...rounded(report) });
    faulty ||= report.faults.length > 0;
  }
  if (values.json !== undefined) await writeResults(values.json, "fuzz", args, rows, "fuzz");
  return faulty ? 1 : 0;
}

/** Every thousandth case, on a terminal. */
const progress = (name: string, count: number) => (index: number) => {
  if (process.stderr.isTTY && index % 1000 === 999) process.stderr.write(`\r${name} ${index + 1} of ${count}\x1b[K\r`);
};

const rounded = ({ slowestMs, peakResident, ...rest }: FuzzReport) => ({
  ...rest,
  slowest_ms: Math.round(slowestMs),
  peak_mib: Math.round(peakResident / 2 ** 20),
});

function line(name: string, report: FuzzReport): string {
  const { cases, read, refused, slowest_ms, peak_mib, faults } = rounded(report);
  const facts = [`${cases} cases`, `${read} read`, `${refused} refused`, `slowest ${slowest_ms} ms`];
  return [name.padEnd(14), ...facts, `${peak_mib} MiB at most`, `${faults.length} faults`].join("  ");
}

process.exitCode = await main(process.argv.slice(2));
