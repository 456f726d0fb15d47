/** Vision-language models on transformers.js, with compressed visual tokens. The environment is the caller's: see `recoup/transformers`. */
export type { RgbImage } from "../core/index.js";
export type { AnswerStream } from "./answer-stream.js";
export type { Compression } from "./compression.js";
export type { LanguageSizes, ManifestOverrides, ModelManifest } from "./manifest.js";
export { STAGES, type Stage, type StageTimes } from "./stages.js";
export type { AnswerOptions, AskOptions, AskResult, EncodeImageOptions } from "./transformers/ask.js";
export type { Chat, ChatOptions, Recovery, TurnResult } from "./transformers/chat.js";
export type { ModelFiles, OpenFile } from "./transformers/files.js";
export type { Host } from "./transformers/host.js";
export { type Environment, loadVlmFrom, type Vlm } from "./transformers/load.js";
export type { LoadOptions } from "./transformers/load-parts.js";
export type { EncodedImage, ImageInput, ImageSource } from "./transformers/loaded-model.js";
