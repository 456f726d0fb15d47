/** @file Settings of a comparison: methods at budgets, and the controls that every comparison needs. */
import {
  type Budget,
  budgetRows,
  budgetText,
  type CompressionMethod,
  checkedBudget,
  parseBudget,
  ROLES,
  type Role,
  refusalFor,
  type Signal,
  shape,
  splitOutside,
} from "../../core/index.js";
import { textHash } from "../../math/index.js";
import { findMethod, neededSignals } from "../../methods/index.js";
import type { ModelManifest } from "../../vlm/index.js";
import { DROPPABLE_ROLES } from "./without-roles.js";

const { count, optional } = shape;

/** One way of asking: a method, its options, its budget. */
export type Setting = shape.TypeOf<typeof settingShape>;

/** Shape of a setting in `run.json`. */
export const settingShape = shape.object({
  /** Its name: `none`, `recoverable@dynamic`, `recoverable@32..128`, `recoverable:merge=mean@58`, `random:seed=1@58`, `downsample@49`. */
  id: shape.text,
  /** A method's id, also of one's own; `zero` (no picture at all) or `downsample` (a smaller picture, all of its tokens). */
  method: shape.text,
  /** How many rows a picture keeps: all, a number that its content or size decides, or a count. */
  budget: shape.either(shape.oneOf("all", "dynamic"), count),
  /** The budget as typed where `dynamic` does not say it all: bounds (`32..128`), or a share of tokens of unknown number (`10%`). */
  asked: optional(shape.text),
  /** The method's options beside the budget; of random methods `seed` among them. */
  options: shape.record(shape.anything),
  /** Roles whose rows are left out: an ablation of the step that makes them. */
  without: optional(shape.list(shape.oneOf(...ROLES))),
  /** `reference`: all tokens; `control`: what a method has to beat. */
  role: shape.oneOf("reference", "method", "control"),
  /** Of a smaller picture: its patches a side. */
  side: optional(count),
  /** Of a control with a number of tokens: the budgets that it is compared at. */
  comparedAt: optional(shape.list(count)),
});

/** Id of the setting that the others are measured against: all tokens. */
export const REFERENCE = "none";

/**
 * Methods and budgets to compare, and the model's limits. A method that needs more than the model's signals is left out; a smaller
 * picture needs the grid of its source tokens.
 */
export interface SettingRequest extends Pick<ModelManifest, "signals" | "grid"> {
  /** Ids of methods, each with options after colons (`recoverable:merge=mean`, `recoverable:without=text`). `none` is always there. */
  readonly methods: readonly string[];
  /** Methods that are no part of recoup, which `methods` names by their ids. */
  readonly own?: readonly ModuleMethod[];
  /** As `recoup ask --budget` takes them: `58`, `10%`, `dynamic`, `32..128`. A share of a known number of tokens is asked as rows. */
  readonly budgets: readonly string[];
  /** Whether zero tokens, random ones (three seeds), evenly spaced ones, pooling and smaller pictures are asked too. Default: yes. */
  readonly controls?: boolean;
}

/** A method of one's own, from a module. */
export interface ModuleMethod {
  readonly method: CompressionMethod;
  /** The module's path as it was given. */
  readonly path: string;
  /** SHA-256 of the module's bytes, in hexadecimal; what it imports is not in it. */
  readonly sha256: string;
}

/** Settings to ask, and those that cannot be. */
export interface Settings {
  readonly settings: readonly Setting[];
  /** Reasons why a method is not asked at some budget, as sentences for whoever asked for it. */
  readonly leftOut: readonly string[];
}

/** Random choices differ: three give an idea of how much. */
const RANDOM_SEEDS = [0, 1, 2];

const refuse = refusalFor("eval");

const REQUEST = {
  methods: shape.list(shape.text),
  budgets: shape.list(shape.text),
  signals: shape.list(shape.text),
  own: optional(
    shape.list(
      shape.object({ method: shape.object({ id: shape.text, needs: shape.list(shape.text) }), path: shape.text }),
    ),
  ),
  controls: optional(shape.flag),
  grid: optional(shape.list(shape.integer(1, 2 ** 16))),
};

