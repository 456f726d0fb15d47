/**
 * A token table from the tensors of a safetensors file. `[N, C]` are the axes of `in.features`; each tensor is F32 or
 * F16, and all but the first are optional:
 *
 * | tensor | shape | gives |
 * |---|---|---|
 * | `in.features` | `[N, C]` | `features`: patch features before the projector, no class row |
 * | `in.keys` | `[N + 1, Ck]` | `keys`, without its first row, which belongs to the class token |
 * | `in.q_cls` | `[Ck]` | with `in.keys`: `clsAttention` |
 * | `in.cls_attention` | `[N]` | `clsAttention` as it stands; wins over the computed one |
 * | `in.similarity` | `[N]` | `textSimilarity` as the released code scales it: cosine · D^-0.5 |
 * | `in.last_hidden`, `in.visual_projection` | `[N + 1, H]`, `[D, H]` | patches in the text space, class row first |
 * | `in.text` | `[D]` | with those two: `textSimilarity` as plain cosine |
 * | `in.words` | `[M, D]` | with those two: `wordSimilarity` |
 *
 * The file's metadata may say `textPolarity`, `1` or `-1`: the sign of the similarities (default 1).
 *
 * The image's side alone (`in.keys`, `in.last_hidden`, `in.visual_projection`) only leaves signals out. The question's
 * side alone (`in.q_cls`, `in.text`, `in.words` without what they are compared with) is refused. Other tensors are not
 * looked at.
 */
import {
  clsAttention,
  createTokenTable,
  optionsOf,
  projectRows,
  refusalFor,
  shape,
  squareGrid,
  type TokenGrid,
  type TokenTable,
  textSimilarity,
  withoutClsRow,
  wordSimilarity,
} from "../core/index.js";
import type { Matrix } from "../math/index.js";
import { checkedPath } from "./file-errors.js";
import type { Tensor } from "./safetensors/format.js";
import { type ReadSafetensorsOptions, readSafetensors } from "./safetensors-file.js";
import { TensorInputs } from "./tensor-inputs.js";

/** Scale of a table's `textSimilarity`: `cosine`, or `released` = cosine · D^-0.5 with D unknown to the reader. */
export type TextScale = "cosine" | "released";

/** Size of one image, tile or frame in patches. */
export type GridSize = Omit<TokenGrid, "offset">;

/** Facts about a table that the tensors do not hold, and what wins where they hold two. */
export interface TokenTableOptions {
  /** The images in the order of their tokens. Default: one square grid if N is a square number, otherwise none. */
  readonly grids?: readonly GridSize[];
  /** Which `textSimilarity` to take where the tensors allow both. */
  readonly prefer?: TextScale;
  /** Sign of the similarities instead of the file's; see `TokenTable`. */
  readonly textPolarity?: 1 | -1;
}

/** A table and what its columns do not say of themselves. */
export interface TokenTableFile {
  readonly table: TokenTable;
  /** Scale of `table.textSimilarity`; undefined exactly when the table has none. */
  readonly textScale?: TextScale;
}

/** `createTokenTable` checks the sizes of grids and the polarity. */
const OPTION_SHAPES = { grids: shape.optional(shape.list(shape.object({}))) };

/**
 * Reads a token table from a safetensors file.
 *
 * @throws InvalidInputError, FormatError as `readSafetensors` and `tokenTableFromTensors` do.
 */
export async function readTokenTable(
  path: string,
  given: TokenTableOptions & ReadSafetensorsOptions = {},
): Promise<TokenTableFile> {
  const { signal, ...options } = optionsOf("readTokenTable", given, OPTION_SHAPES);
  checkedPath("readTokenTable", path);
  const { tensors, unread, metadata } = await readSafetensors(path, { signal });
  const inputs = new TensorInputs(tensors, "readTokenTable", path, unread);
  return makeTable(inputs, { ...options, textPolarity: options.textPolarity ?? polarityOf(inputs, metadata) });
}

