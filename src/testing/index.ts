/** @file Made-up token tables for tests and benches. */
export { type SyntheticTable, type SyntheticTableOptions, syntheticTable } from "./synthetic-table.js";
