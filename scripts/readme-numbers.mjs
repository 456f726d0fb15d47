#!/usr/bin/env node
/** Writes the README's table of times from bench/results. Run after `npm run bench`: node scripts/readme-numbers.mjs */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const results = ["select.json", "select-11520.json"].map((name) =>
  JSON.parse(readFileSync(join(root, "bench", "results", name), "utf8")),
);
const rows = results.flatMap((result) => result.rows);
const [{ machine }] = results;
const sizes = [576, 2880, 11520];
const names = [...new Set(rows.map(({ name }) => name))].filter((name) => name !== "none");

const cell = (name, n) => {
  const row = rows.find((candidate) => candidate.name === name && candidate.n === n);
  return row === undefined ? "" : `${milliseconds(row.median_ms)} (${row.k})`;
};
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(2) : ms < 1000 ? ms.toFixed(0) : `${(ms / 1000).toFixed(1)} s`);
const floor = (n) => milliseconds(Math.min(...rows.filter((row) => row.n === n).map((row) => row.floor_ms)));

const table = [
  "Milliseconds (median of at least 50 runs after warm-up, rows kept in parentheses), one thread, from keys and query to",
  "compressed rows; text similarity is taken as given. `@64`: 64 rows asked for; the others of `recoverable` find their own",
  `number. Made-up tables of width 1024; ${machine.cpu}, ${machine.cores} shared cores, Node ${machine.node}, ${machine.date};`,
  "`npm run bench -- select`. The floor is one pass over features and keys.",
  "",
  `| method | ${sizes.map((n) => `N = ${n}`).join(" | ")} |`,
  `|---|${sizes.map(() => "---:").join("|")}|`,
  `| floor | ${sizes.map(floor).join(" | ")} |`,
  ...names.map((name) => `| ${name} | ${sizes.map((n) => cell(name, n)).join(" | ")} |`),
].join("\n");

const readme = join(root, "README.md");
const [start, end] = ["<!-- numbers: scripts/readme-numbers.mjs -->\n", "<!-- /numbers -->"];
const text = readFileSync(readme, "utf8");
const [before, after] = [text.indexOf(start) + start.length, text.indexOf(end)];
writeFileSync(readme, `${text.slice(0, before)}\n${table}\n\n${text.slice(after)}`);
