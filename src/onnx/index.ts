/** @file Graph tools: ONNX models as bytes and as data; finds, taps and cuts the parts that token compression needs. */
export { type BakeOptions, bake } from "./bake/bake.js";
export { compressionModel } from "./bake/method-model.js";
export type { BakeMethodOptions } from "./bake/options.js";
export type { BakeRecoupOptions } from "./bake/recoup/options.js";
export type { BakeRecoverableOptions } from "./bake/recoverable/options.js";
export type { DecoderAttentionForm, PlacesBy } from "./decoder/locate-decoder.js";
export {
  type DecoderInspection,
  inspectDecoder,
  type TellOptions,
  TOLD_INPUTS,
  type ToldInput,
  tell,
} from "./decoder/tell.js";
export { embedExternal, externalParts, type SkeletonOptions, skeleton } from "./graph/external.js";
export { type ExtractOptions, extract } from "./graph/extract.js";
export { type GraftOptions, graft } from "./graph/graft.js";
export { OnnxError, OnnxFormatError, OnnxInputError, OnnxUnsupportedError } from "./proto/errors.js";
export type {
  ByteSource,
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  Piece,
  Span,
  ValueInfo,
} from "./proto/model.js";
export { openOnnx } from "./proto/open-onnx.js";
export { bytesSource, type HttpSourceOptions, httpSource } from "./proto/source.js";
export { modelBytes, modelPieces } from "./proto/write-model.js";
export type { Attention, AttentionForm, Layer, States } from "./vision/attention.js";
export {
  type CheckOptions,
  checkSplit,
  type FloatTensor,
  type RunModel,
  type SplitCheck,
} from "./vision/check-split.js";
export { type Inspection, inspectModel, type Port, type TowerInspection } from "./vision/inspect.js";
export { type Located, locate } from "./vision/locate.js";
export { sameTower } from "./vision/same-tower.js";
export { TAP_SIGNALS, type Tapped, type TapSignal } from "./vision/signals.js";
export {
  applySplit,
  planSplit,
  type Split,
  type SplitOptions,
  type SplitPlan,
  split,
} from "./vision/split.js";
export { type TapOptions, tap } from "./vision/tap.js";
