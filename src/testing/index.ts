/** @file Made-up token tables, and the conformance test of a method, for tests and benches. */
export { assertMethod, checkMethod, type MethodTestOptions, type PropertyResult } from "./assert-method.js";
export { METHOD_PROPERTIES, type MethodProperty } from "./method-properties.js";
export { copyOf, firstDifference } from "./same-bits.js";
export { type SyntheticTable, type SyntheticTableOptions, syntheticTable } from "./synthetic-table.js";
