/** @file A column of intervals, as text and as whiskers on one axis. */
import type { AgreementShare } from "../../../agreement/agreement.js";
import type { Interval } from "../../../stats/bootstrap.js";
import type { ColumnOf, RichCell } from "../document.js";
import { decimal, hundredfold, NONE, range } from "../format.js";

/** An estimate of a row; empty for a row without one. */
export interface RowInterval {
  readonly value?: number;
  readonly interval?: Interval;
}

/** A share of answers and its interval in percent. */
export function percentShare({ unchanged, answered, interval }: AgreementShare): RowInterval {
  if (answered === 0 || interval === undefined) return {};
  return { value: (100 * unchanged) / answered, interval: hundredfold(interval) };
}

/** The column of the rows' intervals, all on one axis: from the least end to the greatest. */
export function intervalCells<Row>(
  rows: readonly Row[],
  of: (row: Row) => RowInterval,
  title = "95 % interval",
): ColumnOf<Row> {
  const known = rows.flatMap((row) => {
    const { interval } = of(row);
    return interval === undefined ? [] : [interval];
  });
  const [low, high] = [Math.min(...known.map((each) => each.low)), Math.max(...known.map((each) => each.high))];
  const place = (value: number) => (high > low ? (value - low) / (high - low) : 0.5);
  const cell = (row: Row): RichCell | string => {
    const { value, interval } = of(row);
    if (value === undefined) return "";
    if (interval === undefined) return NONE;
    const whisker = { at: place(value), low: place(interval.low), high: place(interval.high) };
    return { text: range(interval), value, whisker };
  };
  return [title, cell];
}

/** A number and its interval: two columns; none where no row has the number. */
export function estimateColumns<Row>(
  rows: readonly Row[],
  title: string,
  of: (row: Row) => RowInterval | undefined,
  digits = 1,
): ColumnOf<Row>[] {
  if (rows.every((row) => of(row)?.value === undefined)) return [];
  const cell = (row: Row) => ({ text: decimal(of(row)?.value, digits), value: of(row)?.value });
  return [
    [title, cell],
    ["95 % interval", (row) => range(of(row)?.interval, digits)],
  ];
}
