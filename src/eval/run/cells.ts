/** @file What a run compares: methods at budgets, and the controls that every comparison needs. */
import { InvalidInputError, type Role, type Signal } from "../../core/index.js";
import { findMethod } from "../../methods/index.js";
import { DROPPABLE_ROLES } from "./without-roles.js";

/** How many rows a picture keeps: all, as many as the method finds, or a count. */
export type CellBudget = "all" | "dynamic" | number;

/** One column of a comparison. */
export interface Cell {
  /** Its name: `none`, `recoverable@dynamic`, `recoverable:merge=mean@58`, `random@58:seed=1`, `downsample@49`. */
  readonly id: string;
  /** A method's id, `zero` (no picture at all) or `downsample` (a smaller picture, all of its tokens). */
  readonly method: string;
  readonly budget: CellBudget;
  /** The method's options beside the budget. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Roles whose rows are left out: an ablation of the step that makes them. */
  readonly without?: readonly Role[];
  /** `reference`: all tokens; `control`: what a method has to beat. */
  readonly role: "reference" | "method" | "control";
}

export interface CellRequest {
  /** Ids of methods, each with options after colons (`recoverable:merge=mean`, `recoverable:without=text`). `none` is always there. */
  readonly methods: readonly string[];
  /** `dynamic`, or whole numbers of rows. */
  readonly budgets: readonly string[];
  /** Whether zero tokens, random ones (three seeds), evenly spaced ones, pooling and smaller pictures are asked too. Default: yes. */
  readonly controls?: boolean;
  /** What the model has; a method that needs more is left out. */
  readonly signals: readonly Signal[];
  /** Grid of the model's source tokens, where it is known: a smaller picture needs it. */
  readonly grid?: readonly [rows: number, columns: number];
}

export interface Cells {
  readonly cells: readonly Cell[];
  /** Why a method is not asked at some budget: to be said to whoever asked for it. */
  readonly leftOut: readonly string[];
}

/** Random choices differ: three give an idea of how much. */
const RANDOM_SEEDS = [0, 1, 2];

/** The reference first, then the methods in the order asked for, then the controls; no cell twice. */
export function comparisonCells(request: CellRequest): Cells {
  const budgets = request.budgets.map(parseBudget);
  const cells: Cell[] = [{ id: "none", method: "none", budget: "all", options: {}, role: "reference" }];
  const leftOut: string[] = [];
  for (const text of request.methods) {
    const { method, options, without } = parseMethod(text);
    if (method === "none") continue;
    const { dynamic } = findMethod(method);
    const missing = signalsOf(method, options).find((signal) => !request.signals.includes(signal));
    if (missing !== undefined) {
      leftOut.push(`${text}: the model has no ${missing}`);
      continue;
    }
    for (const budget of budgets) {
      if (budget === "dynamic" && !dynamic) leftOut.push(`${text} at a dynamic budget: it takes fixed ones only`);
      else
        cells.push({ id: `${text}@${budget}`, method, budget, options, ...(without && { without }), role: "method" });
    }
  }
  if (request.controls !== false) cells.push(...controlCells(budgets, request));
  const distinct = new Map<string, Cell>();
  for (const cell of cells) if (!distinct.has(cell.id)) distinct.set(cell.id, cell);
  return { cells: [...distinct.values()], leftOut };
}

/** The signals that a method reads with some options. */
export function signalsOf(id: string, options: Readonly<Record<string, unknown>>): readonly Signal[] {
  const method = findMethod(id);
  return method.needsWith?.(options) ?? method.needs;
}

function controlCells(budgets: readonly CellBudget[], { signals, grid }: CellRequest): Cell[] {
  const cells: Cell[] = [{ id: "zero", method: "zero", budget: 0, options: {}, role: "control" }];
  for (const budget of budgets) {
    if (typeof budget !== "number") continue;
    for (const seed of RANDOM_SEEDS) {
      cells.push({ id: `random:seed=${seed}@${budget}`, method: "random", budget, options: { seed }, role: "control" });
    }
    if (!signals.includes("grid")) continue;
    for (const method of ["uniform", "pool"]) {
      cells.push({ id: `${method}@${budget}`, method, budget, options: {}, role: "control" });
    }
    if (grid === undefined) continue;
    const side = Math.min(Math.floor(Math.sqrt(budget)), ...grid);
    const count = side * side;
    cells.push({ id: `downsample@${count}`, method: "downsample", budget: count, options: {}, role: "control" });
  }
  return cells;
}

function parseBudget(text: string): CellBudget {
  if (text === "dynamic") return text;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidInputError({ operation: "eval", expected: "budgets as dynamic or whole numbers from 1", got: text });
}

/** `id:name=value:name=value`; a value is JSON where it parses as such, otherwise text. `without=text+merged` leaves rows out. */
function parseMethod(text: string): Pick<Cell, "method" | "options" | "without"> {
  const [id, ...pairs] = text.split(":");
  const method = findMethod(id);
  const options: Record<string, unknown> = {};
  let without: Role[] | undefined;
  for (const pair of pairs) {
    const [name, ...rest] = pair.split("=");
    if (name === "without") {
      without = rest.join("=").split("+").map(parseRole);
      continue;
    }
    if (rest.length === 0 || !method.options.includes(name)) {
      throw new InvalidInputError({
        operation: "eval",
        expected: `options of ${id} as name=value, name one of ${method.options.join(", ") || "none"}`,
        got: pair,
      });
    }
    options[name] = parseValue(rest.join("="));
  }
  return { method: id, options, without };
}

function parseRole(text: string): Role {
  const role = DROPPABLE_ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw new InvalidInputError({ operation: "eval", expected: `without=${DROPPABLE_ROLES.join("+")}`, got: text });
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
