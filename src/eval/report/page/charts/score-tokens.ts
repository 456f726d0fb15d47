/** @file Score against tokens: a curve per method, intervals, the Pareto front, names beside the curves. */
import type { TopLevelSpec } from "vega-lite";
import { groupBy } from "../../../../core/index.js";
import { REFERENCE } from "../../../run/settings.js";
import type { Interval } from "../../../stats/bootstrap.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { floorLayers } from "./floor.js";
import { type Box, type Plot, textBox, xOf, yOf } from "./plot.js";
import { spreadOut } from "./spread-out.js";
import { COLOR, INK, LETTERS, marks, nominal, quantitative, type SettingStyle, SHAPE, settingStyles } from "./style.js";

/** Pixels of the plot: with its axis it fits beside the main table, and a phone. */
const WIDTH = 360;
/** Where the names of the curves need no more. */
const HEIGHT = 330;
/** Pixels from a name to the next. */
const STEP = LETTERS + 3;
/** Pixels between the bars of points at one budget, and from the first to the last of them. */
const BAR_GAP = 5;
const BARS_WIDTH = 40;

interface Point extends Partial<Interval>, SettingStyle {
  /** Id of the setting. */
  readonly id: string;
  /** Of points with a number as budget: the same for all that one line joins. */
  readonly name: string;
  readonly isDynamic: boolean;
  readonly tokens: number;
  readonly relative: number;
}

/** What a setting's point is drawn of. */
export type PlottedSetting = Pick<
  SettingNumbers,
  "id" | "name" | "method" | "budget" | "role" | "relative" | "interval"
> & {
  readonly tokens?: { readonly mean: number };
};

/** Undefined where fewer than two settings have a score and tokens. */
export function scoreTokensChart(
  settings: readonly PlottedSetting[],
  front: readonly string[],
  { title = "score, % of that with all tokens", unit = " %" }: { readonly title?: string; readonly unit?: string } = {},
): TopLevelSpec | undefined {
  const points = chartPoints(settings);
  const full = points.find(({ id }) => id === REFERENCE);
  const others = points.filter((point) => point !== full);
  if (full === undefined || others.length === 0) return undefined;
  const ends = { x: xDomain(full, others), y: yDomain(points) };
  const names = new Set(others.map(({ name }) => name)).size;
  const plot = { ...ends, width: WIDTH, height: Math.max(HEIGHT, names * STEP) };
  const zero = settings.find(({ method }) => method === "zero")?.relative;
  const placed = [full, ...sideBySide(others, ends.x)];
  const labels = placeLabels(placed, plot);
  const x = quantitative("tokens", {
    scale: { type: "log" as const, domain: ends.x, nice: false },
    title: "visual tokens per picture, mean (log axis)",
  });
  const y = quantitative("relative", {
    scale: { domain: ends.y, zero: false, nice: false },
    title,
  });
  const name = { type: "text" as const, align: "left" as const, dx: 4, baseline: "middle" as const };
  const label = { x: { ...x, field: "labelTokens" }, y: { ...y, field: "labelRelative" }, text: nominal("label") };
  return {
    width: WIDTH,
    height: plot.height,
    layer: [
      marks(
        points.filter(({ id }) => front.includes(id)),
        { type: "line", interpolate: "step-after", stroke: INK.band, strokeWidth: 7, strokeJoin: "round" },
        { x: { ...x, axis: { values: ticks(ends.x), grid: false } }, y },
      ),
      ...(zero === undefined ? [] : floorLayers({ zero, unit }, { plot, y, taken: takenBoxes(placed, labels, plot) })),
      marks(
        labels,
        { type: "rule", opacity: 0.35 },
        { x, x2: { field: "labelTokens" }, y, y2: { field: "labelRelative" }, color: COLOR },
      ),
      marks(
        placed.filter(({ isDynamic }) => !isDynamic),
        { type: "line", strokeWidth: 1.5, opacity: 0.8 },
        { x, y, color: COLOR, detail: nominal("name") },
      ),
      // A white edge first: names stay legible over lines.
      marks(labels, { ...name, stroke: INK.paper, strokeWidth: 4 }, label),
      marks(labels, name, { ...label, color: COLOR }),
      marks(
        placed.filter(({ low }) => low !== undefined),
        { type: "rule", strokeWidth: 2, opacity: 0.45 },
        { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: COLOR },
      ),
      marks(placed, { type: "point", filled: true, size: 70, opacity: 1 }, { x, y, color: COLOR, shape: SHAPE }),
    ],
  };
}

