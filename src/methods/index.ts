/** @file All methods, and the kit for a method of one's own. */
export {
  type CompressionMethod,
  type MethodContext,
  type MethodOptions,
  orderRows,
  ownRow,
  shape,
} from "../core/index.js";
export { cdPruner, cdPrunerCen } from "./cdpruner.js";
export { clsTopK } from "./cls-topk.js";
export { type CompressedTokens, type CompressionReport, compress, type NamedMethod } from "./compress.js";
export { type Decision, defineDynamicMethod, defineMethod, type OptionShapes } from "./define-method.js";
export { divPrune, divPruneCen } from "./divprune.js";
export { type FacilityOptions, facility } from "./facility.js";
export { type MmTokOptions, mmTok } from "./mmtok.js";
export { none } from "./none.js";
export { type PoolOptions, pool } from "./pool.js";
export { type PruMergeOptions, pruMerge, pruMergePlus } from "./prumerge.js";
export { type RandomOptions, random } from "./random.js";
export {
  type EvidenceStrength,
  type RecoupOptions,
  recoup,
  type TextEvidence,
  type TextSignal,
  textEvidence,
  textSignal,
} from "./recoup/index.js";
export {
  type MergeRule,
  type OutlierNeighbors,
  type RecoverableOptions,
  type RecoverableSteps,
  recoverable,
  recoverableSteps,
  type Variant,
} from "./recoverable/index.js";
export { defaultMethod, findMethod, METHOD_IDS, METHODS, type MethodId, type MethodOptionsOf } from "./registry.js";
export { representedMass, withMass } from "./represented-mass.js";
export { methodProblem, plainMethod, planProblem, takesFixedBudgets, thrownText } from "./shared/method-problem.js";
export { neededSignals, readSignals } from "./shared/method-shapes.js";
export { textTopK } from "./text-topk.js";
export { type ToMeOnceOptions, toMeOnce } from "./tome-once.js";
export { uniform } from "./uniform.js";
export { type VisionZipOptions, visionZip } from "./visionzip.js";
