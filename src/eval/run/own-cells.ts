/** @file Which source tokens have rows of their own, small enough to stand in every answer: bits as base64. */
import { type CompressionPlan, ROLES, shape } from "../../core/index.js";

/** Most rows and columns of a grid that is written down; 4096 tokens are the most of one picture in use. */
const MOST = 256;

const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$/;

/** Shape of an answer's cells. */
export const ownCellsShape = shape.object({
  rows: shape.integer(1, MOST),
  columns: shape.integer(1, MOST),
  /** Whether the grid covers the largest square in the middle of the picture only, as CLIP's preprocessing takes it. */
  square: shape.flag,
  /** A bit per token from the first on, the lowest of a byte first: set where the token has a row of its own. */
  own: shape.value<string>("base64", (text) => typeof text === "string" && BASE64.test(text)),
});

/** The grid of a picture, and the tokens of it that have rows of their own. */
export type OwnCells = shape.TypeOf<typeof ownCellsShape>;

/** Ids of the source tokens with rows of their own, kept or recovered. What is merged with others has none. */
export function separateRows(plan: CompressionPlan): Set<number> {
  return new Set(
    Array.from(plan.anchor).filter((_, row) => {
      const role = ROLES[plan.roles[row]];
      return (role === "visual" || role === "text") && plan.offsets[row + 1] - plan.offsets[row] === 1;
    }),
  );
}

/** Ids as `OwnCells.own` has them. */
export function cellBits(ids: Iterable<number>, count: number): string {
  const bytes = new Uint8Array(Math.ceil(count / 8));
  for (const id of ids) bytes[id >> 3] |= 1 << (id & 7);
  return btoa(String.fromCharCode(...bytes));
}

/** Ids of `OwnCells.own`, ascending; those outside the grid are left out. */
export function cellIds({ rows, columns, own }: OwnCells): number[] {
  const bytes = Uint8Array.from(atob(own), (letter) => letter.charCodeAt(0));
  return Array.from({ length: rows * columns }, (_, id) => id).filter((id) => (bytes[id >> 3] ?? 0) & (1 << (id & 7)));
}
