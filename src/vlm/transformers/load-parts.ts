/** @file Steps that the ways to load a model share. */
import { type InvalidInputError, RecoupError, refusalFor, type Untold } from "../../core/index.js";
import type { VisionTower } from "../encoded-image.js";
import { defined, type ModelManifest } from "../manifest.js";
import type { HostFiles, ModelFiles } from "./files.js";
import type { Host, HostModel, HostTemplate, ImageProcessor, Tokenizer } from "./host.js";
import type { LoadSettings } from "./load-settings.js";
import { untilAborted } from "./until-aborted.js";

const refuse = refusalFor("loadVlm");

/** The start of every way to load. */
export interface Loading {
  readonly host: Host;
  readonly files: ModelFiles;
  /** The files of another model by the caller's own name for it. */
  readonly named: (source: string) => ModelFiles;
  readonly config: Readonly<Record<string, unknown>>;
  readonly manifest: ModelManifest;
  readonly options: LoadSettings;
}

/** A loaded model, whose decoder is told of its rows. */
export interface LoadedModel {
  readonly model: HostModel;
  /** Reason for each that its decoder cannot be told. */
  readonly untold: Untold;
  /** Number of positions in the decoder's tables; undefined where it computes them. */
  readonly positions?: number;
}

/** Its result. */
export interface LoadedParts extends LoadedModel {
  readonly tower: VisionTower;
  readonly processor: LoadedProcessor;
  /** The chat template's text for an image, where that is not the placeholder. */
  readonly imageText?: string;
}

/** The library's processor, taken apart. */
export interface LoadedProcessor {
  readonly processImage: ImageProcessor;
  readonly tokenizer: Tokenizer;
  readonly template: HostTemplate;
  /** Fields of the library's own object. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The options as `from_pretrained` takes them. */
export function hostOptions({ device, dtype, report }: LoadSettings): object {
  return defined({ device, dtype, progress_callback: report.hostCallback });
}

/** JSON and templates that the library reads of a model's folder, beside those of its processor and tokenizer. */
const OPTIONAL = ["generation_config.json", "processor_config.json", "chat_template.jinja"];

/** The files that the library will read of a model. @param sessions names of its ONNX files, without the ends that say the precision. */
export async function hostFiles(
  host: Host,
  { name }: ModelFiles,
  config: Loading["config"],
  options: LoadSettings,
  sessions: readonly string[],
): Promise<HostFiles> {
  const json = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"];
  return { json, optional: OPTIONAL, onnx: await hostOnnx(host, name, config, options, sessions) };
}

/** The files that the library will read of the CLIP model: of its text alone. */
export async function hostTextFiles(host: Host, clip: ModelFiles, { device, dtype }: LoadSettings): Promise<HostFiles> {
  const config = await clip.json("config.json");
  if (config === undefined) throw missing(`config.json in ${clip.place}`);
  const of = (value: LoadSettings["dtype"]) => (typeof value === "object" ? value.text_model : value);
  const settings = { device: of(device), dtype: of(dtype), model_file_name: "text_model" };
  const onnx = await hostOnnx(host, clip.name, config, settings, ["text_model"]);
  return { json: ["config.json", "tokenizer.json", "tokenizer_config.json"], optional: [], onnx };
}

/** Names of ONNX files by the library's own rules for devices and precisions, one for each session. */
async function hostOnnx(
  { ModelRegistry }: Host,
  name: string,
  config: Loading["config"],
  settings: Pick<LoadSettings, "device" | "dtype"> & { readonly model_file_name?: string },
  sessions: readonly string[],
): Promise<string[]> {
  const { device, dtype, model_file_name } = settings;
  const known: string[] = await ModelRegistry.get_model_files(name, {
    config,
    device,
    dtype,
    model_file_name,
  } as never).catch((cause: Error) => {
    throw hostError([name], cause);
  });
  return sessions.map((session) => {
    const file = known.find((each) => each.startsWith(`onnx/${session}`) && each.endsWith(".onnx"));
    if (file === undefined) throw missing(`a file of ${session} by the rules of transformers.js for ${name}`);
    return file;
  });
}

/** Ends of file names in transformers.js, by precision. */
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
export function onnxFile(session: string, { dtype }: LoadSettings): string {
  const wanted = (typeof dtype === "object" ? dtype[session] : dtype) ?? "fp32";
  if (!Object.hasOwn(SUFFIXES, wanted)) {
    throw refuse(`dtype of ${session} among ${Object.keys(SUFFIXES).join(", ")}`, wanted);
  }
  return `onnx/${session}${SUFFIXES[wanted]}.onnx`;
}

/** All of them, or, when one fails, that failure once the others have heard of it and left nothing. */
export async function allOrStop<T>({ stop }: Pick<LoadSettings, "stop">, works: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(works);
  } catch (error) {
    stop(error);
    await Promise.allSettled(works);
    throw error;
  }
}

/**
 * What the library loads, or, when one fails, none of it: the others are disposed of.
 *
 * @param signal ends the waiting at once; the library hears none, so that what it makes yet is disposed of when it is there.
 * @throws InvalidInputError with the library's message and the folders' names.
 */
export async function loadAll<T extends readonly object[]>(
  folders: readonly string[],
  loading: readonly [...{ [K in keyof T]: Promise<T[K]> }],
  signal: AbortSignal,
): Promise<T> {
  const settled = Promise.allSettled(loading as readonly Promise<{ dispose?(): Promise<unknown> }>[]);
  const dispose = (results: Awaited<typeof settled>) =>
    Promise.all(results.map((result) => result.status === "fulfilled" && result.value.dispose?.()));
  const results = await untilAborted(signal, settled).catch((error) => {
    settled.then(dispose).catch(() => {});
    throw error;
  });
  const failed = results.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  if (failed === undefined) return (await Promise.all(loading)) as unknown as T;
  await dispose(results);
  throw hostError(folders, failed.reason as Error);
}

/** A failure of the library as an error that names the folders. */
export function hostError(folders: readonly string[], cause: Error): Error {
  if (RecoupError.isInstance(cause) || cause.name === "AbortError") return cause;
  return refuse(`files in ${folders.join(" and ")} that transformers.js loads`, cause.message, cause);
}

/** Work on parts of the library that a model's files may have made wrong. @throws as `hostError`. */
export function inHost<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw hostError([folder], cause as Error);
  }
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
    // Where preprocessor_config.json names no class, the library's processor has no tokenizer.
    host.AutoTokenizer.from_pretrained(name, options as never),
  ]);
  if (processor.image_processor == null) throw missing(`an image processor in ${name}`);
  return {
    fields: processor as unknown as LoadedProcessor["fields"],
    processImage: processor.image_processor as unknown as ImageProcessor,
    tokenizer: tokenizer as unknown as Tokenizer,
    template: (messages, more) =>
      (processor.chat_template ? processor : tokenizer).apply_chat_template(messages as never, {
        ...more,
        ...(!processor.chat_template && !tokenizer.chat_template && { chat_template: template }),
        tokenize: false,
      }) as string,
  };
}

/** The error for a file or an entry that a model needs. */
export function missing(what: string): InvalidInputError {
  return refuse(what, "none");
}
