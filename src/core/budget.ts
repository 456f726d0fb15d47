/**
 * @file How many rows to keep, as callers, command lines and files say it. `checkedBudget` reads any form once, `budgetRows` turns it
 * into rows of a table, `parseBudget` and `budgetText` are the form for terminals, files and names of settings.
 */
import { BudgetError, refusalFor } from "./errors.js";
import { didYouMean, nearestName } from "./nearest-name.js";
import { isPlain } from "./options.js";

/**
 * How many rows to keep.
 *
 * - `58`, a whole number from 1: exactly that many rows.
 * - `0.1`, above 0 and below 1: a share of the source tokens, rounded down, at least one row.
 * - `"dynamic"`: as many as the method finds in the image, for methods that can.
 * - `{ min: 32, max: 128 }`: the same within bounds, each a number as above; either may be left out. Bounds beyond the number of tokens
 *   are that number. Where the method would go out of bounds it decides as with a fixed budget at the bound.
 * - `{ retain: 58 }`, `{ ratio: 0.1 }`: the two numbers by name; a ratio of 1 is all tokens.
 */
export type Budget = number | "dynamic" | RetainBudget | RatioBudget | BoundedBudget;

/** Exactly this many rows. */
export interface RetainBudget {
  /** A whole number from 1 to the number of tokens. */
  readonly retain: number;
  readonly ratio?: never;
  readonly min?: never;
  readonly max?: never;
}

/** A share of the source tokens. */
export interface RatioBudget {
  /** Above 0, at most 1; r of N tokens are max(1, floor(r · N)) rows. */
  readonly ratio: number;
  readonly retain?: never;
  readonly min?: never;
  readonly max?: never;
}

/** As many rows as the method finds, within bounds: rows from 1, or shares of the tokens below 1. */
export type BoundedBudget = { readonly retain?: never; readonly ratio?: never } & (
  | { readonly min: number; readonly max?: number }
  | { readonly min?: number; readonly max: number }
);

/** The number of rows that a budget gives some table: exactly `retain`, or as many as the method finds between the bounds. */
export type BudgetRows =
  | { readonly retain: number; readonly min?: undefined; readonly max?: undefined }
  | { readonly retain?: undefined; readonly min?: number | undefined; readonly max?: number | undefined };

/** All forms, for errors. */
const FORMS =
  'a budget as rows (58), a share of the tokens (0.1), "dynamic", { retain: 58 }, { ratio: 0.1 } or { min: 32, max: 128 }';

/**
 * The budget read once, in its plainest form: a number by name, no field that is undefined.
 *
 * @throws BudgetError that names the forms, for anything that is none.
 */
export function checkedBudget(operation: string, budget: unknown): Exclude<Budget, number> {
  const refuse = refusalFor(operation, BudgetError);
  if (budget === "dynamic") return budget;
  if (typeof budget === "number") {
    if (isRows(budget)) return { retain: budget };
    if (isShare(budget)) return { ratio: budget };
    throw refuse(FORMS, budget);
  }
  const fields = ownFields(budget);
  const names = Object.keys(fields);
  const { retain, ratio, min, max } = fields;
  if (names.length === 1 && isRows(retain)) return { retain };
  if (names.length === 1 && (isShare(ratio) || ratio === 1)) return { ratio };
  const isBounded = names.length > 0 && names.every((name) => name === "min" || name === "max");
  if (!isBounded || ![min, max].every((bound) => bound === undefined || isRows(bound) || isShare(bound))) {
    throw refuse(FORMS, budget);
  }
  const bounds = fields as { min: number } | { max: number };
  // Rows and shares can be compared in a table only.
  if (isRows(min) === isRows(max) && (min as number) > (max as number)) throw refuse("min of at most max", budget);
  return bounds;
}

/**
 * The rows that a budget gives `count` tokens.
 *
 * @throws BudgetError for what is no budget, more rows than tokens, and bounds of which the lower is above the upper.
 */
