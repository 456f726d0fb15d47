/**
 * @file Vision-language models with compressed visual tokens: the one list of public names. `recoup/transformers` adds its
 * environment's `loadVlm`, which makes an engine.
 */
export type { ImageSource, RgbImage, RowFact, Told, Untold } from "../core/index.js";
export type { AnswerStream } from "./answer-stream.js";
export type { Compression } from "./compression.js";
export type { EncodedImage } from "./encoded-image.js";
export type {
  AbortSignalLike,
  AskOptions,
  AskResult,
  Chat,
  ChatOptions,
  EncodeImageOptions,
  Engine,
  EngineCapabilities,
  Recovery,
  TurnOptions,
  TurnResult,
  Vlm,
} from "./engine.js";
export type { Generation, GenerationHook } from "./generation.js";
export type { ImageInput, ImagePixels } from "./image-input.js";
export type { LanguageSizes, ManifestOverrides, ModelManifest } from "./manifest.js";
export type { Message, MessagePart } from "./messages.js";
export { STAGES, type Stage, type StageTimes } from "./stages.js";
export type { LoadOptions, TransformersModule } from "./transformers/load-options.js";
export type {
  DownloadProgress,
  LoadProgress,
  PrepareProgress,
  ReadyProgress,
  SessionProgress,
} from "./transformers/load-progress.js";
