/** @file Made-up token tables, and the conformance test of a method, for tests and benches. */
export {
  assertMethod,
  checkMethod,
  type MethodTestOptions,
  type PropertyResult,
  propertyResults,
} from "./assert-method.js";
export { methodProblem, type PlanBounds, plainMethod, planProblem, SIGNALS, thrownText } from "./method-problem.js";
export { METHOD_PROPERTIES, type MethodProperty, takesFixedBudgets } from "./method-properties.js";
export { type SyntheticTable, type SyntheticTableOptions, syntheticTable } from "./synthetic-table.js";
