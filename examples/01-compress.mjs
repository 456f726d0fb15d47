// Compresses the example table and asks the plan what it did. Run after a build: node examples/01-compress.mjs
import { compress, expandRow, recover } from "recoup";
import { readTokenTable } from "recoup/node";

const { table } = await readTokenTable(new URL("garden.safetensors", import.meta.url).pathname);
const { tokens, plan, report } = compress(table, { budget: 58 });
console.log(`${report.rowCount} of ${report.sourceCount} tokens`, report.roleCounts);

const row = expandRow(plan, 50);
console.log(`row 50: ${row.role}, ${row.sources.length} source tokens`);

// A later question needs token 300: give it a row of its own again.
const later = recover(plan, [300]);
console.log(`rows: ${tokens.count}, after recovering token 300: ${later.roles.length}`);
