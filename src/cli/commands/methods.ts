import { METHODS } from "../../methods/index.js";
import { defineCommand } from "../command.js";
import { hanging, TEXT_WIDTH } from "../text-table.js";

/** Width of the column of names: the longest id (prumerge-plus) and two spaces. */
const INDENT = 15;

/** `recoup methods`: every method, the signals it needs, and where it comes from. */
export const methodsCommand = defineCommand({
  name: "methods",
  summary: "list the methods, the signals they need, their options, and where they come from",
  flags: { json: { type: "flag", help: "one JSON array instead of text" } },
  async run({ flags }, io) {
    const list = METHODS.map(({ id, summary, reference, needs, dynamic, options }) => {
      return { id, summary, reference, needs, budgets: dynamic ? ["dynamic", "fixed"] : ["fixed"], options };
    });
    if (flags.json) {
      io.out(JSON.stringify(list, undefined, 2));
      return;
    }
    const width = Math.min(io.columns, TEXT_WIDTH);
    for (const { id, summary, reference, needs, budgets, options } of list) {
      const facts = [
        summary,
        `needs ${needs.join(", ") || "no signal"}`,
        `budget ${budgets.join(" or ")}${options.length > 0 ? `; options ${options.join(", ")}` : ""}`,
        reference,
      ];
      const lines = facts.map((fact, i) => hanging((i === 0 ? id : "").padEnd(INDENT), fact, width));
      io.out(`${lines.join("\n")}\n`);
    }
  },
});
