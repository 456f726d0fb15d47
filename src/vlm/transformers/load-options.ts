/** @file Options of `loadVlm`, without the library's own types: who has not installed it can still read ours. */
import { refusalFor, shape } from "../../core/index.js";
import type { AbortSignalLike } from "../engine.js";
import type { ManifestOverrides } from "../manifest.js";
import { SIGNAL } from "../request.js";
import type { Host } from "./host.js";
import { type LoadProgress, LoadReporter } from "./load-progress.js";

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

/** The options, checked, with a reporter that is always there. */
export interface LoadSettings extends Omit<LoadOptions, "progress" | "signal" | "transformers"> {
  readonly report: LoadReporter;
  readonly signal?: AbortSignal;
  readonly transformers?: Host;
}

const text = shape.either(shape.text, shape.record(shape.text));
const callback = shape.value("a function", (value) => typeof value === "function");
const members = { AutoProcessor: shape.anything, AutoTokenizer: shape.anything, RawImage: shape.anything };
const SHAPES = {
  device: shape.optional(text),
  dtype: shape.optional(text),
  progress: shape.optional(callback),
  warn: shape.optional(callback),
  signal: SIGNAL,
  transformers: shape.optional(shape.object({ ...members, Tensor: shape.anything, env: shape.anything })),
};

/** @throws InvalidInputError for options that do not fit. */
export function checkedLoadOptions(given: LoadOptions): LoadSettings {
  const { progress, signal, transformers, ...options } = shape.options(given, SHAPES, refusalFor("loadVlm"));
  return {
    ...options,
    report: new LoadReporter(progress),
    ...(signal !== undefined && { signal: signal as AbortSignal }),
    ...(transformers !== undefined && { transformers: transformers as unknown as Host }),
  };
}
