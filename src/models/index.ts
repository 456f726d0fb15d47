/** Vision-language models on transformers.js, with compressed visual tokens. The environment is the caller's: see `recoup/transformers`. */
export type { Answering } from "./answer-stream.js";
export type { Compression } from "./compression.js";
export type { ModelFiles, OpenFile } from "./files.js";
export type { LanguageSizes, ManifestOverrides, ModelManifest } from "./manifest.js";
export { STAGES, type Stage, type StageTimes } from "./stages.js";
export type { AnswerOptions, AskOptions, AskResult, SeeOptions } from "./transformers/ask.js";
export type { Chat, ChatOptions, Recovery, TurnResult } from "./transformers/chat.js";
export type { Host } from "./transformers/host.js";
export type { LoadOptions } from "./transformers/load-parts.js";
export { type Environment, loadVlmFrom, type Vlm } from "./transformers/load-vlm.js";
export type { EncodedPicture, Picture, PictureSource, SeenPicture } from "./transformers/vlm.js";
