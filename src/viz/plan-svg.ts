/** @file A plan as one SVG drawing: tokens kept, recovered, merged and dropped, where, and by which signals. */
import {
  assertGrids,
  assertPlan,
  type CompressionPlan,
  retentionRatio,
  rowCount,
  shape,
  type TokenGrid,
} from "../core/index.js";
import { INK } from "./colors.js";
import { drawnShape, type GridLayout, layoutGrids } from "./grid-layout.js";
import { HEAT_MAP_FOOT, HEAT_MAP_HEAD, type HeatMap, heatMap, NARROWEST_SCALE } from "./heat-map.js";
import { LEGEND_COLUMN, legend } from "./legend.js";
import { type Block, BOLD_WIDTH, element, escapeXml, moved, short, textLine, wrapText } from "./markup.js";
import { type PlanCell, planCells } from "./plan-cells.js";
import { heatMaps, imageList, type PlanSignals, refuse } from "./plan-input.js";
import { linksPerRow, type PlanImage, planLayer } from "./plan-layer.js";

/** Things to draw with the plan. */
export interface PlanSvgOptions {
  /** Where the source tokens lie; they cover the plan's tokens. */
  readonly grids: readonly TokenGrid[];
  /** The image under the grid; for several grids, a list with one entry per grid. */
  readonly image?: PlanImage | readonly (PlanImage | undefined)[];
  /** Signals to draw as heat maps beside the plan. */
  readonly signals?: PlanSignals;
  readonly title?: string;
  /** A smaller line below the title: method, variant, model. */
  readonly subtitle?: string;
  /** The question that the text tokens were recovered for. */
  readonly question?: string;
  /** A line below the question, such as how clearly it points at something here. */
  readonly note?: string;
  /** Width of the drawing in pixels, at least 240. Default 960; the height follows. */
  readonly width?: number;
}

/** The material that all pieces are drawn from. */
interface Scene {
  readonly plan: CompressionPlan;
  readonly cells: readonly PlanCell[];
  readonly grids: readonly TokenGrid[];
  readonly images: readonly (PlanImage | undefined)[];
  readonly maps: readonly HeatMap[];
  /** Width between the margins, in pixels. */
  readonly inner: number;
}

const TEXT = shape.optional(shape.text);
const OPTIONS = { title: TEXT, subtitle: TEXT, question: TEXT, note: TEXT, width: shape.optional(shape.number) };

const FONT = "'PT Sans', system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";
const SMALLEST_WIDTH = 240; // one legend column and two margins
const TALLEST_PLAN = 624; // cells of 26 pixels on a 24 x 24 grid; drawings wider than 960 grow with their width
const SIDE_COLUMN = 240; // heat maps of a 24 x 24 grid with cells of 10 pixels, or one legend column
const WIDEST_MAP = 288; // a heat map tells no more when it is larger
const GAP = 28;
const LABEL = 18; // height of a grid's name

/**
 * Draws a plan as SVG text. The drawing has its own light background, and no script or reference to anything outside. It has no
 * ids, so several drawings can stand in one page. The same arguments give the same text on every engine.
 *
 * Links lead from a center to its strongest neighbors only. The tint of a merged cell says how much of it all merged rows took
 * together (see `mergeShares`).
 *
 * @throws InvalidInputError for an unusable plan, grids that do not cover it, or signals or images of another length. Likewise for
 *   a signal that is not finite, an image that is no data URI of one, and a width below 240.
 */
export function planToSvg(plan: CompressionPlan, options: PlanSvgOptions): string {
  const given = shape.options(options, OPTIONS, refuse);
  const { grids, image, signals = {}, title, question, width = 960 } = given;
  assertPlan("planToSvg", plan);
  assertGrids("planToSvg", grids, plan.sourceCount);
  if (width < SMALLEST_WIDTH) throw refuse(`a width of at least ${SMALLEST_WIDTH}`, width);
  const margin = width < 480 ? 16 : 24;
  const scene: Scene = {
    plan,
    cells: planCells(plan),
    grids,
    images: imageList(image, grids),
    maps: heatMaps(signals, plan.sourceCount),
    inner: width - 2 * margin,
  };
  const headline = keptLine(plan);
  const head = header(given, headline, scene.inner);
  const { markup, height } = stack([head, body(scene), notes(scene)], 20);
  const full = height + 2 * margin;
  const words = [title, question, headline].filter((part) => part !== undefined && part !== "").join(". ");
  const box = { width, height: full, viewBox: `0 0 ${short(width)} ${short(full)}` };
  const attributes = { xmlns: "http://www.w3.org/2000/svg", ...box, role: "img", "font-family": FONT };
  const ground = element("rect", { width, height: full, fill: INK.paper });
  return element("svg", attributes, element("title", {}, escapeXml(words)) + ground + moved(margin, margin, markup));
}

/** `58 of 576 tokens (10.1 %)`. */
function keptLine(plan: CompressionPlan): string {
  return `${rowCount(plan)} of ${plan.sourceCount} ${plan.sourceCount === 1 ? "token" : "tokens"} (${(retentionRatio(plan) * 100).toFixed(1)} %)`;
}

