/**
 * @file ToMe's bipartite soft matching (Bolya et al., "Token Merging: Your ViT But Faster", arXiv 2210.09461, section 3), applied
 * once, to the encoder's output. This is not in-encoder ToMe, which merges a few tokens in each block, so that later
 * blocks see merged tokens and weigh them by size in their attention.
 */
import { type MethodOptions, orderRows, shape } from "../core/index.js";
import { type Kernels, type Matrix, topK } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { meanRow } from "./shared/plan-rows.js";

/** Options of `tome-once`. */
export interface ToMeOnceOptions extends MethodOptions {
  /** Column that the similarity is computed from, and which must be there: `features` (default) or `keys`, the paper's choice. */
  readonly metric?: "features" | "keys";
}

/** Tokens that become one row: ids ascending, and the one it grew around. */
interface Group {
  readonly center: number;
  readonly members: readonly number[];
}

/**
 * Merges the most similar pairs until K groups are left; every token ends in exactly one row.
 *
 * One round, of n groups in raster order: those at even places (A) each draw an edge to the most similar one at odd places
 * (B); the r = min(n - K, floor(n / 2)) most similar edges are merged into their B ends. Similarity is the cosine of the
 * groups' mean metric, ties to the lower place. A row is the mean of its tokens (weights 1 / size, which is the paper's
 * size-weighted average unrolled) and stands at its B end; a token that met no other is kept as it is, role `visual`.
 *
 * Deviations: the paper needs one matching per encoder block and removes at most half in each; here rounds follow one
 * another until K is reached, each removing as many as it may, with the mean metric in place of a new block's keys, and
 * groups keep raster order between rounds.
 */
export const toMeOnce = defineMethod<ToMeOnceOptions, "features" | "keys", "metric">({
  id: "tome-once",
  summary: "bipartite soft matching after the encoder, in rounds down to K groups",
  reference: "ToMe, arXiv 2210.09461 (formulas only), applied after the encoder instead of inside it",
  needs: ["features"],
  mass: "entries",
  options: {
    metric: shape.described<"features" | "keys">(
      shape.oneOf("features", "keys"),
      "column that the similarity is computed from; the paper takes the keys",
      "features",
    ),
  },
  needsWith: ({ metric }) => [metric === "keys" ? "keys" : "features"],
  choose: ({ table, retain, kernels }, { metric }) => {
    let groups = Array.from(table.source, (id): Group => ({ center: id, members: [id] }));
    while (groups.length > retain) groups = mergeRound(groups, groups.length - retain, table[metric], kernels);
    const rows = groups.map(({ center, members }) => meanRow(center, members));
    return orderRows(rows, table.count, "grid");
  },
});

function mergeRound(groups: readonly Group[], excess: number, values: Matrix, kernels: Kernels): Group[] {
  const { target, similarity } = bestEdges(meanDirections(groups, values), kernels);
  const merged = topK(similarity, Math.min(excess, groups.length >> 1));
  const joining = new Map<number, number[]>();
  const gone = new Set<number>();
  for (const edge of merged) {
    gone.add(2 * edge);
    const joined = joining.get(target[edge]) ?? [];
    joined.push(...groups[2 * edge].members);
    joining.set(target[edge], joined);
  }
  return groups.flatMap((group, place) => {
    if (gone.has(place)) return [];
    const joined = joining.get(place);
    if (joined === undefined) return [group];
    return [{ center: group.center, members: [...group.members, ...joined].sort((a, b) => a - b) }];
  });
}

/** Mean metric of each group, scaled to length 1 (a zero mean stays zero), `[n, C]`: their dot products are cosines. */
function meanDirections(groups: readonly Group[], { data, dim }: Matrix): Matrix {
  const out = new Float32Array(groups.length * dim);
  const sum = new Float64Array(dim);
  groups.forEach(({ members }, place) => {
    sum.fill(0);
    for (const id of members) for (let c = 0; c < dim; c++) sum[c] += data[id * dim + c];
    let squares = 0;
    for (let c = 0; c < dim; c++) squares += sum[c] * sum[c];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let c = 0; c < dim; c++) out[place * dim + c] = sum[c] * scale;
  });
  return { data: out, count: groups.length, dim };
}

/** Rows of A whose similarities are computed at a time: 64 rows of 5,760 columns are 1.5 MB. */
const BLOCK_ROWS = 64;

/**
 * Per group of A (even places, in order): the place of its most similar group of B (odd places), and that similarity,
 * `[ceil(n / 2)]` each. Never more than `BLOCK_ROWS` rows of similarities at a time. n is at least 2.
 */
function bestEdges(directions: Matrix, kernels: Kernels): { target: Uint32Array; similarity: Float32Array } {
  const a = Uint32Array.from({ length: (directions.count + 1) >> 1 }, (_, i) => 2 * i);
  const b = Uint32Array.from({ length: directions.count >> 1 }, (_, i) => 2 * i + 1);
  const target = new Uint32Array(a.length);
  const similarity = new Float32Array(a.length);
  const block = new Float32Array(Math.min(BLOCK_ROWS, a.length) * b.length);
  kernels.withRows(directions, (rows) => {
    for (let start = 0; start < a.length; start += BLOCK_ROWS) {
      const these = a.subarray(start, start + BLOCK_ROWS);
      rows.dots(these, b, block.subarray(0, these.length * b.length));
      for (let i = 0; i < these.length; i++) {
        let best = 0;
        for (let j = 1; j < b.length; j++) if (block[i * b.length + j] > block[i * b.length + best]) best = j;
        target[start + i] = b[best];
        similarity[start + i] = block[i * b.length + best];
      }
    }
  });
  return { target, similarity };
}
