/**
 * @file Reads which axis of written-out attention has the queries, and which the keys: from the axes of both factors of the product,
 * the softmax's own axis, and the axis over which the product with the values sums.
 */
import { type Followed, follow } from "../graph/axes.js";
import { type GraphView, label } from "../graph/graph-view.js";
import { rankOf } from "../graph/infer.js";
import type { Axes, Axis, AxisPart } from "../graph/match-axes.js";
import { productAxes } from "../graph/product-axes.js";
import { isOf, type OnnxNode } from "../proto/model.js";
import type { AttentionAxes } from "./attention.js";
import { CHANNELS, isMove, isRows, rowsAt, type Step } from "./linear.js";

/** A softmax, as a node or written out. */
export interface FoundSoftmax {
  /** The node that makes the probabilities. */
  readonly node: OnnxNode;
  readonly input: string;
  readonly output: string;
  /** The axis of a row, counted from the end if negative. */
  readonly axis: number;
  /** Whether all axes behind it are in the row, too. */
  readonly isFrom: boolean;
}

/** What is read of attention: its axes, the side of the keys (0 or 1), the axis of the tokens in the linear layers' results. */
export interface ReadAxes {
  readonly axes: AttentionAxes;
  readonly keySide: 0 | 1;
  readonly tokens: number;
}

/** A product, and the way to it. */
interface Taker {
  readonly product: OnnxNode;
  readonly steps: readonly Step[];
  readonly input: string;
}

/** Nodes between a softmax and the product that takes it (casts, masks) at most, and nodes that one search looks at. */
const MAX_BETWEEN = 6;
const MAX_TAKERS = 64;

/** The product that takes a tensor, maybe after a cast, transpose or mask. */
export function productTaker(view: GraphView, from: string, isProduct: (node: OnnxNode) => boolean): Taker | undefined {
  let ends: Omit<Taker, "product">[] = [{ input: from, steps: [] }];
  let seen = 0;
  for (let step = 0; step < MAX_BETWEEN; step++) {
    const next: typeof ends = [];
    for (const { input, steps } of ends) {
      for (const node of view.consumers.get(input) ?? []) {
        if (isProduct(node)) return { product: node, steps, input };
        const [output] = node.outputs;
        if (output && (isMove(node) || isOf(node, "Where", "Mul", "Div"))) {
          next.push({ input: output, steps: [...steps, { node, input, output }] });
        }
        if (++seen === MAX_TAKERS) return undefined;
      }
    }
    ends = next;
  }
  return undefined;
}

/** The parts of an axis that are longer than 1, as a text. */
const core = (axis: Axis) =>
  axis
    .filter(({ length }) => length !== 1)
    .map(({ of, piece }) => `${of}/${piece}`)
    .join(" ");

/** Marks parts of the rows of one factor. */
const sided = (axis: Axis, side: number): Axis => axis.map((part) => ({ ...part, of: `${side}:${part.of}` }));

/**
 * The axes of attention.
 *
 * @returns a text where they are not those of attention between tokens: the reason, with the layout.
 */
export function readAxes(
  view: GraphView,
  softmax: FoundSoftmax,
  scores: { readonly product: OnnxNode; readonly steps: readonly Step[]; readonly factors: readonly Followed[] },
  taker: Taker,
): ReadAxes | string {
  const [first, second] = scores.factors;
  if (first === undefined || second === undefined) return unknownAxes(scores.product);
  if (first.axes === undefined || second.axes === undefined) return unknownAxes(first.unknown ?? second.unknown);
  const sides = [first.axes, second.axes];
  const letters = productAxes(scores.product, [sides[0].length, sides[1].length]);
  if (letters === undefined) return unknownAxes(scores.product);
  const axisOf = (side: number, letter: string) => sides[side][letters.factors[side].indexOf(letter)] ?? [];
  const isIn = (side: number, letter: string) => letters.factors[side].includes(letter);
  for (const letter of letters.factors[0].filter((each) => isIn(1, each) && !letters.result.includes(each))) {
    const parts = [...axisOf(0, letter), ...axisOf(1, letter)].filter(({ length }) => length !== 1);
    if (parts.some(isRows)) return "its products sum over the tokens: it is attention between channels";
  }
  const own = [0, 1].map((side) =>
    letters.result.filter(
      (letter) => isIn(side, letter) && !isIn(1 - side, letter) && core(axisOf(side, letter)) !== "",
    ),
  );
  const rows = own.map((list, side) =>
    list.flatMap((letter) => axisOf(side, letter)).filter(({ length }) => length !== 1),
  );
  if (rows.some((parts) => parts.length > 0 && !parts.every(isRows))) {
    return "its products are between heads or channels, not between tokens";
  }
  if (own.some(({ length }) => length !== 1))
    return `the axes of its queries and keys are not told apart (${label(scores.product)})`;
  const places = new Set(rows.flat().map(rowsAt));
  if (places.size !== 1) return "its products are between tokens and images of a batch";
  const [tokens] = places;
  const batch = letters.result
    .filter((letter) => isIn(0, letter) && isIn(1, letter))
    .flatMap((letter) => axisOf(0, letter));
  if (
    sides[0].flat().some(({ of }) => isRows({ of }) && rowsAt({ of }) !== tokens) &&
    batch.some((part) => isPieceOf(part, tokens))
  ) {
    return "its tokens are apart in windows";
  }
  const start = letters.result.map((letter) => {
    const side = isIn(0, letter) ? 0 : 1;
    return isIn(0, letter) && isIn(1, letter) ? axisOf(0, letter) : sided(axisOf(side, letter), side);
  });
  const found = follow(view, scores.steps, start);
  if (found.axes === undefined) return unknownAxes(found.unknown);
  return placesOf(view, softmax, found.axes, { taker, rows, tokens });
}

