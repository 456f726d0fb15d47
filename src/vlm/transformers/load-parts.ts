/** @file What the ways to load a model share. */
import { InvalidInputError, RecoupError } from "../../core/index.js";
import type { ManifestOverrides, ModelManifest } from "../manifest.js";
import type { HostTemplate } from "./chat-template.js";
import type { ModelFiles } from "./files.js";
import type { Host } from "./host.js";
import type { HostProcessor, LoadedVlm } from "./loaded-model.js";

export interface LoadOptions extends ManifestOverrides {
  /** As transformers.js takes them: where and in which precision its sessions run. */
  readonly device?: string | Readonly<Record<string, string>>;
  readonly dtype?: string | Readonly<Record<string, string>>;
  /** Called with the host's progress events. */
  readonly progress?: (event: unknown) => void;
  readonly signal?: AbortSignal;
  /** The host library. Default: `@huggingface/transformers` is imported. */
  readonly transformers?: Host;
  /** Called with sentences about what is only nearly right. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** What a way to load starts from. */
export interface Loading {
  readonly host: Host;
  readonly files: ModelFiles;
  readonly config: Readonly<Record<string, unknown>>;
  readonly manifest: ModelManifest;
  readonly options: LoadOptions;
}

/** What it gives. */
export interface LoadedParts extends Pick<LoadedVlm, "model" | "encoder"> {
  readonly processor: LoadedProcessor;
  /** What the chat template has for a picture, where that is not the placeholder. */
  readonly slot?: string;
}

/** The host's processor, taken apart. */
export interface LoadedProcessor extends Pick<HostProcessor, "image_processor" | "tokenizer"> {
  readonly template: HostTemplate;
  /** The host's own object. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** The options as the host's `from_pretrained` takes them. */
export function hostOptions({ device, dtype, progress }: LoadOptions): object {
  return {
    ...(device !== undefined && { device }),
    ...(dtype !== undefined && { dtype }),
    ...(progress !== undefined && { progress_callback: progress }),
  };
}

/** What transformers.js puts after a file's name for a precision. */
const SUFFIXES: Readonly<Record<string, string>> = {
  fp32: "",
  fp16: "_fp16",
  q8: "_quantized",
  int8: "_int8",
  uint8: "_uint8",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
};

/** The ONNX file of a session in the precision that is asked for; float32 by default, as in Node. */
export function onnxFile(session: string, { dtype }: LoadOptions): string {
  const wanted = (typeof dtype === "object" ? dtype[session] : dtype) ?? "fp32";
  if (!Object.hasOwn(SUFFIXES, wanted)) {
    const expected = `dtype of ${session} among ${Object.keys(SUFFIXES).join(", ")}`;
    throw new InvalidInputError({ operation: "loadVlm", expected, got: String(wanted) });
  }
  return `onnx/${session}${SUFFIXES[wanted]}.onnx`;
}

/** What the host loads, by name, with the way to give each up. */
interface HostWork<T> {
  readonly load: () => Promise<T>;
  readonly release?: (value: T) => Promise<unknown>;
}

/**
 * Loads all, or gives up what has been loaded when one fails.
 *
 * @throws InvalidInputError with the host's message and the folders' names.
 */
export async function loadAll<T extends readonly unknown[]>(
  folders: readonly string[],
  work: { readonly [K in keyof T]: HostWork<T[K]> },
): Promise<T> {
  const all = work as readonly HostWork<unknown>[];
  const results = await Promise.allSettled(all.map(({ load }) => load()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
  await Promise.all(
    results.map(async (result, i) => {
      if (result.status === "fulfilled") await all[i].release?.(result.value);
    }),
  );
  throw hostError(folders, failed.reason as Error);
}

/** A failure of the host as an error that names the folders. */
export function hostError(folders: readonly string[], cause: Error): Error {
  if (RecoupError.isInstance(cause) || cause.name === "AbortError" || cause.name.startsWith("Onnx")) return cause;
  const expected = `files in ${folders.join(" and ")} that transformers.js loads`;
  return new InvalidInputError({ operation: "loadVlm", expected, got: cause.message, cause });
}

/** Tokenizer, chat template and image processor of a folder. @param template of the family, for a folder without one. */
export async function loadProcessor(
  host: Host,
  name: string,
  options: object,
  template?: string,
): Promise<LoadedProcessor> {
  const [processor, tokenizer] = await Promise.all([
    host.AutoProcessor.from_pretrained(name, options as never),
    // Where preprocessor_config.json names no class, the host's processor has no tokenizer.
    host.AutoTokenizer.from_pretrained(name, options as never),
  ]);
  if (processor.image_processor == null) throw missing(`an image processor in ${name}`);
  return {
    own: processor as unknown as LoadedProcessor["own"],
    image_processor: processor.image_processor as unknown as HostProcessor["image_processor"],
    tokenizer: tokenizer as unknown as HostProcessor["tokenizer"],
    template: (messages, more) =>
      (processor.chat_template ? processor : tokenizer).apply_chat_template(messages as never, {
        ...more,
        ...(!processor.chat_template && !tokenizer.chat_template && { chat_template: template }),
        tokenize: false,
      }) as string,
  };
}

export function missing(what: string): InvalidInputError {
  return new InvalidInputError({ operation: "loadVlm", expected: what, got: "none" });
}
