#!/usr/bin/env node
/**
 * Writes docs/methods.md from the methods themselves: node scripts/methods-page.mjs. With --check: fails if the page is not what it
 * would write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ELSEWHERE } from "../dist/methods/elsewhere.js";
import { METHODS } from "../dist/methods/index.js";

const page = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "methods.md");

const INTRODUCTION = `# Methods

<!-- Written by scripts/methods-page.mjs from the methods themselves. -->

\`recoup methods NAME\` says the same on a terminal, also of [a method of your own](write-a-method.md). Options stand behind a colon in
\`recoup eval --methods cdpruner,facility:sharpness=2\`, in \`--option NAME=VALUE\` of other commands, and beside \`budget\` in code. Every
method takes a [budget](concepts.md#budgets); **dynamic** ones find a number of rows themselves unless they are given one. **Mass**: what a
row's [attention](ask.md#positions-and-mass) is in proportion to, where rows stand for others.

| method | keeps | needs | dynamic | mass |
|---|---|---|---|---|`;

const rows = METHODS.map(({ id, summary, needs, uses = [], dynamic, mass = "" }) => {
  const used = uses.length > 0 ? `; uses ${uses.join(", ")} where there` : "";
  const signals = (needs.join(", ") || "nothing") + used;
  return `| [${id}](#${id}) | ${summary} | ${signals} | ${dynamic ? "yes" : ""} | ${mass} |`;
});

const sections = METHODS.map(({ id, summary, reference, options, optionFacts }) => {
  const table = options.map((name) => {
    const { values, preset, about } = optionFacts[name];
    const cells = [
      `\`${name}\``,
      values,
      preset === undefined ? "see meaning" : `\`${JSON.stringify(preset)}\``,
      about,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const head = ["| option | takes | default | meaning |", "|---|---|---|---|"];
  return [
    `## ${id}`,
    "",
    `${capital(summary)}. Source: ${linked(reference)}.`,
    ...(table.length > 0 ? ["", ...head, ...table] : []),
  ].join("\n");
});

const reasons = new Map();
for (const [name, [reason, nearest]] of Object.entries(ELSEWHERE)) {
  const names = reasons.get(reason) ?? [];
  reasons.set(reason, [...names, nearest === undefined ? name : `${name} (${nearest})`]);
}
const elsewhere = [
  "## Methods of the field that are not here",
  "",
  "Their names are refused with the reason. In parentheses: the nearest method that is here.",
  "",
  "| why | methods |",
  "|---|---|",
  ...[...reasons].map(([reason, names]) => `| ${reason} | ${names.join(", ")} |`),
].join("\n");

const text = `${[INTRODUCTION, ...rows].join("\n")}\n\n${[...sections, elsewhere].join("\n\n")}\n`;
if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  console.error("docs/methods.md is not what the methods say: node scripts/methods-page.mjs writes it");
  process.exitCode = 1;
}

function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}

/** A reference with the number of its paper as a link. */
function linked(reference) {
  return reference.replace(/arXiv (\d{4}\.\d{4,5})/, "[arXiv $1](https://arxiv.org/abs/$1)");
}
