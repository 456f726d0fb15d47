/**
 * @file Families whose tower is not cut: the host's own vision encoder gives projected features, and the language model's word
 * embeddings, which live in the same space, stand for the question. Tiles of one picture are one table with a grid each.
 */
import { InvalidInputError, type TokenGrid, wordSimilarity } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { maximum } from "../text-windows.js";
import type { ImageProcessor } from "./clip-eyes.js";
import type { Eyes } from "./eyes.js";
import { floats, type Host, type HostTensor, type RuntimeTensor } from "./host.js";
import { embedWords, type HostModel } from "./prefill.js";

/** Marks that Idefics3 and SmolVLM write around the tiles of a picture, as their processors have them. */
export interface TileMarks {
  readonly image: string;
  readonly around: string;
  readonly global: string;
}

export interface FeatureEyesParts {
  readonly host: Host;
  readonly model: HostModel;
  readonly processor: ImageProcessor;
  /** Ids of a text without any that a tokenizer adds. */
  readonly ids: (text: string) => number[];
  /** Of families that write tiles into the prompt. */
  readonly marks?: TileMarks;
}

export function featureEyes({ host, model, processor, ids, marks }: FeatureEyesParts): Eyes {
  const encoder = model.sessions.vision_encoder;
  return {
    async see(image, _signals, clock) {
      const options = marks === undefined ? {} : { return_row_col_info: true };
      const inputs = await clock.time("preprocess", () => processor(marks === undefined ? image : [image], options));
      const feeds = Object.fromEntries(
        encoder.inputNames.map((name) => [name, (inputs[name] as HostTensor & { ort_tensor: unknown }).ort_tensor]),
      );
      const { image_features } = await clock.time("vision", () => encoder.run(feeds));
      const features = rowsOf(image_features);
      const tiles = image_features.dims.length === 3 ? image_features.dims[0] : tilesOf(inputs);
      const text = marks && tileText(marks, tileGrid(inputs), features.count / tiles);
      return { features, grids: squareTiles(features.count, tiles), ...(text !== undefined && { text }), signals: {} };
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
      const words = await clock.time("text", () => embedWords(host, model, known));
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

function tilesOf(inputs: Record<string, unknown>): number {
  const { dims } = inputs.pixel_values as HostTensor;
  return dims.length === 5 ? dims[0] * dims[1] : dims[0];
}

/** One square grid per tile; undefined where a tile's tokens are no square. */
function squareTiles(count: number, tiles: number): TokenGrid[] | undefined {
  const each = count / tiles;
  const side = Math.round(Math.sqrt(each));
  if (side * side !== each) return undefined;
  return Array.from({ length: tiles }, (_, tile) => ({ rows: side, columns: side, offset: tile * each }));
}

/** Rows and columns of tiles of the one picture; 0 and 0 where it is not split. */
function tileGrid(inputs: Record<string, unknown>): [rows: number, columns: number] {
  const { rows, cols } = inputs as { rows?: number[][]; cols?: number[][] };
  return [rows?.[0]?.[0] ?? 0, cols?.[0]?.[0] ?? 0];
}

/** What the processors of Idefics3 and SmolVLM write for a picture: each tile by row and column, the whole picture last. */
function tileText({ image, around, global }: TileMarks, [rows, columns]: [number, number], each: number): string {
  const placeholders = image.repeat(each);
  const whole = `${around}${global}${placeholders}${around}`;
  if (rows === 0 && columns === 0) return whole;
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => `${around}<row_${row + 1}_col_${column + 1}>${placeholders}`).join(
      "",
    ),
  );
  return `${lines.map((line) => `${line}\n`).join("")}\n${whole}`;
}

/** The columns of a matrix, one list each. */
function columnsOf({ data, count, dim }: Matrix): Float32Array[] {
  return Array.from({ length: dim }, (_, column) =>
    Float32Array.from({ length: count }, (_, row) => data[row * dim + column]),
  );
}
