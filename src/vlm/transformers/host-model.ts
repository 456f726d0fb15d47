/**
 * @file The library's model object, made of sessions: its own for embeddings and images, ours for the decoder, whose graph takes what rows
 * have beside their values. Weights are loaded once.
 */
import { inspectDecoder, type OnnxModel, openOnnx, tell } from "../../onnx/index.js";
import { defined } from "../manifest.js";
import type { HostName, ModelFiles } from "./files.js";
import { type Host, type HostModel, type Session, sessionClass } from "./host.js";
import { hostError, hostOptions, type LoadedModel, type Loading, missing } from "./load-parts.js";
import type { LoadSettings } from "./load-settings.js";
import { executionProviders, startSession } from "./start-session.js";

/** The decoder's name among a model's sessions. */
export const DECODER = "decoder_model_merged";

/** A session of the library's. */
export interface HostPart {
  readonly sessions: { readonly model: Session };
  dispose(): Promise<unknown>;
}

type Context = Omit<Loading, "named" | "manifest">;

/** A session that the library starts by itself. @param path of its file, which is at hand. */
export async function hostPart(
  { host, files, config, options }: Context,
  found: HostName,
  path: string,
): Promise<HostPart> {
  await reportStart(options, files, path);
  const part = await host.PreTrainedModel.from_pretrained(found.name, {
    ...hostOptions(options),
    ...found.options,
    // It would count this file as all that comes.
    progress_callback: null,
    // As a model of one session, which has that file's name.
    config: { ...config, model_type: "custom" },
    model_file_name: partName(path),
  } as never);
  return part as unknown as HostPart;
}

/** The name of a session by the path of its file: `embed_tokens` of `onnx/embed_tokens_q4.onnx`. */
export function partName(path: string): string {
  const [, name] = /^onnx\/(embed_tokens|vision_encoder|decoder_model_merged)/.exec(path) ?? [];
  if (name === undefined) throw missing(`a known part of a model in ${path}`);
  return name;
}

/** Tells a listener that a file is there, and that a session starts on it. */
async function reportStart({ report }: LoadSettings, files: ModelFiles, path: string): Promise<void> {
  const file = await files.open(path);
  report.whole(files.name, path, file.size);
  report.session(files.name, path);
  await file.close();
}

/**
 * The model of started sessions and a decoder, which is started once the others are: in browsers the runtime starts one at a time.
 *
 * @param parts by their names; when the decoder fails they are disposed of.
 * @param path of the decoder's file.
 */
export async function hostModel(
  context: Context,
  found: HostName,
  parts: Readonly<Record<string, HostPart>>,
  path: string,
): Promise<LoadedModel> {
  const sessions = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.sessions.model]));
  let decoder: Decoder | undefined;
  try {
    decoder = await startDecoder(context, path, sessionClass(Object.values(sessions)[0]));
    context.options.signal.throwIfAborted();
    const { session, ...facts } = decoder;
    return { model: await modelObject(context, found, { ...sessions, [DECODER]: session }), ...facts };
  } catch (error) {
    await Promise.all([decoder?.session.release(), ...Object.values(parts).map((part) => part.dispose())]);
    context.options.signal.throwIfAborted();
    throw hostError([context.files.name], error as Error);
  }
}

interface Decoder extends Omit<LoadedModel, "model"> {
  readonly session: Session;
}

/** The decoder with the inputs that its graph can be given, on its untouched weights. */
async function startDecoder(
  { host, files, config, options }: Context,
  path: string,
  type: ReturnType<typeof sessionClass>,
): Promise<Decoder> {
  await reportStart(options, files, path);
  const file = await files.open(path);
  try {
    const stock = await openOnnx(file);
    const { told = [], refused = {}, positions } = inspectDecoder(stock) ?? { refused: NO_CACHE };
    const model = told.length === 0 ? stock : tell(stock, { what: told });
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const beside = (location: string) => files.open(`${folder}${location}`);
    const session = await startSession(type, { model, file, beside }, decoderOptions(model, config, options, host));
    return { session, untold: defined({ positions: refused.places, mass: refused.mass }), ...defined({ positions }) };
  } finally {
    await file.close();
  }
}

const NO_CACHE = { places: "no decoder with a cache of keys", mass: "no decoder with a cache of keys" };

/** Options of the decoder's session, as the library would choose them. */
function decoderOptions(
  { graph }: OnnxModel,
  config: Loading["config"],
  { device: given }: Pick<LoadSettings, "device">,
  { env }: Host,
): object {
  const own = config["transformers.js_config"] as { readonly device?: LoadSettings["device"] } | undefined;
  const devices = given ?? own?.device;
  const device = typeof devices === "object" ? devices[DECODER] : devices;
  const isProxy = env.backends.onnx.wasm?.proxy === true;
  // Keys and values stay where the next step reads them.
  const kept = graph.outputs.filter(({ name }) => name.startsWith("present")).map(({ name }) => [name, "gpu-buffer"]);
  return {
    logSeverityLevel: 3,
    ...executionProviders(device),
    ...(device === "webgpu" && !isProxy && { preferredOutputLocation: Object.fromEntries(kept) }),
  };
}

/** The model object that the library would make of these sessions. */
async function modelObject(
  { host, files, config }: Context,
  found: HostName,
  sessions: HostModel["sessions"],
): Promise<HostModel> {
  const type = String(config.model_type);
  // The library's own table of classes by model type.
  const tables = host.AutoModelForImageTextToText.MODEL_CLASS_MAPPINGS as unknown as readonly Map<string, string>[];
  const name = tables.map((table) => table.get(type)).find((known) => known !== undefined);
  const Model = host[name as keyof Host] as unknown as HostModelClass | undefined;
  if (Model === undefined) throw missing(`a class of transformers.js for ${type}`);
  const known = await host.AutoConfig.from_pretrained(found.name, { ...found.options } as never);
  const generation_config = await files.json("generation_config.json");
  return new Model(known, sessions, { generation_config: generation_config ?? null });
}

/** A class of the library's models. */
type HostModelClass = new (config: unknown, sessions: HostModel["sessions"], configs: object) => HostModel;
