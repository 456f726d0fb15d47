/** @file Options of `loadVlm`, checked. */
import { knownOptions, shape } from "../../core/index.js";
import { OVERRIDES } from "../manifest.js";
import { SIGNAL } from "../request.js";
import type { Host } from "./host.js";
import type { LoadOptions } from "./load-options.js";
import { LoadReporter } from "./load-progress.js";

/** The options, checked, with a reporter that is always there. */
export interface LoadSettings extends Omit<LoadOptions, "progress" | "signal" | "transformers"> {
  readonly report: LoadReporter;
  /** The caller's, and of the end of loading: what is still under way then is of no use. */
  readonly signal: AbortSignal;
  /** Ends whatever is under way, with this for a reason: of several failures the first is the one that is told. */
  stop(reason: unknown): void;
  readonly transformers?: Host;
}

const text = shape.either(shape.text, shape.record(shape.text));
const callback = shape.value("a function", (value) => typeof value === "function");
const members = { AutoProcessor: shape.anything, AutoTokenizer: shape.anything, RawImage: shape.anything };
const SHAPES = {
  ...OVERRIDES,
  device: shape.optional(text),
  dtype: shape.optional(text),
  progress: shape.optional(callback),
  warn: shape.optional(callback),
  signal: SIGNAL,
  transformers: shape.optional(shape.object({ ...members, Tensor: shape.anything, env: shape.anything })),
} satisfies { readonly [N in keyof Required<LoadOptions>]: shape.Shape<unknown> };

/** @throws InvalidInputError for options that do not fit. */
export function checkedLoadOptions(given: LoadOptions): LoadSettings {
  const { progress, signal, transformers, ...options } = knownOptions("loadVlm", given, SHAPES);
  const ending = new AbortController();
  return {
    ...options,
    report: new LoadReporter(progress),
    signal: AbortSignal.any([ending.signal, ...(signal === undefined ? [] : [signal as AbortSignal])]),
    stop: (reason) => ending.abort(reason),
    ...(transformers !== undefined && { transformers: transformers as unknown as Host }),
  };
}
