/** Decoders as engines have them, loaded from a folder, with what their sessions are given and give. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as transformers from "@huggingface/transformers";
import type { ImageSource } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";
import { ImageEncoder } from "../../src/vlm/encoded-image.js";
import type { Engine } from "../../src/vlm/engine.js";
import { localEngine } from "../../src/vlm/local-engine.js";
import { modelManifest } from "../../src/vlm/manifest.js";
import type { Decoder } from "../../src/vlm/model-parts.js";
import { transformersDecoder } from "../../src/vlm/transformers/decoder.js";
import { loadFeatureVlm } from "../../src/vlm/transformers/feature-tower.js";
import { floats, type Host, type HostModel, type Session } from "../../src/vlm/transformers/host.js";
import { DECODER } from "../../src/vlm/transformers/host-model.js";
import { loadClipVlm } from "../../src/vlm/transformers/load-clip.js";
import type { LoadOptions } from "../../src/vlm/transformers/load-options.js";
import type { LoadedParts } from "../../src/vlm/transformers/load-parts.js";
import { checkedLoadOptions } from "../../src/vlm/transformers/load-settings.js";
import { folderModel } from "../../src/vlm/transformers/node/folder.js";
import { promptWriter } from "../../src/vlm/transformers/prompt-writer.js";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const host = transformers as unknown as Host;

/** A run of a decoder's session. */
export interface Run {
  /** Logits of the last row, `[V]`. */
  readonly logits: Float32Array;
  /** What went in, by name. */
  readonly feeds: Readonly<Record<string, unknown>>;
}

/** A loaded model, by its decoder and as an engine. */
export interface LoadedDecoder extends LoadedParts {
  readonly decoder: Decoder;
  readonly engine: Engine;
  readonly runs: Run[];
  dispose(): Promise<void>;
}

/**
 * The decoder of a folder in transformers.js layout, as `loadVlm` has it.
 *
 * @param family that the way to load is taken of, where the folder's own is none that `loadVlm` opens.
 */
export async function loadDecoder(folder: string, given: LoadOptions = {}, family?: string): Promise<LoadedDecoder> {
  const options = checkedLoadOptions(given);
  const named = (path: string) => folderModel(join(folder, path), named);
  const files = folderModel(folder, named);
  const config = (await files.json("config.json")) ?? {};
  const own = { ...config, ...(family !== undefined && { model_type: family }) };
  const manifest = modelManifest(own, await files.json("manifest.json"), options);
  const load = manifest.path === "clip" ? loadClipVlm : loadFeatureVlm;
  const parts = await load({ host, files, named, config, manifest, options });
  const { model, runs } = watched(parts.model);
  const decoder = transformersDecoder({ ...parts, model, host, tokenizer: parts.processor.tokenizer }, manifest);
  const prompts = promptWriter(folder, Number(config.image_token_index ?? config.image_token_id), parts);
  const encoder = new ImageEncoder(folder, parts.tower, manifest.textPolarity);
  const decodeImage = (source: ImageSource) => readImage(source);
  const engine = localEngine({ name: folder, manifest, encoder, decoder, prompts, decodeImage });
  return { ...parts, model, decoder, engine, runs, dispose: () => engine.dispose() };
}

/** A model that keeps the last row's logits of every run of its decoder. */
export function watched(model: HostModel): { model: HostModel; runs: Run[] } {
  const runs: Run[] = [];
  const own = model.sessions[DECODER];
  const session = Object.create(own, {
    run: {
      async value(feeds: Record<string, unknown>) {
        const outputs = await own.run(feeds);
        const width = outputs.logits.dims[2];
        runs.push({ logits: floats(outputs.logits).slice(-width), feeds });
        return outputs;
      },
    },
    release: { value: () => own.release() },
  }) as Session;
  const sessions = { ...model.sessions, [DECODER]: session };
  return { model: Object.create(model, { sessions: { value: sessions } }), runs };
}

/** Decoders in tests/golden/decoders, by file: what differs of them, and their precision. */
export const FORMS: Readonly<Record<string, { readonly shape: string; readonly precision: string }>> = JSON.parse(
  readFileSync(join(golden, "decoders/index.json"), "utf8"),
).files;

/** Precisions as transformers.js names them: end of the file's name, `dtype`. */
const PRECISIONS: Readonly<Record<string, readonly [end: string, dtype: string]>> = {
  raw: ["", "fp32"],
  fp16: ["_fp16", "fp16"],
  q8: ["_quantized", "q8"],
  q4: ["_q4", "q4"],
  q4f16: ["_q4f16", "q4f16"],
};

/** The library makes caches of convolutions for this type, with its layers named. */
const HYBRID = {
  model_type: "lfm2_vl",
  text_config: { model_type: "lfm2", layer_types: ["conv", "full_attention"] },
};

/** A folder for one of `FORMS`, with the options that load it. */
export function formFolder(file: string): { folder: string; options: LoadOptions; family: string } {
  const { shape, precision } = FORMS[file];
  const [end, decoder_model_merged] = PRECISIONS[precision];
  const dtype = { decoder_model_merged, embed_tokens: "fp32", vision_encoder: "fp32" };
  return { folder: folderWith(file, end, shape === "hybrid" ? HYBRID : {}), options: { dtype }, family: "llava" };
}

/** Sizes of these decoders. */
const SIZES = { vocab_size: 48, head_dim: 16, num_key_value_heads: 2 };

/** A folder of LLaVA-SigLIP with another decoder in its place. @param more of its config.json. */
export function folderWith(decoder: string, precision = "", more: { readonly text_config?: object } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "recoup-decoder-"));
  cpSync(join(golden, "families/llava-siglip"), folder, { recursive: true });
  rmSync(join(folder, "onnx/decoder_model_merged.onnx"));
  cpSync(join(golden, "decoders", decoder), join(folder, `onnx/decoder_model_merged${precision}.onnx`));
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const text_config = { ...config.text_config, ...SIZES, ...more.text_config };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...more, text_config }));
  return folder;
}
