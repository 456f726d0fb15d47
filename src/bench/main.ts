#!/usr/bin/env node
/** `npm run bench -- select [--json FILE]`: rows on stdout as they are measured, results with their machine in a file. */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { defaultKernels } from "../math/index.js";
import { assertOutputs, writeFileAtomic } from "../node/index.js";
import { benchAllocations, benchSelect, SELECT_SIZES, type SelectRow } from "./select.js";

const USAGE = `usage: npm run bench -- select [--json FILE] [--sizes 144,576] [--only NAME] [--runs 50]

  select   every method from keys and query to compressed rows, at ${SELECT_SIZES.join(", ")} tokens of width 1024`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "string" },
      sizes: { type: "string", default: SELECT_SIZES.join(",") },
      only: { type: "string" },
      runs: { type: "string", default: "50" },
      help: { type: "boolean", short: "h" },
    },
  });
  const sizes = values.sizes.split(",").map(Number);
  const runs = Number(values.runs);
  const fits = sizes.every((size) => SELECT_SIZES.includes(size)) && Number.isInteger(runs) && runs >= 1;
  if (values.help || positionals.join() !== "select" || !fits) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.json !== undefined) await assertOutputs([values.json]);
  const options = { sizes, runs, only: values.only };
  const timed: SelectRow[] = [];
  console.log(HEADING);
  for (const row of benchSelect(options)) {
    timed.push(row);
    console.log(line(row));
  }
  console.error("counting allocations …");
  const bytes = [...benchAllocations(options)];
  const rows = timed.map((row, i) => ({ ...row, extra_bytes: bytes[i] }));
  console.log("\nmegabytes allocated in one run (upper bound of the extra peak)\n");
  for (const { name, n, extra_bytes } of rows) {
    console.log(`${name.padEnd(30)} ${String(n).padStart(6)} ${(extra_bytes / 2 ** 20).toFixed(2).padStart(9)}`);
  }
  if (values.json !== undefined) {
    const result = { bench: "select", machine: machine(), command: `npm run bench -- ${args.join(" ")}`, rows };
    await writeFileAtomic(values.json, `${JSON.stringify(result, undefined, 1)}\n`);
    console.error(`wrote ${values.json}`);
  }
  return 0;
}

/** What the numbers were measured on; they mean nothing without it. */
function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    kernels: defaultKernels().id,
  };
}

const HEADING = "name                               n     k  median ms     p95 ms   floor  ratio  stages";

function line(row: SelectRow): string {
  return [
    row.name.padEnd(29),
    String(row.n).padStart(6),
    String(row.k).padStart(5),
    row.median_ms.toFixed(2).padStart(10),
    row.p95_ms.toFixed(2).padStart(10),
    row.floor_ms.toFixed(2).padStart(7),
    row.floor_ratio.toFixed(1).padStart(6),
    "",
    Object.entries(row.stages)
      .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
      .join(", "),
  ].join(" ");
}

process.exitCode = await main(process.argv.slice(2));
