/** @file Loads a vision-language model in transformers.js layout, its vision side cut into parts. */
import { InvalidInputError, RecoupError } from "../../core/index.js";
import { openOnnx, sameTower, threeParts } from "../../onnx/index.js";
import { type Answering, answerStream } from "../answer-stream.js";
import type { ModelFiles } from "../files.js";
import { type ManifestOverrides, type ModelManifest, modelManifest } from "../manifest.js";
import { type AskOptions, type AskResult, ask } from "./ask.js";
import { type Chat, type ChatOptions, startChat } from "./chat.js";
import { type Host, sessionClass } from "./host.js";
import type { HostModel } from "./prefill.js";
import { loadTextGuide } from "./text-guide.js";
import { startVisionParts } from "./vision-parts.js";
import type { HostProcessor, LoadedVlm, Picture, PictureSource } from "./vlm.js";

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

/** What differs between Node and browsers. */
export interface Environment {
  readonly files: ModelFiles;
  readonly decode: (source: Exclude<PictureSource, Picture>) => Promise<Picture>;
}

export interface Vlm {
  readonly name: string;
  readonly manifest: ModelManifest;
  /**
   * Answers a question about pictures. Asks of one model wait for each other.
   *
   * @throws InvalidInputError at once for options that do not fit; what fails later is thrown by the answer.
   */
  ask(options: AskOptions): Answering<AskResult>;
  /** A conversation about one picture, which keeps its source tokens and recovers what a later question needs. */
  chat(options: ChatOptions): Chat;
  /** Gives up all sessions. */
  dispose(): Promise<void>;
}

/**
 * Loads a model. One vision pass serves everything: the stock encoder is not loaded.
 *
 * @throws InvalidInputError for a family that is not served (before anything is loaded) or a file that is missing; OnnxError for a
 *   file that is damaged or cannot be cut.
 */
export async function loadVlmFrom({ files, decode }: Environment, options: LoadOptions = {}): Promise<Vlm> {
  const { signal, warn = console.warn } = options;
  const config = await files.json("config.json");
  if (config === undefined) throw missing(`config.json in ${files.name}`);
  const manifest = modelManifest(config, await files.json("manifest.json"), options);
  if (manifest.clip === undefined) throw missing("clip: the folder with the CLIP files of the model's tower");
  const clipFiles = files.folder(manifest.clip);
  signal?.throwIfAborted();
  const host = options.transformers ?? ((await import("@huggingface/transformers")) as Host);
  const hostOptions = {
    ...(options.device !== undefined && { device: options.device }),
    ...(options.dtype !== undefined && { dtype: options.dtype }),
    ...(options.progress !== undefined && { progress_callback: options.progress }),
  };
  const loading = Promise.all([
    languageModel(host, files.name, hostOptions),
    host.AutoProcessor.from_pretrained(files.name, hostOptions as never),
    loadTextGuide(host, clipFiles.name, hostOptions),
  ]).catch((cause: Error) => {
    if (RecoupError.isInstance(cause)) throw cause;
    const expected = `files in ${files.name} and ${clipFiles.name} that transformers.js loads`;
    throw new InvalidInputError({ operation: "loadVlm", expected, got: cause.message, cause });
  });
  // The graph tools work while the host loads; whichever fails first is what the caller gets.
  loading.catch(() => {});
  const opened: { close(): Promise<void> }[] = [];
  const open = async (from: ModelFiles, path: string) => {
    const source = await from.open(path);
    opened.push(source);
    return source;
  };
  try {
    const encoder = await open(files, "onnx/vision_encoder.onnx");
    const clipEncoder = await open(clipFiles, "onnx/vision_model.onnx");
    const [visionModel, clip] = [await openOnnx(encoder), await openOnnx(clipEncoder)];
    const layers = (config.vision_config as { num_hidden_layers?: number } | undefined)?.num_hidden_layers;
    const parts = threeParts(visionModel, { clip, configuredLayers: layers });
    if (parts.plan.tail.embeddings === undefined)
      throw missing(`a projection into the text's space in ${clipEncoder.name}`);
    if ((await sameTower(visionModel, clip)) === "different") {
      warn("the CLIP files have another tower than the model: attention and text similarity are only nearly right");
    }
    const [model, processor, guide] = await loading;
    const sessions = sessionClass(model.sessions.decoder_model_merged);
    const providers = typeof options.device === "string" ? { executionProviders: [options.device] } : {};
    const vision = await startVisionParts(host, sessions, parts, { logSeverityLevel: 3, ...providers });
    const imageToken = Number(config.image_token_index ?? config.image_token_id);
    const loaded: LoadedVlm = {
      host,
      name: files.name,
      manifest,
      model,
      processor: processor as unknown as HostProcessor,
      vision,
      guide,
      imageToken,
      decode,
    };
    signal?.throwIfAborted();
    return asVlm(loaded);
  } catch (error) {
    // What the host has loaded meanwhile is given up.
    await loading.then(([model, , guide]) => Promise.all([model.dispose(), guide.release()])).catch(() => {});
    throw error;
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

/**
 * Decoder and word embeddings without the vision encoder. The host leaves the encoder out where a class for text alone loads a model
 * with pictures; `Gemma3ForCausalLM` is its one class of that kind that takes the LLaVA merge's decoder as it is.
 */
async function languageModel({ Gemma3ForCausalLM }: Host, name: string, options: object): Promise<HostModel> {
  const model = (await Gemma3ForCausalLM.from_pretrained(name, options as never)) as unknown as HostModel;
  for (const session of ["embed_tokens", "decoder_model_merged"]) {
    if (model.sessions[session] === undefined) throw missing(`a session ${session} from the host`);
  }
  return model;
}

/** Asks one after the other: runs of one session must not overlap. */
function asVlm(loaded: LoadedVlm): Vlm {
  let last: Promise<unknown> = Promise.resolve();
  const queue = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  return {
    name: loaded.name,
    manifest: loaded.manifest,
    ask(options) {
      const run = ask(loaded, options);
      return answerStream((emit) => queue(() => run(emit)));
    },
    chat: (options) => startChat(loaded, options, queue),
    async dispose() {
      await queue(() => Promise.all([loaded.model.dispose(), loaded.vision.release(), loaded.guide.release()]));
    },
  };
}

function missing(what: string): InvalidInputError {
  return new InvalidInputError({ operation: "loadVlm", expected: what, got: "none" });
}
