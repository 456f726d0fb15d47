// Shortens the placeholders of a prompt to what a plan keeps. Run after a build: node examples/02-prompt.mjs
import { splicePlaceholders } from "recoup";
import { uniform } from "recoup/methods";
import { syntheticTable } from "recoup/testing";

const IMAGE = 32000;
const table = syntheticTable({ rows: 4, columns: 4, dim: 8 });
const plan = uniform.plan(table, { budget: 4 });
const prompt = [1, 3148, 1001, ...Array(16).fill(IMAGE), 1724, 338, 445];

const compact = splicePlaceholders(prompt, IMAGE, [plan]);
const original = splicePlaceholders(prompt, IMAGE, [plan], { positions: "original" });
console.log("ids      ", compact.inputIds.join(" "));
console.log("compact  ", compact.positions[0].join(" "));
console.log("original ", original.positions[0].join(" "));
