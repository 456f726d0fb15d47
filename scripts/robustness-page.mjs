#!/usr/bin/env node
/**
 * Writes the tables of docs/results/robustness.md from bench/results/robustness.json. Run after `npm run bench -- robustness`:
 * node scripts/robustness-page.mjs
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeBlock } from "./write-block.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, "docs", "results", "robustness.md");
const { machine, command, rows } = JSON.parse(readFileSync(join(root, "bench", "results", "robustness.json"), "utf8"));
const write = (name, lines) => writeBlock(page, { name, script: "robustness-page.mjs", block: lines.join("\n") });
const percent = (share) => (100 * share).toFixed(1);
const part = (name) => rows.filter((row) => row.part === name);
const unique = (values) => [...new Set(values)];

const [all] = part("all tokens");
const answers = part("answers");
const budgets = unique(answers.map(({ budget }) => budget));

write("measured", [
  `${all.questions} questions about ${all.pictures} pictures; all 576 tokens: ${percent(all.score)} % right.`,
  `${machine.cpu}, Node ${machine.node}, ${machine.date}; \`${command}\`.`,
]);
write("bars", bars());
write("answers", budgets.flatMap(cells));
write("plans", plans());

/** Paired differences of `recoup` from the others, a line each. */
function bars() {
  const signed = (value, digits) => `${value < 0 ? "" : "+"}${value.toFixed(digits)}`;
  const difference = (value, interval, scale, digits) => {
    const ends = interval ? `[${interval.map((end) => signed(scale * end, digits)).join(", ")}]` : "[nothing varied]";
    return `${signed(scale * value, digits)} ${ends}`;
  };
  return [
    "| similarity | rows | `recoup` less | KL | score, points |",
    "|---|---:|---|---:|---:|",
    ...part("bars").map(
      ({ condition, budget, against, kl, kl_interval, score, score_interval }) =>
        `| ${condition} | ${budget} | \`${against}\` | ${difference(kl, kl_interval, 1, 3)} | ${difference(score, score_interval, 100, 1)} |`,
    ),
  ];
}

/** A line per method, its conditions beside each other. */
function cells(budget) {
  const here = answers.filter((row) => row.budget === budget);
  const conditions = unique(here.map(({ condition }) => condition)).filter((condition) => condition !== null);
  const shown = ({ kl, kl_interval, score, same }) => {
    const ends = kl_interval ? ` [${kl_interval.map((end) => end.toFixed(3)).join(", ")}]` : "";
    return `${kl.toFixed(3)}${ends} · ${percent(score)} · ${percent(same)}`;
  };
  return [
    `### ${budget} rows`,
    "",
    `| method | ${conditions.join(" | ")} |`,
    `|---|${conditions.map(() => "---:|").join("")}`,
    ...unique(here.map(({ method }) => method)).map((method) => {
      const own = here.filter((row) => row.method === method);
      // What reads no text has one cell, the same under every condition.
      const inOrder =
        own[0].condition === null ? [shown(own[0]), ...conditions.slice(1).map(() => "=")] : own.map(shown);
      return `| \`${method}\` | ${inOrder.join(" | ")} |`;
    }),
    "",
  ];
}

/** A line per fact and budget, methods beside each other. */
function plans() {
  const facts = part("plans");
  const methods = unique(facts.map(({ method }) => method));
  const lines = unique(facts.map(({ table, fact, budget }) => JSON.stringify([table, fact, budget])));
  return [
    `Means over ${facts[0].pictures} pictures.`,
    "",
    `| table | fact | rows | ${methods.map((method) => `\`${method}\``).join(" | ")} |`,
    `|---|---|---:|${methods.map(() => "---:|").join("")}`,
    ...lines.map((line) => {
      const [table, fact, budget] = JSON.parse(line);
      const own = facts.filter((row) => row.table === table && row.fact === fact && row.budget === budget);
      return `| ${table} | ${fact} | ${budget} | ${own.map(({ value }) => value?.toFixed(2) ?? "refused").join(" | ")} |`;
    }),
  ];
}
