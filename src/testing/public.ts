/** @file `recoup/testing`: the conformance test of a method, and made-up token tables. */
export {
  assertMethod,
  type MethodTestOptions,
  type SyntheticTable,
  type SyntheticTableOptions,
  syntheticTable,
} from "./index.js";
