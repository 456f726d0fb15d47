/** @file Loads a LLaVA with a CLIP tower: language model by transformers.js, the vision encoder and CLIP's cut into parts. */
import { OnnxFormatError, openOnnx, type Split, sameTower, split } from "../../onnx/index.js";
import { type ClipText, loadClipText } from "./clip-text.js";
import { clipTower, startSessions } from "./clip-tower.js";
import type { ModelFiles, OpenFile } from "./files.js";
import { sessionClass } from "./host.js";
import { hostModel, hostPart } from "./host-model.js";
import {
  allOrStop,
  hostError,
  hostFiles,
  hostOptions,
  hostTextFiles,
  type LoadedModel,
  type LoadedParts,
  type LoadedProcessor,
  type Loading,
  loadAll,
  loadProcessor,
  missing,
  onnxFile,
} from "./load-parts.js";
import type { LoadSettings } from "./load-settings.js";
import { executionProviders } from "./start-session.js";

/** Loads a model whose CLIP tower is split into trunk, tail and projector. */
export async function loadClipVlm({ host, files, named, config, manifest, options }: Loading): Promise<LoadedParts> {
  const { clip, grid } = manifest;
  if (clip === undefined)
    throw missing(`clip, the folder with the CLIP files of the tower, as an option or in ${files.name}/manifest.json`);
  if (grid === undefined) throw missing("a grid of visual tokens in the manifest");
  const clipFiles = options.clip === undefined ? files.folder(clip) : named(options.clip);
  const folders = [files.name, clipFiles.name];
  const { report } = options;
  const encoderFile = onnxFile("vision_encoder", options);
  const clipFile = onnxFile("vision_model", options);
  report.expect(files.name, encoderFile);
  report.expect(clipFiles.name, clipFile);
  report.expectWeights(clipFiles.name);
  const loading = loadByHost({ host, files, config, options }, clipFiles);
  // The graph tools work while the library loads; the caller gets whichever failure comes first.
  loading.catch(options.stop);
  const opened: OpenFile[] = [];
  try {
    const [encoder, clipEncoder] = await openBoth(opened, options, files.open(encoderFile), clipFiles.open(clipFile));
    const reportWhole = (holds: (file: OpenFile) => boolean) => {
      if (holds(encoder)) report.whole(files.name, encoderFile, encoder.size);
      if (holds(clipEncoder)) report.whole(clipFiles.name, clipFile, clipEncoder.size);
    };
    reportWhole(({ place }) => place !== undefined);
    report.prepare(files.name, encoderFile);
    const parts = await splitEncoder(encoder, clipEncoder, config, options);
    const [loaded, processor, clipText] = await loading;
    options.signal.throwIfAborted();
    const Session = sessionClass(loaded.model.sessions.embed_tokens);
    const providers = executionProviders(typeof options.device === "string" ? options.device : undefined);
    const starting = (file: OpenFile) => {
      const isClip = file === clipEncoder;
      report.session(isClip ? clipFiles.name : files.name, isClip ? clipFile : encoderFile);
    };
    const settings = { logSeverityLevel: 3, ...providers };
    const sessions = await startSessions(Session, parts, [encoder, clipEncoder], settings, starting);
    // Of a file elsewhere only what the parts need has come: that is all of it.
    reportWhole(() => true);
    const tower = clipTower({ host, clipText, processImage: processor.processImage, grid, plan: parts.plan, sessions });
    return { ...loaded, processor, tower };
  } catch (cause) {
    const error = cause === options.signal.reason ? cause : hostError(folders, cause as Error);
    options.stop(error);
    // The library may have loaded its part meanwhile.
    await loading.then(([{ model }, , clipText]) => Promise.all([model.dispose(), clipText.dispose()])).catch(() => {});
    throw error;
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

/** The library's parts of both models, once all of their files are at hand. */
async function loadByHost(
  { host, files, config, options }: Pick<Loading, "host" | "files" | "config" | "options">,
  clipFiles: ModelFiles,
): Promise<[LoadedModel, LoadedProcessor, ClipText]> {
  const needed = await hostFiles(host, files, config, options, PARTS);
  const [embeddings, decoder] = needed.onnx;
  for (const path of needed.onnx) options.report.expect(files.name, path);
  const [model, clip] = await allOrStop(options, [
    files.ready(needed),
    hostTextFiles(host, clipFiles, options).then((needed) => clipFiles.ready(needed)),
  ]);
  const common = hostOptions(options);
  const context = { host, files, config, options };
  const loading = [
    hostPart(context, model, embeddings),
    loadProcessor(host, model.name, { ...common, ...model.options }),
    loadClipText(host, clip.name, { ...common, ...clip.options }),
  ] as const;
  const folders = [files.name, clipFiles.name];
  const [embed_tokens, processor, clipText] = await loadAll(folders, loading, options.signal);
  const loaded = await hostModel(context, model, { embed_tokens }, decoder).catch(async (error) => {
    await clipText.dispose();
    throw error;
  });
  return [loaded, processor, clipText];
}

/** Sessions of a language model without its images. */
const PARTS = ["embed_tokens", "decoder_model_merged"];

/** Two files at once, so that their downloads are. What is open is added to `opened`, also where the other fails. */
function openBoth(opened: OpenFile[], options: LoadSettings, ...files: Promise<OpenFile>[]) {
  const opening = files.map(async (file) => {
    opened.push(await file);
    return file;
  });
  return allOrStop(options, opening);
}

/** The encoder split in three, with a warning where the CLIP file is of another tower. */
async function splitEncoder(
  encoder: OpenFile,
  clipEncoder: OpenFile,
  config: Loading["config"],
  { warn = console.warn }: LoadSettings,
): Promise<Split> {
  const [vision, clip] = [await openNamed(encoder), await openNamed(clipEncoder)];
  for (const [model, file] of [[vision, encoder] as const, [clip, clipEncoder] as const]) {
    if (file.place === undefined && model.graph.initializers.some(({ data }) => data.kind === "external")) {
      throw missing(`weights of ${file.name} in the file itself: external data is read from disks only`);
    }
  }
  const layers = (config.vision_config as { num_hidden_layers?: number } | undefined)?.num_hidden_layers;
  const parts = split(vision, { clip, configuredLayers: layers });
  if (parts.plan.tail.embeddings === undefined)
    throw missing(`a projection into the text's space in ${clipEncoder.name}`);
  if ((await sameTower(vision, clip)) === "different") {
    warn("the CLIP files have another tower than the model: attention and text similarity are only nearly right");
  }
  return parts;
}

/** @throws OnnxFormatError that names the file: of two it says which is damaged. */
async function openNamed(file: OpenFile): ReturnType<typeof openOnnx> {
  return openOnnx(file).catch((cause) => {
    if (!(cause instanceof OnnxFormatError)) throw cause;
    throw new OnnxFormatError({
      operation: "loadVlm",
      expected: `a whole ONNX file ${file.name}`,
      got: cause.message,
      cause,
    });
  });
}
