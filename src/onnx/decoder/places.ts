/** @file How positions reach a decoder's rotation. A name proves nothing: nodes may take `position_ids` and count by themselves. */
import type { GraphView } from "../graph/graph-view.js";
import { isOf, type OnnxNode } from "../proto/model.js";
import { type LocatedDecoder, type PlacesBy, untold } from "./locate-decoder.js";

/** The input's name in decoders of transformers.js. */
export const POSITION_IDS = "position_ids";

/** Inputs of GroupQueryAttention with the tables of cosines and sines, a row per position. */
export const TABLES = [7, 8] as const;

/** How places move the rotation, and how many of them there are. */
export interface Places {
  readonly by: PlacesBy;
  /** Rows of the rotation's shortest table: places are below it. Undefined where cosines are computed, for any place, or tables are. */
  readonly rows?: number;
}

/** @throws OnnxUnsupportedError for positions that are learned, in several planes, counted inside the graph, or not there. */
export function placesOf({ view, attentions }: LocatedDecoder): Places {
  const rotating = attentions.map(({ node }) => node).filter(rotatesItself);
  const odd = rotating.find(({ inputs }) => TABLES.some((at) => !inputs[at]));
  if (odd !== undefined) throw untold(odd, "it rotates without tables", WANTED);
  const given = rotationOf(view, POSITION_IDS);
  if (rotating.length > 0 && given === undefined) {
    return {
      by: "tables",
      ...rowsOf(
        view,
        rotating.flatMap(({ inputs }) => TABLES.map((at) => ({ name: inputs[at], axis: 0 }))),
      ),
    };
  }
  const [{ node }] = attentions;
  if (rotating.length > 0)
    throw untold(rotating[0], "some layers rotate by themselves, others by position_ids", WANTED);
  if (!view.given.has(POSITION_IDS))
    throw untold(node, "its positions are counted inside the graph, or there are none", WANTED);
  if ((view.declared.get(POSITION_IDS)?.shape?.length ?? 2) > 2) {
    throw untold(node, "position_ids has several planes (M-RoPE)", WANTED);
  }
  if (given === undefined) throw untold(node, "position_ids leads to no rotation", WANTED);
  if (given.kind === "learned")
    throw untold(given.node, "its positions are learned, and added to the embeddings", WANTED);
  return { by: "positions", ...rowsOf(view, given.tables) };
}

/** Rows of the tables of a decoder that takes places already. @param input its name. */
export function toldRows(view: GraphView, input: string): Pick<Places, "rows"> {
  const lookups = (view.consumers.get(input) ?? []).filter((node) => isOf(node, "Gather") && node.inputs[1] === input);
  const tables = lookups.map(({ inputs }) => ({ name: inputs[0], axis: 0 }));
  return rowsOf(view, tables.length > 0 ? tables : (rotationOf(view, input)?.tables ?? []));
}

/** Rows of the shortest of these tables; of none or of one that is computed: unknown. */
function rowsOf({ initializer }: GraphView, tables: readonly Table[]): Pick<Places, "rows"> {
  const rows = tables.map(({ name, axis }) => initializer.get(name)?.dims.at(axis));
  if (rows.length === 0 || rows.includes(undefined)) return {};
  return { rows: Math.min(...(rows as number[])) };
}

const WANTED = "positions that are rotated into queries and keys";

/** Whether an attention node rotates its queries and keys, by its own count of tokens. */
export function rotatesItself(node: OnnxNode): boolean {
  return isOf(node, "GroupQueryAttention") && node.attributes.get("do_rotary")?.int === 1n;
}

/** Tensors that the search looks at; exports have up to forty. */
const MAX_SEEN = 512;

/** Operators on positions before their cosines, and on those before the rotation. */
const ON_THE_WAY =
  "Cast Unsqueeze Squeeze Reshape Expand Identity Transpose Concat Slice Split Mul Add MatMul Gather GatherND Where Clip Min Max Tile";

/** A table with a row per position. */
interface Table {
  readonly name: string;
  /** Along which its rows are; below 0: from the end. */
  readonly axis: number;
}

/** What positions lead to. */
interface Rotation {
  readonly kind: "rotation" | "learned";
  readonly node: OnnxNode;
  /** What was looked up on the way by position. */
  readonly tables: readonly Table[];
}

/** What positions lead to first: the cosines of a rotation, or a table that is added to embeddings. */
function rotationOf(view: GraphView, from: string): Rotation | undefined {
  const seen = new Set([from]);
  const tables: Table[] = [];
  const rows = new Set<string>();
  for (const name of seen) {
    for (const node of view.consumers.get(name) ?? []) {
      if (isOf(node, "Cos", "Sin")) return { kind: "rotation", node, tables };
      if (isOf(node, "RotaryEmbedding") && node.inputs.indexOf(name) > 0) {
        // Beside positions its cosines and sines are tables; else they are the rows that were looked up.
        const own = node.inputs.slice(1).filter((one) => one !== "" && view.constant.has(one));
        return { kind: "rotation", node, tables: [...tables, ...own.map((one) => ({ name: one, axis: 0 }))] };
      }
      // A table's rows: cosines are factors of what depends on the input, learned positions are added to it.
      const other = node.inputs.find((one) => one !== name && !view.constant.has(one) && !seen.has(one));
      if (rows.has(name) && other !== undefined && isOf(node, "Mul")) return { kind: "rotation", node, tables };
      if (rows.has(name) && other !== undefined && isOf(node, "Add")) return { kind: "learned", node, tables };
      if (seen.size >= MAX_SEEN || !isOf(node, ...ON_THE_WAY.split(" "))) continue;
      const isLookup = isOf(node, "Gather", "GatherND") && node.inputs[1] === name;
      if (isLookup) tables.push({ name: node.inputs[0], axis: Number(node.attributes.get("axis")?.int ?? 0) });
      for (const output of node.outputs) {
        seen.add(output);
        if (isLookup || rows.has(name)) rows.add(output);
      }
    }
  }
  return undefined;
}
