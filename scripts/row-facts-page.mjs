#!/usr/bin/env node
/**
 * Writes the tables of docs/results/places-and-mass.md from bench/results/row-facts-*.json. Run after `npm run bench -- facts`:
 * node scripts/row-facts-page.mjs
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeBlock } from "./write-block.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, "docs", "results", "places-and-mass.md");
const read = (name) => JSON.parse(readFileSync(join(root, "bench", "results", `row-facts-${name}.json`), "utf8"));
const write = (name, block) => writeBlock(page, { name, script: "row-facts-page.mjs", block });
const percent = (share) => (100 * share).toFixed(1);

for (const name of ["test-1601", "test-1602", "validation"]) write(name, twoByTwo(read(name)));
write("budgets", budgets(read("validation-budgets")));

function heading({ machine, command, rows }) {
  const [all] = rows;
  return [
    `${all.questions} questions; all 576 tokens: ${percent(all.score)} % right, counts ${percent(all.kinds.count.right)} %, letters`,
    `${percent(all.kinds.letter.right)} %. ${machine.cpu}, Node ${machine.node}, ${machine.date}; \`${command}\`.`,
  ];
}

/** A line per method, its four cells beside each other. */
function twoByTwo(result) {
  const { rows } = result;
  const methods = [...new Set(rows.slice(1).map(({ method }) => method))];
  const cell = (method, positions, mass) =>
    rows.find((row) => row.method === method && row.positions === positions && row.mass === mass);
  const shown = ({ kl, score }) => `${kl.toFixed(3)} · ${percent(score)}`;
  return [
    ...heading(result),
    "",
    "| method | mass by | told nothing | mass | places | both | KL of both over nothing | counts, letters: nothing | both |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ...methods.map((method) => {
      const four = [
        ["compact", 0],
        ["compact", 1],
        ["original", 0],
        ["original", 1],
      ].map(([positions, mass]) => cell(method, positions, mass));
      const [today, , , both] = four;
      const [low, high] = both.ratio_interval.map((end) => end.toFixed(2));
      const kinds = ({ kinds: { count, letter } }) => `${percent(count.right)}, ${percent(letter.right)}`;
      const ratio = `${both.ratio.toFixed(2)} [${low}, ${high}]`;
      return `| \`${method}\` | ${both.measure} | ${four.map(shown).join(" | ")} | ${ratio} | ${kinds(today)} | ${kinds(both)} |`;
    }),
  ].join("\n");
}

/** Alphas by method and budget, with places. */
function budgets(result) {
  const own = result.rows.slice(1).filter(({ positions }) => positions === "original");
  const alphas = [...new Set(own.map(({ mass }) => mass))];
  const lines = own.filter(({ mass }) => mass === 0);
  return [
    ...heading(result),
    "",
    `| method | rows | ${alphas.map((alpha) => `alpha ${alpha}`).join(" | ")} |`,
    `|---|---:|${alphas.map(() => "---:").join("|")}|`,
    ...lines.map(({ method, budget }) => {
      const cells = alphas.map((alpha) =>
        own.find((row) => row.method === method && row.budget === budget && row.mass === alpha),
      );
      return `| \`${method}\` | ${budget} | ${cells.map(({ kl, score }) => `${kl.toFixed(3)} · ${percent(score)}`).join(" | ")} |`;
    }),
  ].join("\n");
}
