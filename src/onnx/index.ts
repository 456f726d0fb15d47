/** Graph tools: ONNX models as bytes and as data; finds, taps and cuts the parts that token compression needs. Imports nothing. */
export * from "./errors.js";
export { type ExtractOptions, extract } from "./extract.js";
export * from "./graft.js";
export * from "./inspect.js";
export * from "./locate.js";
export type { Attention, AttentionForm } from "./locate-attention.js";
export type { States } from "./locate-norm.js";
export * from "./model.js";
export * from "./open-onnx.js";
export * from "./recipe.js";
export * from "./same-tower.js";
export { DATA_TYPES, type DataTypeName, dataTypeName } from "./schema.js";
export * from "./skeleton.js";
export * from "./source.js";
export * from "./tap.js";
export { makeNode, makeTensor, makeValueInfo, modelBytes, modelPieces, type NewNode } from "./write-model.js";
