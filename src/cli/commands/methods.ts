import { type CompressionMethod, type MassMeasure, type OptionFacts, refusalFor, rowCount } from "../../core/index.js";
import { findMethod, METHODS, takesFixedBudgets } from "../../methods/index.js";
import { syntheticTable } from "../../testing/index.js";
import { type CommandIo, defineCommand } from "../command.js";
import { loadMethod, moduleWord } from "../own-method/index.js";
import { definitions, hanging, printable, TEXT_WIDTH, wrapWords } from "../text-table.js";

/** Width of the column of names: the longest id (prumerge-plus) and two spaces. */
const INDENT = 15;

/** `recoup methods`: every method, the signals it needs, and where it comes from; or all about one. */
export const methodsCommand = defineCommand({
  name: "methods",
  summary: "list the methods, the signals they need, their options, and where they come from",
  words: ["[NAME]"],
  about: ["With a NAME: its options with their types, defaults and meanings. ./mine.mjs is a method of your own."],
  flags: { json: { type: "flag", help: "JSON instead of text" } },
  async run({ flags, words: [name] }, io) {
    if (name === undefined) list(flags.json, io);
    else {
      const module = moduleWord(name);
      const given = module?.pairs[0];
      if (given !== undefined) throw refusalFor("methods")(`${module?.path} alone, which shows all options`, given);
      const method =
        module === undefined
          ? findMethod(name)
          : (await loadMethod("methods", module.path, [{ options: {}, budgets: [undefined] }])).method;
      io.out(flags.json ? JSON.stringify(factsOf(method), undefined, 2) : describe(method, io.columns));
    }
  },
});

function factsOf(method: CompressionMethod) {
  const { id, summary, reference, needs, uses, dynamic, options, optionFacts = {} } = method;
  const isFixed = dynamic || takesFixedBudgets(method, exampleTable());
  const budgets = dynamic ? ["dynamic", "fixed"] : [isFixed ? "fixed" : "all tokens"];
  return { id, summary, reference, needs, ...(uses && { uses }), budgets, options, optionFacts };
}

function list(json: boolean, io: CommandIo): void {
  const all = METHODS.map(factsOf);
  if (json) {
    io.out(JSON.stringify(all, undefined, 2));
    return;
  }
  const width = Math.min(io.columns, TEXT_WIDTH);
  for (const { id, summary, reference, needs, uses, budgets, options } of all) {
    const facts = [
      summary,
      `needs ${needsText({ needs, uses })}`,
      `budget ${budgets.join(" or ")}${options.length > 0 ? `; options ${options.join(", ")}` : ""}`,
      reference,
    ];
    const lines = facts.map((fact, i) => hanging((i === 0 ? id : "").padEnd(INDENT), fact, width));
    io.out(`${lines.join("\n")}\n`);
  }
  io.out(
    wrapWords("recoup methods NAME says what its options mean; recoup method init one of your own.", width).join("\n"),
  );
}

/** The signals that it needs, and those that it reads where they are there. */
function needsText({ needs, uses = [] }: Pick<CompressionMethod, "needs" | "uses">): string {
  const used = uses.length > 0 ? `; uses ${uses.join(", ")} where there` : "";
  return (needs.join(", ") || "no signal") + used;
}

/** What a row's attention is proportional to, by the measure. */
const MASS_WORDS: Readonly<Record<MassMeasure, string>> = {
  count: "attention in proportion to the number of tokens that are most like a row",
  cosine: "attention in proportion to the tokens that are most like a row, each by its cosine",
  entries: "attention in proportion to the number of tokens that a row is made of",
};

/** All about one method. */
function describe(method: CompressionMethod, columns: number): string {
  const width = Math.min(columns, TEXT_WIDTH);
  const { id, summary, reference, options, optionFacts = {}, mass } = method;
  const facts = [
    ["needs", needsText(method)],
    ["budget", takenBudgets(method)],
    ["mass", mass === undefined ? "none: every row has the attention of one token" : MASS_WORDS[mass]],
    ...(reference === "" ? [] : [["source", [reference, arxivLink(reference)].filter(Boolean).join(", ")]]),
    ...(options.length === 0 ? [["options", "none"]] : []),
  ] as [string, string][];
  const indent = Math.min(22, 4 + Math.max(0, ...options.map(({ length }) => length)));
  const terms = options.flatMap((name) => {
    const { values, about } = optionWords(optionFacts[name]);
    return [
      hanging(`  ${name}`.padEnd(indent), values, width),
      ...(about === "" ? [] : [hanging(" ".repeat(indent), about, width)]),
    ];
  });
  const parts = [
    hanging("", summary === "" ? id : `${id}: ${summary}`, width),
    definitions(facts, width),
    ...(terms.length === 0 ? [] : [`options\n${terms.join("\n")}`]),
  ];
  return printable(parts.join("\n\n"));
}

const exampleTable = () => syntheticTable({ rows: 24, columns: 24, dim: 8 });

/** The budgets that it takes, and the rows without one, of an image of 24 x 24 tokens. */
function takenBudgets(method: CompressionMethod): string {
  const kinds = "58 (rows) or 0.1 (a share of the tokens)";
  if (method.dynamic) return `${kinds}, or as many rows as it finds: dynamic, the default, or 32..128 within bounds`;
  const table = exampleTable();
  if (!takesFixedBudgets(method, table)) return "all tokens: fewer are refused";
  return `${kinds}; without one ${rowCount(method.plan(table))} rows of 576`;
}

/** Values and default of an option, and its meaning. */
function optionWords(facts: OptionFacts = { values: "any value", about: "" }) {
  const { values, about, preset } = facts;
  if (preset !== undefined) return { values: `${values}; default ${JSON.stringify(preset)}`, about };
  return { values: about.includes("default: ") ? `${values}; default below` : values, about };
}

/** Address of a paper that a reference names by its number. */
function arxivLink(reference: string): string | undefined {
  const [, id] = /arXiv (\d{4}\.\d{4,5})/.exec(reference) ?? [];
  return id && `https://arxiv.org/abs/${id}`;
}
