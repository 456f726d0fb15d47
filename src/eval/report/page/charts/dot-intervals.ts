/** @file Dots with intervals, a line per setting, in panels side by side. */
import type { TopLevelSpec } from "vega-lite";
import type { Interval } from "../../../stats/bootstrap.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import type { Chart } from "../document.js";
import { settingName } from "../format.js";
import { COLOR, INK, LINES, marks, NAMES, quantitative, SHAPE, settingStyles } from "./style.js";

/** One panel. */
export interface DotChart {
  readonly title: string;
  /** The chart in words, for those who do not see it. */
  readonly words: string;
  /** A value to compare with, as a line. Default: that of the first dot. */
  readonly reference?: number;
  /** One per setting; undefined for a setting that is left out. */
  readonly dots: readonly ({ readonly value: number; readonly interval?: Interval } | undefined)[];
}

/** Panels with equal axes, their ends multiples of `step`; those without a dot are left out. */
export function dotPanels(
  settings: readonly SettingNumbers[],
  charts: readonly DotChart[],
  { axis, step }: { readonly axis: string; readonly step: number },
): Chart["panels"] {
  const styleOf = settingStyles(settings);
  const panels = charts.flatMap(({ dots: found, reference, ...panel }) => {
    const dots = found.flatMap((dot, place) => {
      const setting = settings[place];
      return dot ? [{ name: settingName(setting), value: dot.value, ...dot.interval, ...styleOf(setting) }] : [];
    });
    return dots.length === 0 ? [] : [{ ...panel, dots, reference: reference ?? dots[0].value }];
  });
  const values = panels.flatMap(({ dots, reference }) => [
    reference,
    ...dots.flatMap(({ value, low = value, high = value }) => [value, low, high]),
  ]);
  const domain = [step * Math.floor(Math.min(...values) / step), step * Math.ceil(Math.max(...values) / step)];
  const scale = { domain, zero: false, nice: false };
  return panels.map(({ title, words, dots, reference }) => ({
    title,
    words,
    spec: dotSpec(dots, reference, { scale, title: axis }),
  }));
}

function dotSpec(dots: readonly { readonly low?: number }[], reference: number, x: DotAxis): TopLevelSpec {
  const low = quantitative("low", { ...x, axis: { tickCount: 4 } });
  return {
    ...LINES,
    layer: [
      marks(
        [{ reference }],
        { type: "rule", color: INK.muted, strokeDash: [3, 3] },
        { x: quantitative("reference", { scale: x.scale }) },
      ),
      marks(
        dots.filter((dot) => dot.low !== undefined),
        { type: "rule", strokeWidth: 2, opacity: 0.65 },
        { y: NAMES, x: low, x2: { field: "high" }, color: COLOR },
      ),
      marks(
        dots,
        { type: "point", filled: true, size: 60, opacity: 1 },
        { y: NAMES, x: quantitative("value", x), color: COLOR, shape: SHAPE },
      ),
    ],
  };
}

interface DotAxis {
  readonly title: string;
  readonly scale: { readonly domain: number[]; readonly zero: boolean; readonly nice: boolean };
}