export function budgetRows(operation: string, budget: Budget, count: number): BudgetRows {
  const refuse = refusalFor(operation, BudgetError);
  const checked = checkedBudget(operation, budget);
  if (checked === "dynamic") return {};
  const { retain, ratio, min, max } = checked;
  if (retain !== undefined) {
    if (retain <= count) return { retain };
    throw refuse(`a budget of rows from 1 to ${count}`, retain);
  }
  if (ratio !== undefined) return { retain: shareOf(ratio, count) };
  const [least, most] = [min, max].map(
    (bound) => bound && Math.min(count, isRows(bound) ? bound : shareOf(bound, count)),
  );
  // A lower bound of all tokens leaves one number.
  if (least !== undefined && (least === most || least === count)) return { retain: least };
  if (least === undefined || most === undefined || least < most) return { min: least, max: most };
  throw refuse(`min of at most max: ${most} of ${count} tokens`, least);
}

/**
 * A budget as typed: `58`, `0.1`, `10%`, `dynamic`, `32..128`, `32..`, `..128`. The bounds of a range are rows or shares, too.
 *
 * @throws BudgetError that names these forms.
 */
export function parseBudget(operation: string, text: string): Budget {
  const refuse = refusalFor(operation, BudgetError);
  const typed = typeof text === "string" ? text.trim() : "";
  // Of three dots in a row one may be a slip, or begin a share.
  const [, from, to] = /^(.*?)\.\.(?!\.)(.*)$/.exec(typed) ?? [];
  const budget =
    typed === "dynamic"
      ? typed
      : from !== undefined
        ? rangeOf(from, to)
        : /^100(\.0*)?\s*%$/.test(typed)
          ? { ratio: 1 }
          : parseAmount(typed);
  if (/^1\.0*$/.test(typed)) throw refuse("a budget as 1 (one row) or 100% (all tokens)", text);
  if (budget === undefined) {
    const near = didYouMean(nearestName(typed, ["dynamic"]));
    throw refuse("a budget as 58, 0.1, 10%, dynamic, 32..128, 32.. or ..128", near === "" ? text : typed + near);
  }
  const { min, max } = Object(budget) as { readonly min?: number; readonly max?: number };
  if (isRows(min) === isRows(max) && (min as number) > (max as number))
    throw refuse("a budget whose first bound is at most its second", text);
  checkedBudget(operation, budget);
  return budget;
}

/** The budget as `parseBudget` takes it; a share as percent where that is exact. @throws BudgetError for what is no budget. */
export function budgetText(budget: Budget): string {
  const checked = checkedBudget("budgetText", budget);
  if (checked === "dynamic") return checked;
  const { retain, ratio, min, max } = checked;
  const single = retain ?? ratio;
  if (single !== undefined) return ratio === 1 ? "100%" : amountText(single);
  return `${min === undefined ? "" : amountText(min)}..${max === undefined ? "" : amountText(max)}`;
}

/** Own entries that are set; none of what is no plain object or cannot be read. */
function ownFields(budget: unknown): Readonly<Record<string, unknown>> {
  try {
    if (!isPlain(budget)) return {};
    return Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined));
  } catch {
    return {};
  }
}

function isRows(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < 1;
}

function shareOf(ratio: number, count: number): number {
  // 1e-9: a ratio computed as k / count must give k back.
  return Math.max(1, Math.floor(ratio * count + 1e-9));
}

function rangeOf(from: string, to: string): BoundedBudget | undefined {
  const [min, max] = [from, to].map((bound) =>
    bound.trim() === "" ? undefined : (parseAmount(bound.trim()) ?? Number.NaN),
  );
  if (min === undefined && max === undefined) return undefined;
  if (Number.isNaN(min) || Number.isNaN(max)) return undefined;
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) } as BoundedBudget;
}

/** Rows, a share, or a share in percent. `1.0` is none of them: it could be meant as one row or as all. */
function parseAmount(text: string): number | undefined {
  const percent = /^(\d+\.?\d*|\.\d+)\s*%$/.exec(text);
  const value = percent ? Number(percent[1]) / 100 : Number(text);
  if (percent || /^0?\.\d+$|^\d(\.\d+)?e-\d+$/.test(text)) return isShare(value) ? value : undefined;
  return /^\d+$/.test(text) && isRows(value) ? value : undefined;
}

/** Rows as they are; a share in the fewest digits of percent that give it back, else as a number. */
function amountText(value: number): string {
  if (isRows(value)) return String(value);
  for (let digits = 1; digits <= 6; digits++) {
    const percent = Number((value * 100).toPrecision(digits));
    if (percent / 100 === value && percent >= 1e-4) return `${percent}%`;
  }
  return String(value);
}
