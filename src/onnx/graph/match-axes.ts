/** @file Axes as lists of parts, and how a reshape splits and joins them, where lengths may be unknown. */

/** A piece of an axis. */
export interface AxisPart {
  /** Name of the axis that it is of. */
  readonly of: string;
  /** Its place in that axis: "" is all of it, "0" the outer piece, "1" the inner one, "10" the outer piece of that. */
  readonly piece: string;
  readonly length?: number;
}

/** An axis; without parts it is of length 1. */
export type Axis = readonly AxisPart[];

/** Axes of a tensor, in their order. */
export type Axes = readonly Axis[];

/** Lengths of axes, or of some; those that are not known are undefined. */
export type Lengths = readonly (number | undefined)[];

/**
 * The axes of a tensor after a reshape to `target`, in which unknown lengths are undefined. Matched from the last axis on: pieces of a
 * known length are split and joined by their lengths, others are taken whole; the first axis takes what is left.
 */
export function matchAxes(axes: Axes, target: Lengths): Axes | undefined {
  const parts = axes.flat();
  const out: Axis[] = [];
  for (let j = target.length - 1; j > 0; j--) {
    const left = target.slice(0, j);
    const axis = target[j] === undefined ? takeUnknown(parts, left) : takeKnown(parts, target[j] ?? 0, left);
    if (axis === undefined) return undefined;
    out.unshift(axis);
  }
  if (target.length > 0) out.unshift(parts.splice(0));
  return parts.length > 0 ? undefined : out;
}

/** Whether there are fewer parts than axes to come: then one part is split. */
const areFew = (parts: readonly AxisPart[], left: Lengths) =>
  parts.length < left.filter((length) => length !== 1).length;

/** Takes parts of this length from the end. */
function takeKnown(parts: AxisPart[], want: number, left: Lengths): Axis | undefined {
  const axis: AxisPart[] = [];
  if (want === 1 && parts.at(-1)?.length === 1) axis.push(parts.pop() as AxisPart);
  for (let rest = want; rest !== 1; ) {
    const part = parts.pop();
    if (part === undefined) return undefined;
    const { length } = part;
    if (length === undefined) {
      axis.unshift(areFew(parts, left) ? splitPart(parts, part, rest) : part);
      return axis;
    }
    if (length !== 0 && rest % length === 0) {
      axis.unshift(part);
      rest /= length;
    } else if (rest !== 0 && length % rest === 0) {
      axis.unshift(splitPart(parts, part, rest));
      return axis;
    } else return undefined;
  }
  return axis;
}

/** Takes a part for an axis of unknown length; heads may be joined with a batch before them. */
function takeUnknown(parts: AxisPart[], left: Lengths): Axis | undefined {
  const part = parts.pop();
  if (part === undefined) return undefined;
  if (areFew(parts, left)) return [splitPart(parts, part)];
  const axis = [part];
  const tooMany = () => parts.filter(({ length }) => length !== 1).length > left.length;
  while (part.piece !== "" && tooMany()) axis.unshift(parts.pop() as AxisPart);
  return axis;
}

/** Leaves the outer piece among the parts. @returns the inner one. */
function splitPart(parts: AxisPart[], { of, piece, length }: AxisPart, inner?: number): AxisPart {
  const outer = length !== undefined && inner !== undefined ? length / inner : undefined;
  parts.push({ of, piece: `${piece}0`, ...(outer !== undefined && { length: outer }) });
  return { of, piece: `${piece}1`, ...(inner !== undefined && { length: inner }) };
}
