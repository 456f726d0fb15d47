/**
 * @file Families whose tower is not cut: the host's own vision encoder gives projected features, and the language model's word
 * embeddings, which live in the same space, stand for the question. Tiles of one picture are one table with a grid each.
 */
import { InvalidInputError, type TokenGrid, wordSimilarity } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { ImageMarkup } from "../families/index.js";
import type { ImageProcessor } from "./clip-encoder.js";
import { floats, type Host, type HostTensor, type RuntimeTensor } from "./host.js";
import type { ImageEncoder } from "./image-encoder.js";
import { embedTokens, type HostModel } from "./prefill.js";
import { maximum } from "./text-windows.js";

export interface FeatureEncoderParts {
  readonly host: Host;
  readonly model: HostModel;
  readonly processor: ImageProcessor;
  /** Ids of a text without any that a tokenizer adds. */
  readonly ids: (text: string) => number[];
  /** Of families that write more than placeholders into the prompt. */
  readonly marks?: ImageMarkup;
}

export function featureImageEncoder({ host, model, processor, ids, marks }: FeatureEncoderParts): ImageEncoder {
  const encoder = model.sessions.vision_encoder;
  return {
    async see(image, _signals, clock) {
      const inputs = await clock.time("preprocess", () => processor(image, { return_row_col_info: true }));
      const feeds = Object.fromEntries(
        encoder.inputNames.map((name) => [name, (inputs[name] as HostTensor & { ort_tensor: unknown }).ort_tensor]),
      );
      const { image_features } = await clock.time("vision", () => encoder.run(feeds));
      const features = rowsOf(image_features);
      const { dims } = inputs.pixel_values as HostTensor;
      const tiles =
        image_features.dims.length === 3 ? image_features.dims[0] : dims.slice(0, -3).reduce((a, b) => a * b, 1);
      const each = features.count / tiles;
      const grids = tileGrids(each, tiles, dims.slice(-2));
      const text = marks?.write({ each, tiles: tileCounts(inputs), grid: grids?.[0] });
      return { features, grids, ...(text !== undefined && { text }), signals: {} };
    },
    async columns({ features }, question, clock) {
      const known = [...new Set(ids(question))];
      if (known.length === 0) {
        throw new InvalidInputError({
          operation: "ask",
          expected: "a question with words",
          got: JSON.stringify(question),
        });
      }
      const words = await clock.time("text", () => embedTokens(host, model, known));
      return clock.time("signals", () => {
        const similarity = wordSimilarity(features, words);
        return { wordSimilarity: similarity, textSimilarity: maximum(columnsOf(similarity)) };
      });
    },
    // The encoder's output is projected already.
    project: async (rows) => rows,
    async release() {},
  };
}

/** All rows of [tiles, n, D] or [N, D]. */
function rowsOf(tensor: RuntimeTensor): Matrix {
  const dim = tensor.dims[tensor.dims.length - 1];
  const data = floats(tensor);
  return { data, count: data.length / dim, dim };
}

/** One grid per tile, of the tile's own proportions; undefined where its tokens are no such grid. */
function tileGrids(each: number, tiles: number, [height, width]: readonly number[]): TokenGrid[] | undefined {
  const rows = Math.round(Math.sqrt((each * height) / width));
  const columns = each / rows;
  if (!Number.isInteger(columns) || rows * width !== columns * height) return undefined;
  return Array.from({ length: tiles }, (_, tile) => ({ rows, columns, offset: tile * each }));
}

/** Rows and columns of tiles of the one picture; 0 and 0 where it is not split. */
function tileCounts(inputs: Record<string, unknown>): [rows: number, columns: number] {
  const { rows, cols } = inputs as { rows?: number[][]; cols?: number[][] };
  return [rows?.[0]?.[0] ?? 0, cols?.[0]?.[0] ?? 0];
}

/** The columns of a matrix, one list each. */
function columnsOf({ data, count, dim }: Matrix): Float32Array[] {
  return Array.from({ length: dim }, (_, column) =>
    Float32Array.from({ length: count }, (_, row) => data[row * dim + column]),
  );
}