function header(
  { title = "", subtitle = "", question, note = "" }: PlanSvgOptions,
  headline: string,
  width: number,
): Block {
  const parts = [
    { text: title, size: 20, bold: true, lines: 2, fill: INK.text },
    { text: subtitle, size: 13, bold: false, lines: 2, fill: INK.muted },
    { text: question ? `Question: ${question}` : "", size: 14, bold: false, lines: 3, fill: INK.text },
    { text: note, size: 13, bold: false, lines: 2, fill: INK.muted },
    { text: headline, size: 15, bold: true, lines: 1, fill: INK.text },
  ];
  let y = 0;
  const markup = parts.flatMap(({ text, lines, ...style }) => {
    const size = style.bold ? style.size * BOLD_WIDTH : style.size;
    return wrapText(text, { size, width, lines }).map((line) => {
      y += style.size * 1.4;
      return textLine(0, Math.round(y - style.size * 0.35), line, style);
    });
  });
  return { markup: markup.join(""), height: Math.ceil(y) };
}

/** Plan, heat maps and legend: beside each other if that costs the plan less than a quarter of its cells' size. */
function body(scene: Scene): Block {
  const { grids, images, inner, maps } = scene;
  const box = {
    label: grids.length > 1 ? LABEL : 0,
    wrap: images.length === 0,
    height: Math.max(TALLEST_PLAN, inner * 0.68),
  };
  const whole = layoutGrids(grids, { ...box, width: inner });
  const narrow = inner - SIDE_COLUMN - GAP;
  const beside = narrow > SIDE_COLUMN ? layoutGrids(grids, { ...box, width: narrow }) : undefined;
  const cell = (layout: GridLayout | undefined) => layout?.frames[0]?.cell ?? 0;
  if (beside === undefined || cell(beside) < cell(whole) * 0.75 || grids.length === 0) {
    return stack([planBlock(scene, whole), mapLine(scene), legendBlock(scene, inner)], 24);
  }
  const rest = inner - beside.width - GAP;
  const side =
    maps.length > 0 ? mapColumn(scene, beside.height, Math.min(rest, WIDEST_MAP)) : legendBlock(scene, LEGEND_COLUMN);
  const pair = {
    markup: planBlock(scene, beside).markup + moved(beside.width + GAP, 0, side.markup),
    height: Math.max(beside.height, side.height),
  };
  return maps.length > 0 ? stack([pair, legendBlock(scene, inner)], 24) : pair;
}

function planBlock({ plan, cells, grids, images }: Scene, layout: GridLayout): Block {
  const names = layout.frames.map(({ grid, x, y }, i) =>
    textLine(x, y - 6, `${i + 1}: ${grid.rows} × ${grid.columns}`, { size: 12, fill: INK.muted }),
  );
  const markup = planLayer(plan, cells, layout.frames, images);
  return { markup: (grids.length > 1 ? names.join("") : "") + markup, height: layout.height };
}

function legendBlock({ plan, cells, images }: Scene, width: number): Block {
  return legend(plan, cells, { width, overImage: images.some((image) => image !== undefined) });
}

/** Heat maps one below the other, about as high together as the plan beside them. */
function mapColumn(scene: Scene, planHeight: number, width: number): Block {
  const share = (planHeight - 20 * (scene.maps.length - 1)) / scene.maps.length;
  const height = Math.max(NARROWEST_SCALE, share - HEAT_MAP_HEAD - HEAT_MAP_FOOT);
  const blocks = scene.maps.map((map) => mapBlock(scene, map, width, height));
  const spare = planHeight - blocks.reduce((sum, block) => sum + block.height, 0);
  return stack(blocks, Math.min(60, Math.max(20, spare / Math.max(1, blocks.length - 1))));
}

/** Heat maps in one line, or below each other where a line has no room for their color scales. */
function mapLine(scene: Scene): Block {
  const { maps, inner } = scene;
  const share = (inner - GAP * (maps.length - 1)) / maps.length;
  if (share < NARROWEST_SCALE && maps.length > 1) return mapColumn(scene, 0, Math.min(inner, WIDEST_MAP));
  const width = Math.min(share, WIDEST_MAP * scene.grids.length);
  const blocks = maps.map((map) => mapBlock(scene, map, width, width));
  return {
    markup: blocks.map((block, i) => moved(i * (width + GAP), 0, block.markup)).join(""),
    height: Math.max(0, ...blocks.map(({ height }) => height)),
  };
}

function mapBlock({ grids, cells, images }: Scene, map: HeatMap, width: number, height: number): Block {
  return heatMap(map, cells, layoutGrids(grids, { width, height, wrap: images.length === 0 }));
}

/** Sentences for what the drawing does not say by itself. */
function notes({ plan, images, grids, maps, inner }: Scene): Block {
  const links = linksPerRow(plan);
  const nearest = links === 1 ? "strongest neighbor" : `${links} strongest neighbors`;
  const strip = images.length === 0 && grids.some((grid) => drawnShape(grid).rows > grid.rows);
  const sentences = [
    links > 0 && `Lines: from each center to its ${nearest}${grids.length > 1 ? " in the same grid" : ""}.`,
    links > 0 && "Deeper purple: a larger share went into merged rows.",
    maps.length > 0 && `White frames: ${maps.map(({ framing }) => framing).join(", ")}.`,
    strip && "Long strips are drawn in several lines.",
  ].filter((sentence) => sentence !== false);
  const lines = wrapText(sentences.join(" "), { size: 12, width: inner, lines: 6 });
  return {
    markup: lines.map((line, i) => textLine(0, 11 + i * 17, line, { size: 12, fill: INK.muted })).join(""),
    height: lines.length * 17,
  };
}

function stack(blocks: readonly Block[], gap: number): Block {
  let y = 0;
  let markup = "";
  for (const block of blocks.filter(({ height }) => height > 0)) {
    if (y > 0) y += gap;
    markup += moved(0, y, block.markup);
    y += block.height;
  }
  return { markup, height: y };
}
