/** @file Dots with intervals, a line per setting: the panel of small multiples. */
import type { TopLevelSpec } from "vega-lite";
import type { Interval } from "../../../stats/bootstrap.js";
import { CONFIG, INK, LINES, NAMES, type SettingStyle } from "./style.js";

export interface Dot extends SettingStyle {
  readonly name: string;
  readonly value: number;
  readonly interval?: Interval;
}

export interface DotPanel {
  /** Top to bottom. */
  readonly dots: readonly Dot[];
  readonly axis: string;
  /** Ends of the axis, equal in panels that are to be compared. */
  readonly domain: readonly [number, number];
  /** A value to compare with, as a line. */
  readonly reference?: number;
}

export function dotPanel({ dots, axis, domain, reference }: DotPanel): TopLevelSpec {
  const rows = dots.map(({ interval, ...dot }) => ({ ...dot, ...interval }));
  const scale = { domain: [...domain], zero: false, nice: false };
  const color = { field: "color", type: "nominal" as const, scale: null };
  return {
    ...LINES,
    config: CONFIG,
    layer: [
      ...(reference === undefined
        ? []
        : [
            {
              data: { values: [{ reference }] },
              mark: { type: "rule" as const, color: INK.muted, strokeDash: [3, 3] },
              encoding: { x: { field: "reference", type: "quantitative" as const, scale } },
            },
          ]),
      {
        data: { values: rows.filter(({ low }) => low !== undefined) },
        mark: { type: "rule", strokeWidth: 2, opacity: 0.65 },
        encoding: {
          y: NAMES,
          x: { field: "low", type: "quantitative", scale, title: axis, axis: { tickCount: 4 } },
          x2: { field: "high" },
          color,
        },
      },
      {
        data: { values: rows },
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: {
          y: NAMES,
          x: { field: "value", type: "quantitative", scale, title: axis },
          color,
          shape: { field: "shape", type: "nominal", scale: null },
        },
      },
    ],
  };
}

/** Round ends that hold all values and intervals of some panels. */
export function domainOf(dots: readonly Dot[], step: number, more: readonly number[] = []): [number, number] {
  const values = dots.flatMap(({ value, interval }) => [value, interval?.low ?? value, interval?.high ?? value]);
  const all = [...values, ...more];
  return [step * Math.floor(Math.min(...all) / step), step * Math.ceil(Math.max(...all) / step)];
}
