import { type CompressionPlan, planRows, type Role, type TokenGrid } from "../core/index.js";

/** What a token is to the plan, in one character; all that stands in merged rows only is a dot. */
const MARKS: Readonly<Record<Role, string>> = { visual: "#", text: "?", merged: "o", residual: "." };

/** Each grid of tokens as lines of text, two characters a token, and what the marks mean. */
export function tokenMap(plan: CompressionPlan, grids: readonly TokenGrid[]): string {
  const marks: string[] = Array(plan.sourceCount).fill(".");
  // Own rows last: a center of a merged row may have been recovered since.
  for (const { role, anchor } of planRows(plan).reverse()) marks[anchor] = MARKS[role];
  const maps = grids.map(({ rows, columns, offset }) =>
    Array.from({ length: rows }, (_, row) => {
      const start = offset + row * columns;
      return marks.slice(start, start + columns).join(" ");
    }).join("\n"),
  );
  return [...maps, "# visual   ? for a question   o center of a merged row   . in merged rows only"].join("\n\n");
}