/**
 * Makes a token table of named tensors (see the head of this file). F32 tensors are not copied.
 *
 * @throws InvalidInputError when `in.features` is missing, a tensor has another data type or a shape that does not fit
 *   the others, the question's side comes without the image's, or a value is NaN or infinite.
 */
export function tokenTableFromTensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: TokenTableOptions = {},
): TokenTableFile {
  const operation = "tokenTableFromTensors";
  if (!(tensors instanceof Map)) throw refusalFor(operation)("a Map of tensors", tensors);
  const own = optionsOf(operation, options, OPTION_SHAPES);
  return makeTable(new TensorInputs(tensors, operation, "the given tensors"), own);
}

function makeTable(inputs: TensorInputs, { grids, prefer = "cosine", textPolarity }: TokenTableOptions) {
  if (prefer !== "cosine" && prefer !== "released") inputs.refuse('prefer "cosine" or "released"', prefer);
  const features = inputs.matrix("in.features", ["N", "C"]);
  if (features === undefined) return inputs.refuse("tensor in.features", inputs.names());
  const { count } = features;
  const keys = inputs.matrix("in.keys", [count + 1, "Ck"], "in.features");
  return inputs.named(() => {
    const { textScale, ...text } = readText(inputs, count, prefer);
    const table = createTokenTable({
      features,
      keys: keys && withoutClsRow(keys),
      clsAttention: readClsAttention(inputs, count, keys),
      ...text,
      grids: grids === undefined ? defaultGrids(count) : placeGrids(grids),
      textPolarity,
    });
    return { table, textScale };
  });
}

function polarityOf(inputs: TensorInputs, metadata: ReadonlyMap<string, string>): 1 | -1 | undefined {
  const text = metadata.get("textPolarity");
  if (text === undefined) return undefined;
  return text === "1" ? 1 : text === "-1" ? -1 : inputs.refuse("textPolarity 1 or -1 in the metadata", text);
}

function readClsAttention(inputs: TensorInputs, count: number, keys: Matrix | undefined): Float32Array | undefined {
  const given = inputs.vector("in.cls_attention", count, "in.features");
  inputs.assertBeside("in.q_cls", ["in.keys"]);
  const query = keys && inputs.vector("in.q_cls", keys.dim, "in.keys");
  return given ?? (keys && query && clsAttention(query, keys));
}

function readText(inputs: TensorInputs, count: number, prefer: TextScale) {
  for (const name of ["in.text", "in.words"]) inputs.assertBeside(name, ["in.last_hidden", "in.visual_projection"]);
  const released = inputs.vector("in.similarity", count, "in.features");
  const hidden = inputs.matrix("in.last_hidden", [count + 1, "H"], "in.features");
  const projection = hidden && inputs.matrix("in.visual_projection", ["D", hidden.dim], "in.last_hidden");
  const text = projection && inputs.vector("in.text", projection.count, "in.visual_projection");
  const words = projection && inputs.matrix("in.words", ["M", projection.count], "in.visual_projection");
  const wantsCosine = text !== undefined && (prefer === "cosine" || released === undefined);
  // Only what is used is projected: N · D · H products.
  const patches = (wantsCosine || words) && hidden && projection && projectRows(withoutClsRow(hidden), projection);
  const textScale: TextScale | undefined = wantsCosine ? "cosine" : released && "released";
  return {
    textScale,
    textSimilarity: wantsCosine && patches ? textSimilarity(patches, text) : released,
    wordSimilarity: words && patches && wordSimilarity(patches, words),
  };
}

function defaultGrids(count: number): TokenGrid[] | undefined {
  const square = count > 0 && Number.isInteger(Math.sqrt(count));
  return square ? [squareGrid(count)] : undefined;
}

function placeGrids(sizes: readonly GridSize[]): TokenGrid[] {
  let offset = 0;
  return sizes.map((size) => {
    const grid = { ...size, offset };
    offset += size.rows * size.columns;
    return grid;
  });
}
