/** @file The colors of the drawings. Every role has a second cue beside its color: see `cell-marks.ts`. */
import { type Role, refusalFor } from "../core/index.js";

/**
 * One color per role, `#rrggbb`. Found by search over blue, orange, purple and gray. Any two of them stay at least 30 apart in CIE
 * Lab for normal vision. So they do under protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009). Each has
 * a contrast of at least 3 : 1 with white (WCAG 2.2, 1.4.11).
 */
export const ROLE_COLORS: Readonly<Record<Role, string>> = {
  visual: "#0f98ec",
  text: "#e16a11",
  merged: "#6b2778",
  residual: "#8d909d",
};

/** Colors of text and surfaces. */
export const INK = {
  paper: "#ffffff",
  text: "#1c2330",
  muted: "#59606e", // 6 : 1 on paper
  line: "#d5d9e0",
  cell: "#e6e9ee",
  image: "#9fb3a5", // stands for an image in the legend
} as const;

/**
 * Viridis (S. van der Walt and N. Smith, matplotlib, CC0) at 0, 1/9, …, 1: lightness rises evenly, and the order of the
 * colors survives color blindness and gray print.
 */
const VIRIDIS: readonly string[] = [
  "#440154",
  "#482878",
  "#3e4989",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];

/** Viridis at `t` from 0 to 1 (values outside are clamped), linear between ten samples; `#rrggbb`. */
export function viridis(t: number): string {
  if (Number.isNaN(t) || typeof t !== "number") throw refusalFor("viridis")("a number", t);
  const at = Math.min(1, Math.max(0, t)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const from = rgb(VIRIDIS[low]);
  const to = rgb(VIRIDIS[low + 1]);
  const mixed = from.map((channel, i) => Math.round(channel + (to[i] - channel) * (at - low)));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function rgb(color: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
}
