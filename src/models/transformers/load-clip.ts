/** @file Loads a LLaVA with a CLIP tower: language model by the host, the vision encoder and CLIP's cut into parts. */
import { openOnnx, sameTower, threeParts } from "../../onnx/index.js";
import type { ModelFiles, OpenFile } from "../files.js";
import { clipEyes } from "./clip-eyes.js";
import { type Host, sessionClass } from "./host.js";
import { fromHost, hostOptions, type LoadedParts, type Loading, missing } from "./load-parts.js";
import type { HostModel } from "./prefill.js";
import { loadTextGuide } from "./text-guide.js";
import { startVisionParts } from "./vision-parts.js";
import type { HostProcessor } from "./vlm.js";

export async function loadClipVlm({ host, files, config, manifest, options }: Loading): Promise<LoadedParts> {
  if (manifest.clip === undefined) throw missing("clip: the folder with the CLIP files of the model's tower");
  const clipFiles = files.folder(manifest.clip);
  const { signal, warn = console.warn } = options;
  const fromOptions = hostOptions(options);
  const loading = fromHost(
    [files.name, clipFiles.name],
    Promise.all([
      languageModel(host, files.name, fromOptions),
      host.AutoProcessor.from_pretrained(files.name, fromOptions as never),
      loadTextGuide(host, clipFiles.name, fromOptions),
    ]),
  );
  // The graph tools work while the host loads; whichever fails first is what the caller gets.
  loading.catch(() => {});
  const opened: OpenFile[] = [];
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
    signal?.throwIfAborted();
    const sessions = sessionClass(model.sessions.decoder_model_merged);
    const providers = typeof options.device === "string" ? { executionProviders: [options.device] } : {};
    const started = await startVisionParts(host, sessions, parts, {
      session: { logSeverityLevel: 3, ...providers },
      vision: encoder,
      tail: parts.plan.tail.file === "clip" ? clipEncoder : encoder,
    });
    const hostProcessor = processor as unknown as HostProcessor;
    const { grid } = manifest;
    if (grid === undefined) throw missing("a grid of visual tokens in the manifest");
    const eyes = clipEyes({ parts: started, guide, processor: hostProcessor.image_processor, grid });
    return { model, processor: hostProcessor, eyes };
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
