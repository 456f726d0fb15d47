import { type CompressionPlan, planRows, type Role } from "../core/index.js";

/** What a token is to the plan, in one character; all that stands in merged rows only is a dot. */
const MARKS: Readonly<Record<Role, string>> = { visual: "#", text: "?", merged: "o", residual: "." };

/** The grid of tokens as lines of text, two characters a token, and what the marks mean. */
export function tokenMap(plan: CompressionPlan, [rows, columns]: readonly [rows: number, columns: number]): string {
  const marks: string[] = Array(rows * columns).fill(".");
  // Own rows last: a center of a merged row may have been recovered since.
  for (const { role, anchor } of planRows(plan).reverse()) marks[anchor] = MARKS[role];
  const lines = Array.from({ length: rows }, (_, row) => marks.slice(row * columns, (row + 1) * columns).join(" "));
  return [...lines, "", "# visual   ? for a question   o center of a merged row   . in merged rows only"].join("\n");
}
