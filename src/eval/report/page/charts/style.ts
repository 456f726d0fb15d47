/** @file How the charts look: colors, shapes, letters. */
import type { Config, TopLevelSpec } from "vega-lite";
import { ROLE_COLORS } from "../../../../viz/index.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";

/** Colors of paper, text, secondary text, lines, grids, and of the band below a curve, `#rrggbb`. */
export const INK = {
  paper: "#ffffff",
  text: "#1c2330",
  muted: "#59606e",
  line: "#d5d9e0",
  grid: "#eceef2",
  band: "#e3dfc8",
  idle: "#c9ced8",
} as const;

/**
 * Colors of methods in their order. Any two of these and the gray of the controls stay at least 30 apart in CIE Lab. That holds for
 * normal vision and the three color blindnesses (simulated after Machado, Oliveira and Fernandes 2009). Their contrast with white
 * is at least 3 : 1.
 */
const METHOD_COLORS: readonly string[] = [
  ROLE_COLORS.visual,
  ROLE_COLORS.text,
  ROLE_COLORS.merged,
  "#0c3c18", // dark green
  "#6000f0", // violet
];

/** Colors that are others on a dark page: found by search, by the same rules as on the light one. */
export const DARK_CHART: Readonly<Record<string, string>> = {
  [INK.paper]: "#14181f",
  [INK.text]: "#e4e8ee",
  [INK.muted]: "#a3abb8",
  [INK.line]: "#3a4350",
  [INK.grid]: "#262d38",
  [INK.band]: "#4a4632",
  [INK.idle]: "#4b5361",
  [ROLE_COLORS.merged]: "#f0d99f",
  "#0c3c18": "#b7fd04",
  "#6000f0": "#94543e",
};

const CONTROL_COLOR = ROLE_COLORS.residual;

/** A second cue beside the color, which alone would not do for more methods than there are colors. */
const METHOD_SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right"];
const CONTROL_SHAPES: Readonly<Record<string, string>> = {
  random: "cross",
  uniform: "diamond",
  pool: "square",
  downsample: "triangle-down",
};

/** Color, `#rrggbb`, and Vega-Lite's name of a shape. */
export interface SettingStyle {
  readonly color: string;
  readonly shape: string;
}

/**
 * Color and shape of each setting, by its name at any budget. They follow from the names alone, not from their order, so that all charts
 * of a page, each with an order of its own, draw a method alike.
 */
export function settingStyles(
  settings: readonly Pick<SettingNumbers, "name" | "role">[],
): (setting: Pick<SettingNumbers, "name">) => SettingStyle {
  const styles = new Map<string, SettingStyle>();
  let methods = 0;
  for (const { name, role } of settings.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))) {
    if (styles.has(name)) continue;
    if (role === "reference") styles.set(name, { color: INK.text, shape: "circle" });
    else if (role === "control") {
      styles.set(name, { color: CONTROL_COLOR, shape: CONTROL_SHAPES[name] ?? "circle" });
    } else {
      const [color, shape] = [METHOD_COLORS, METHOD_SHAPES].map((list) => list[methods % list.length]);
      styles.set(name, { color, shape });
      methods++;
    }
  }
  return ({ name }) => styles.get(name) as SettingStyle;
}

/** A field of numbers. @param more of its encoding: axis, scale. */
export function quantitative<T extends object>(field: string, more?: T) {
  return { field, type: "quantitative" as const, ...(more as T) };
}

/** A field of names. @param more of its encoding. */
export function nominal<T extends object>(field: string, more?: T) {
  return { field, type: "nominal" as const, ...(more as T) };
}

type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>["layer"][number];
type Marks = Extract<Layer, { readonly mark: unknown }>;

/** A layer of a chart: a mark per row. */
export function marks(rows: readonly object[], mark: Marks["mark"], encoding: Marks["encoding"]): Marks {
  return { data: { values: [...rows] }, mark, encoding };
}

/** Field of a row's own color. */
export const COLOR = nominal("color", { scale: null });
/** Field of a row's own shape. */
export const SHAPE = nominal("shape", { scale: null });
/** Axis of names at the left, in their order. */
export const NAMES = nominal("name", { sort: null, title: null, axis: { ticks: false, domain: false } });
/** Frame of a plot with a line per setting, in pixels: with names at its left it fits a phone. */
export const LINES = { width: 215, height: { step: 19 } };

/** Smallest size of letters in pixels: pages are read on phones. */
export const LETTERS = 12;

/** Common to all charts. Descriptions of single marks are off: a chart has one for the whole, and a table with the numbers. */
export const CONFIG: Config = {
  // The page's own: it has a dark side.
  background: undefined,
  font: "system-ui, sans-serif",
  aria: false,
  padding: 8,
  view: { stroke: null },
  axis: {
    labelFontSize: LETTERS,
    titleFontSize: LETTERS,
    titleFontWeight: "normal",
    labelColor: INK.text,
    titleColor: INK.muted,
    domainColor: INK.line,
    tickColor: INK.line,
    gridColor: INK.grid,
    labelLimit: 260,
    labelFlush: false,
    labelSeparation: 4,
  },
  legend: { labelFontSize: LETTERS, labelColor: INK.text, labelLimit: 260, title: null },
  text: { fontSize: LETTERS, color: INK.text },
};
