import { parseArgs } from "node:util";
import { METHODS } from "../../methods/index.js";
import type { Command } from "../command.js";
import { wrapWords } from "../text-table.js";

/** Width of the column of names: the longest id (prumerge-plus) and two spaces. */
const INDENT = 15;

/** `recoup methods`: every method, the signals it needs, and where it comes from. */
export const methodsCommand: Command = {
  name: "methods",
  summary: "list the methods and the signals they need",
  usage: "usage: recoup methods [--json]\n\n  --json   one JSON array instead of text",
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
    if (values.json) {
      const list = METHODS.map(({ id, summary, reference, needs, dynamic, options }) => ({
        id,
        summary,
        reference,
        needs,
        budgets: dynamic ? ["dynamic", "fixed"] : ["fixed"],
        options,
      }));
      io.out(JSON.stringify(list, undefined, 2));
      return;
    }
    const width = Math.min(io.columns, 100) - INDENT;
    for (const { id, summary, reference, needs, dynamic, options } of METHODS) {
      const facts = [
        summary,
        `needs ${needs.length === 0 ? "no signal" : needs.join(", ")}`,
        `budget ${dynamic ? "dynamic or fixed" : "fixed"}${options.length > 0 ? `; options ${options.join(", ")}` : ""}`,
        reference,
      ];
      const lines = facts.flatMap((fact) => wrapWords(fact, Math.max(width, 20)));
      io.out(`${id.padEnd(INDENT)}${lines.join(`\n${" ".repeat(INDENT)}`)}\n`);
    }
  },
};