/** The reference first, then the methods in the order asked for, then the controls; no setting twice. */
export function comparisonSettings(given: SettingRequest): Settings {
  const request = shape.options(given, REQUEST, refuse, "request");
  const budgets = request.budgets.map((text) => settingBudget(text, request.grid));
  const settings: Setting[] = [{ id: REFERENCE, method: "none", budget: "all", options: {}, role: "reference" }];
  const leftOut: string[] = [];
  for (const text of request.methods) {
    const parsed = parseMethod(text, request.own);
    const { method, options } = parsed;
    if (method === "none") continue;
    const { dynamic, checkOptions } = methodOf(method, request.own);
    const missing = signalsOf(method, options, request.own).find((signal) => !request.signals.includes(signal));
    if (missing !== undefined) {
      leftOut.push(`${text}: the model has no ${missing}`);
      continue;
    }
    for (const facts of budgets) {
      const budget = methodBudget(facts);
      if (!dynamic && isDynamic(budget)) leftOut.push(`${text} at a dynamic budget: it takes fixed ones only`);
      else {
        if (budget !== "dynamic") checkOptions?.({ ...options, budget });
        settings.push({ id: `${text}@${budgetId(facts)}`, ...parsed, ...facts, role: "method" });
      }
    }
  }
  if (request.controls !== false) settings.push(...controls(budgets, request));
  return { settings: distinct(settings), leftOut };
}

/** The first of each id; one that controls several budgets is compared at all of them. */
function distinct(settings: readonly Setting[]): Setting[] {
  const byId = new Map<string, Setting>();
  for (const setting of settings) {
    const first = byId.get(setting.id);
    if (first === undefined) byId.set(setting.id, setting);
    else if (first.comparedAt !== undefined && setting.comparedAt !== undefined)
      byId.set(setting.id, { ...first, comparedAt: [...new Set([...first.comparedAt, ...setting.comparedAt])] });
  }
  return [...byId.values()];
}

/** The method of a setting: one of the caller's own, or one of recoup's. @throws InvalidInputError for no such method. */
export function methodOf(id: string, own: readonly ModuleMethod[] = []): CompressionMethod {
  return own.find(({ method }) => method.id === id)?.method ?? findMethod(id);
}

/** The signals that a method reads with some options. */
export function signalsOf(
  id: string,
  options: Readonly<Record<string, unknown>>,
  own?: readonly ModuleMethod[],
): readonly Signal[] {
  return neededSignals(methodOf(id, own), options);
}

function controls(budgets: readonly SettingBudget[], { signals, grid }: SettingRequest): Setting[] {
  const settings: Setting[] = [{ id: "zero", method: "zero", budget: 0, options: {}, role: "control" }];
  for (const { budget } of budgets) {
    if (typeof budget !== "number") continue;
    const facts = { budget, options: {}, role: "control", comparedAt: [budget] } as const;
    for (const seed of RANDOM_SEEDS) {
      settings.push({ ...facts, id: `random:seed=${seed}@${budget}`, method: "random", options: { seed } });
    }
    if (!signals.includes("grid")) continue;
    for (const method of ["uniform", "pool"]) settings.push({ ...facts, id: `${method}@${budget}`, method });
    if (grid === undefined) continue;
    const side = Math.min(Math.floor(Math.sqrt(budget)), ...grid);
    const count = side * side;
    settings.push({ ...facts, id: `downsample@${count}`, method: "downsample", budget: count, side });
  }
  return settings;
}

