/** @file Where a model is without a picture: a line with words at it, or, far below, the words alone. */
import { decimal } from "../format.js";
import { type Box, overlap, type Plot, textBox, yOf } from "./plot.js";
import { INK, marks, nominal, quantitative } from "./style.js";

/** Pixels between the words and the line, and between them and the ends of the plot. */
const GAP = 4;
/** From the line to the middle of the words. */
const OFFSET = 9;

/** The score without a picture, and its unit. */
interface Floor {
  readonly zero: number;
  readonly unit: string;
}

/** What else there is. */
interface Around {
  readonly plot: Plot;
  readonly y: ReturnType<typeof quantitative>;
  /** Pixels that others cover. */
  readonly taken: readonly Box[];
}

/** The words stand where nothing else does, at the right end if they can; where all places are taken, there all the same. */
export function floorLayers({ zero, unit }: Floor, { plot, y, taken }: Around) {
  const [low] = plot.y;
  const isInside = zero >= low;
  const label = `no picture: ${decimal(zero)}${unit}${isInside ? "" : " (below this range)"}`;
  const relative = isInside ? zero : low;
  const { align, dy } = freePlace(label, yOf(relative, plot), { plot, taken });
  const tokens = plot.x[align === "right" ? 1 : 0];
  const at = [{ relative, tokens, label }];
  const rule = marks(at, { type: "rule", color: INK.muted, strokeDash: [4, 4] }, { y });
  const text = marks(
    at,
    { type: "text", align, dx: align === "right" ? -GAP : GAP, dy, baseline: "middle", color: INK.muted },
    { y, x: quantitative("tokens"), text: nominal("label") },
  );
  return isInside ? [rule, text] : [text];
}

/** Places in the order in which they are tried. */
const PLACES = [
  { align: "right", dy: -OFFSET },
  { align: "right", dy: OFFSET },
  { align: "left", dy: -OFFSET },
  { align: "left", dy: OFFSET },
] as const;

function freePlace(label: string, line: number, { plot, taken }: Pick<Around, "plot" | "taken">) {
  const isFree = ({ align, dy }: (typeof PLACES)[number]) => {
    const { right: length } = textBox(label, { x: 0, y: 0 });
    const box = textBox(label, { x: align === "right" ? plot.width - GAP - length : GAP, y: line + dy });
    return box.top >= 0 && box.bottom <= plot.height && !taken.some((other) => overlap(box, other));
  };
  return PLACES.find(isFree) ?? PLACES[0];
}
