/** @file Options of `loadVlm`, without the library's own types: who has not installed it can still read ours. */
import type { AbortSignalLike } from "../engine.js";
import type { ManifestOverrides } from "../manifest.js";
import type { LoadProgress } from "./load-progress.js";

/** The module `@huggingface/transformers`, by some of its members. */
export interface TransformersModule {
  readonly AutoProcessor: object;
  readonly AutoTokenizer: object;
  readonly RawImage: object;
  readonly Tensor: object;
  readonly env: object;
}

/** Options of `loadVlm`. */
export interface LoadOptions extends ManifestOverrides {
  /** Where and in which precision sessions run, as transformers.js takes it: for all, or by session. */
  readonly device?: string | Readonly<Record<string, string>> | undefined;
  readonly dtype?: string | Readonly<Record<string, string>> | undefined;
  /** Called with what happens. Where it throws, loading fails with that. */
  readonly progress?: ((event: LoadProgress) => void) | undefined;
  readonly signal?: AbortSignalLike | undefined;
  /** The library. Default: `@huggingface/transformers` is imported. */
  readonly transformers?: TransformersModule | undefined;
  /** Called with sentences about what is only nearly right. Default: `console.warn`. */
  readonly warn?: ((message: string) => void) | undefined;
}