const isPieceOf = (part: AxisPart, tokens: number) => isRows(part) && rowsAt(part) === tokens && part.length !== 1;

const unknownAxes = (node: OnnxNode | undefined) =>
  `its axes are unknown${node === undefined ? "" : ` behind ${label(node)}`}`;

function placesOf(
  view: GraphView,
  { axis, isFrom }: FoundSoftmax,
  axes: Axes,
  { taker, rows, tokens }: { taker: Taker; rows: readonly Axis[]; tokens: number },
): ReadAxes | string {
  const place = axis < 0 ? axis + axes.length : axis;
  const names = rows.map((parts, side) => core(sided(parts, side)));
  const at = axes.map(core);
  const summed = isFrom ? at.slice(place).filter((name) => name !== "") : [at[place] ?? ""];
  const key = isFrom ? at.indexOf(summed[0]) : place;
  const words = (keySide: number) =>
    `[${axes.map((_, i) => (at[i] === names[keySide] ? "keys" : at[i] === names[1 - keySide] ? "queries" : otherAxis(axes[i]))).join(", ")}]`;
  const { sum, reason } = sumAxis(view, taker, axes);
  if (sum === undefined) return reason;
  const keySide = names.indexOf(sum) as 0 | 1 | -1;
  if (keySide === -1) return "the product with its values does not sum over keys";
  const isOver = `its softmax is over ${isFrom && summed.length > 1 ? "all axes from axis" : "axis"} ${place} of ${words(keySide)}`;
  if (summed.length !== 1 || summed[0] !== sum) return `${isOver}, so its rows over the keys do not sum to 1`;
  const query = at.indexOf(names[1 - keySide]);
  if (query === -1) return `the axis of its queries is not found in ${words(keySide)}`;
  return { axes: { query, key, rank: axes.length }, keySide, tokens };
}

function otherAxis(axis: Axis): string {
  if (axis.some(({ of }) => of === CHANNELS)) return axis.some(isRows) ? "batch * heads" : "heads";
  return axis.every(({ length }) => length === 1) ? "1" : "batch";
}

/** The axis over which the product with the values sums, or the reason why it is not known. */
function sumAxis(
  view: GraphView,
  { product, steps, input }: Taker,
  start: Axes,
): { readonly sum: string; readonly reason?: undefined } | { readonly sum?: undefined; readonly reason: string } {
  const { axes, unknown } = follow(view, steps, start);
  if (axes === undefined) return { reason: unknownAxes(unknown) };
  const side = product.inputs[0] === input ? 0 : 1;
  const values = rankOf(view, product.inputs[1 - side]) ?? axes.length;
  const letters = productAxes(product, side === 0 ? [axes.length, values] : [values, axes.length]);
  if (letters === undefined) return { reason: unknownAxes(product) };
  const summed = letters.factors[side].filter(
    (letter) => letters.factors[1 - side].includes(letter) && !letters.result.includes(letter),
  );
  const names = summed.map((letter) => core(axes[letters.factors[side].indexOf(letter)] ?? []));
  return { sum: names.filter((name) => name !== "").join(" ") };
}
