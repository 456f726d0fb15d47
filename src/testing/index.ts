export { type SyntheticTable, type SyntheticTableOptions, syntheticTable } from "./synthetic-table.js";
