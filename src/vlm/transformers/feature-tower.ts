/**
 * @file Families whose tower is not cut: everything is loaded by transformers.js, whose vision encoder gives projected features. The
 * language model's token embeddings, which live in the same space, stand for the question. Tiles of one image are one table with a grid
 * each.
 */
import { refusalFor, type TokenGrid, wordSimilarity } from "../../core/index.js";
import type { VisionTower } from "../encoded-image.js";
import { familyOf, type ImageMarkup } from "../families/index.js";
import { embedTokens } from "./decoder.js";
import { type Host, type HostModel, type HostTensor, matrixOf, rowMaxima, runtimeTensor, textIds } from "./host.js";
import { hostModel, hostPart } from "./host-model.js";
import {
  hostFiles,
  hostOptions,
  type LoadedParts,
  type LoadedProcessor,
  type Loading,
  loadAll,
  loadProcessor,
} from "./load-parts.js";
import { preprocess } from "./preprocess.js";

/** Loads a model by its image features and token embeddings. */
export async function loadFeatureVlm({ host, files, config, manifest, options }: Loading): Promise<LoadedParts> {
  const needed = await hostFiles(host, files, config, options, PARTS);
  const [embeddings, decoder, encoder] = needed.onnx;
  for (const path of needed.onnx) options.report.expect(files.name, path);
  const found = await files.ready(needed);
  const context = { host, files, config, options };
  const { template, markup: markupOf } = familyOf(manifest.family);
  const loading = [
    hostPart(context, found, embeddings),
    hostPart(context, found, encoder),
    loadProcessor(host, found.name, { ...hostOptions(options), ...found.options }, template),
  ] as const;
  const [embed_tokens, vision_encoder, processor] = await loadAll([files.name], loading, options.signal);
  const loaded = await hostModel(context, found, { embed_tokens, vision_encoder }, decoder);
  const markup = markupOf?.(processor.fields);
  const tower = featureTower(host, loaded.model, processor, markup);
  return { ...loaded, processor, tower, imageText: markup?.imageText };
}

const PARTS = ["embed_tokens", "decoder_model_merged", "vision_encoder"];

/** @param markup of families that write more than placeholders into the prompt. */
function featureTower(
  host: Host,
  model: HostModel,
  { processImage, tokenizer }: LoadedProcessor,
  markup?: ImageMarkup,
): VisionTower {
  const encoder = model.sessions.vision_encoder;
  return {
    async encode(image, _signals, clock) {
      const inputs = await clock.time("preprocess", () =>
        preprocess(host, processImage, image, { return_row_col_info: true }),
      );
      const feeds = Object.fromEntries(encoder.inputNames.map((name) => [name, runtimeTensor(inputs[name])]));
      const { image_features } = await clock.time("vision", () => encoder.run(feeds));
      const features = matrixOf(image_features);
      const { dims } = inputs.pixel_values as HostTensor;
      const tiles =
        image_features.dims.length === 3 ? image_features.dims[0] : dims.slice(0, -3).reduce((a, b) => a * b, 1);
      const each = features.count / tiles;
      const grids = tileGrids(each, tiles, dims.slice(-2));
      return {
        features,
        grids,
        markup: markup?.write({ each, tiles: tileCounts(inputs), grid: grids?.[0] }),
        async columns(relevanceText, clock) {
          const known = [...new Set(textIds(tokenizer, relevanceText, false))];
          if (known.length === 0) throw refusalFor("ask")("a question with words", JSON.stringify(relevanceText));
          const tokens = await clock.time("text", () => embedTokens(host, model, known));
          return clock.time("signals", () => {
            const similarity = wordSimilarity(features, tokens);
            return { wordSimilarity: similarity, textSimilarity: rowMaxima(similarity) };
          });
        },
        // The encoder's output is projected already.
        project: async (rows) => rows,
      };
    },
    async release() {},
  };
}

/** One grid per tile, of the tile's own proportions; undefined where its tokens are no such grid. */
function tileGrids(each: number, tiles: number, [height, width]: readonly number[]): TokenGrid[] | undefined {
  const rows = Math.round(Math.sqrt((each * height) / width));
  const columns = each / rows;
  if (!Number.isInteger(columns) || rows * width !== columns * height) return undefined;
  return Array.from({ length: tiles }, (_, tile) => ({ rows, columns, offset: tile * each }));
}

/** Rows and columns of tiles of the one image; 0 and 0 where it is not split. */
function tileCounts(inputs: Record<string, unknown>): [rows: number, columns: number] {
  const { rows, cols } = inputs as { rows?: number[][]; cols?: number[][] };
  return [rows?.[0]?.[0] ?? 0, cols?.[0]?.[0] ?? 0];
}