function chartPoints(settings: readonly PlottedSetting[]): Point[] {
  const styleOf = settingStyles(settings);
  return settings.flatMap((setting) => {
    const { id, budget, tokens, relative, interval } = setting;
    if (tokens === undefined || relative === undefined || tokens.mean <= 0) return [];
    const isDynamic = budget === "dynamic";
    const name = id === REFERENCE ? "all tokens" : isDynamic ? id : setting.name;
    return [{ id, name, isDynamic, tokens: tokens.mean, relative, ...interval, ...styleOf(setting) }];
  });
}

function xDomain(full: Point, others: readonly Point[]): [number, number] {
  const least = Math.min(...others.map(({ tokens }) => tokens));
  return [least / 1.15, full.tokens * 1.9];
}

function yDomain(points: readonly Point[]): [number, number] {
  const values = points.flatMap(({ relative, low = relative, high = relative }) => [relative, low, high]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(1, 0.04 * (high - low));
  return [Math.floor(low - margin), Math.ceil(high + margin)];
}

/** Points at about one count get bars beside each other. */
function sideBySide(points: readonly Point[], [from, to]: readonly [number, number]): Point[] {
  const curves = [...new Set(points.filter(({ isDynamic }) => !isDynamic).map(({ name }) => name))];
  const perPixel = Math.log(to / from) / WIDTH;
  const gap = Math.min(BAR_GAP, BARS_WIDTH / Math.max(1, curves.length - 1));
  return points.map((point) => {
    const place = point.isDynamic ? 0 : curves.indexOf(point.name) - (curves.length - 1) / 2;
    return { ...point, tokens: point.tokens * Math.exp(place * gap * perPixel) };
  });
}

type Label = Point & { readonly label: string; readonly labelTokens: number; readonly labelRelative: number };

/** A name per curve, in a column right of the points, none over another. */
function placeLabels(points: readonly Point[], { x: [, right], y: [low, high], height }: Plot): Label[] {
  const [full, ...others] = Array.from(groupBy(points, ({ name }) => name).values(), (own) =>
    own.reduce((last, point) => (point.tokens > last.tokens ? point : last)),
  );
  const greatest = Math.max(...others.map(({ tokens }) => tokens));
  // Between the methods and all tokens if there is room; otherwise right of everything.
  const hasRoom = greatest < full.tokens / 3;
  const column = (hasRoom ? greatest : full.tokens) * 1.12;
  const fullTokens = Math.min(full.tokens * (hasRoom ? 1.04 : 1), right);
  const step = ((high - low) / height) * STEP;
  const sorted = others.sort((a, b) => b.relative - a.relative);
  const placed = spreadOut(
    sorted.map(({ relative }) => relative),
    { step, low, high },
  );
  return [
    ...sorted.map((point, i) => ({ ...point, label: point.name, labelTokens: column, labelRelative: placed[i] })),
    { ...full, label: full.name, labelTokens: fullTokens, labelRelative: full.relative },
  ];
}

/** Half of a point's width, in pixels. */
const POINT = 5;

/** What points, their intervals and the names cover. */
function takenBoxes(points: readonly Point[], labels: readonly Label[], plot: Plot): Box[] {
  const marked = points.map(({ tokens, relative, low = relative, high = relative }) => {
    const [x, top, bottom] = [
      xOf(tokens, plot),
      yOf(Math.max(high, relative), plot),
      yOf(Math.min(low, relative), plot),
    ];
    return { left: x - POINT, right: x + POINT, top: top - POINT, bottom: bottom + POINT };
  });
  const named = labels.map(({ label, labelTokens, labelRelative }) => {
    return textBox(label, { x: xOf(labelTokens, plot), y: yOf(labelRelative, plot) });
  });
  return [...marked, ...named];
}

/** Counts of the usual tables, those that the axis holds. */
function ticks([from, to]: readonly [number, number]): number[] {
  return [1, 2, 4, 8, 16, 32, 64, 128, 256, 576, 1152, 2304, 4608].filter((count) => count >= from && count <= to);
}