/** A setting's name at any budget and any seed, from its facts: `random`, `recoverable:merge=mean`. */
export function seedlessName({ method, options: { seed: _, ...options }, without }: Setting): string {
  const pairs = Object.entries(options).map(
    ([name, value]) => `:${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [method, ...pairs, ...(without ? [`:without=${without.join("+")}`] : [])].join("");
}

type SettingBudget = Pick<Setting, "budget" | "asked">;

function settingBudget(text: string, grid: SettingRequest["grid"]): SettingBudget {
  const budget = checkedBudget("eval", parseBudget("eval", text));
  if (budget === "dynamic") return { budget };
  // Rows beyond the model's tokens are refused here, where every answer would fail.
  const retain = grid === undefined ? budget.retain : budgetRows("eval", budget, grid[0] * grid[1]).retain;
  return retain === undefined ? { budget: "dynamic", asked: budgetText(budget) } : { budget: retain };
}

/** The budget of a setting as in its id: `58`, `dynamic`, `32..128`, `10%`. */
export function budgetId({ budget, asked }: SettingBudget): string {
  return asked ?? String(budget);
}

/** The budget that a setting asks a method for; undefined for all tokens. */
export function methodBudget({ budget, asked }: SettingBudget): Budget | undefined {
  if (asked !== undefined) return parseBudget("eval", asked);
  return budget === "all" ? undefined : budget;
}

/** Whether only a method that finds its own number can meet it. */
function isDynamic(budget: Budget | undefined): boolean {
  const checked = budget === undefined ? undefined : checkedBudget("eval", budget);
  return checked === "dynamic" || checked?.min !== undefined || checked?.max !== undefined;
}

function parseMethod(text: string, own?: readonly ModuleMethod[]): Pick<Setting, "method" | "options" | "without"> {
  const [id, ...pairs] = splitOutside(text, ":");
  const method = methodOf(id, own);
  const { options, without } = parseOptions(id, pairs);
  const unknown = Object.keys(options).find((name) => !method.options.includes(name));
  if (unknown !== undefined) {
    throw refuse(`options of ${id} as name=value, name one of ${method.options.join(", ") || "none"}`, unknown);
  }
  method.checkOptions?.(options);
  return { method: id, options, ...(without && { without }) };
}

/**
 * Options as words behind a method's id: `name=value`, the value being JSON where it parses as such, otherwise text.
 * `without=text+merged` leaves rows out.
 *
 * @throws InvalidInputError for another form, or a name that comes twice.
 */
export function parseOptions(id: string, pairs: readonly string[]): Pick<Setting, "options" | "without"> {
  const options = new Map<string, unknown>();
  let without: Role[] | undefined;
  for (const pair of pairs) {
    const [name, ...rest] = pair.split("=");
    if (rest.length === 0) throw refuse(`options of ${id} as name=value`, pair);
    if (options.has(name) || (name === "without" && without)) throw refuse(`${name} of ${id} once`, pair);
    if (name === "without") without = rest.join("=").split("+").map(parseRole);
    else options.set(name, parseValue(rest.join("=")));
  }
  return { options: Object.fromEntries(options), ...(without && { without }) };
}

function parseRole(text: string): Role {
  const role = DROPPABLE_ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw refuse(`without=${DROPPABLE_ROLES.join("+")}`, text);
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Ids whose names differ once `:` has become one text or another and `..` and `%` of the budget are replaced: lower case, as file systems may
 * ignore it, and values without any mark but dots.
 */
const PLAIN_ID = /^([a-z][\w-]*)(:[a-z]\w*=[a-z\d.]+)*@[\d.%a-z]+$|^\w+$/;
/** Longest readable part of a name: file systems take 255 bytes, and an export puts the model's name before it. */
const LONGEST_NAME = 80;

/** Whether a setting's id becomes a name of its own by replacing single characters. */
export function isPlainId(id: string): boolean {
  return PLAIN_ID.test(id) && id === id.toLowerCase() && id.length <= LONGEST_NAME;
}

/**
 * Name of a setting's folder: its id, with what file systems do not take replaced. Where another id could become the same name, or it is long,
 * a hash of the id follows.
 */
export function settingFolder(id: string): string {
  const name = replacedName(id);
  return isPlainId(id) ? name : `${name.slice(0, LONGEST_NAME)}-${textHash(id)}`;
}

/** The id with what file systems do not take replaced: the whole name in runs of earlier versions. */
export function replacedName(id: string): string {
  // A name that ends in dots loses them on Windows.
  return id.replaceAll("..", "-to-").replaceAll(/[^\w.@=-]/g, "-");
}
