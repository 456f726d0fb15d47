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
import { findMethod, neededSignals } from "../../methods/index.js";
import type { ModelManifest } from "../../vlm/index.js";
import {
  type SettingTold,
  TOLD_REQUEST,
  type ToldRequest,
  tellableSettings,
  toldFields,
  toldSettings,
  toldWords,
} from "./told.js";
import { DROPPABLE_ROLES } from "./without-roles.js";

const { count, optional } = shape;

/** One way of asking: a method, its options, its budget. */
export type Setting = shape.TypeOf<typeof settingShape>;

/** Shape of a setting in `run.json`. */
export const settingShape = shape.object({
  /** Its name: `none`, `recoverable@dynamic`, `recoverable@32..128`, `recoverable:merge=mean@58`, `random:seed=1@58`, `downsample@49`, `cdpruner:mass=1@58`. */
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
  /** Positions of the tokens that stay, and mass as alpha, where the setting says them. */
  ...toldFields,
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
export interface SettingRequest extends Pick<ModelManifest, "signals" | "grid">, ToldRequest {
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
  ...TOLD_REQUEST,
};

/** The reference first, then the methods in the order asked for, then the controls; no setting twice. */
export function comparisonSettings(given: SettingRequest): Settings {
  const request = shape.options(given, REQUEST, refuse, "request");
  const budgets = request.budgets.map((text) => settingBudget(text, request.grid));
  const tellings = toldSettings(request);
  const settings: Setting[] = [{ id: REFERENCE, method: "none", budget: "all", options: {}, role: "reference" }];
  const leftOut: string[] = [];
  for (const text of request.methods) {
    const parsed = parseMethod(text, request.own);
    const { method, options } = parsed;
    if (method === "none") continue;
    const { dynamic, checkOptions, mass } = methodOf(method, request.own);
    const missing = signalsOf(method, options, request.own).find((signal) => !request.signals.includes(signal));
    if (missing !== undefined) {
      leftOut.push(`${text}: the model has no ${missing}`);
      continue;
    }
    // A method of one's own may give a mass with each plan.
    const isWeighed = mass !== undefined || isOwn(method, request.own);
    const { told: tellable, lost } = tellableSettings(tellings, isWeighed);
    for (const alpha of lost) leftOut.push(`${text} with mass ${alpha}: it gives its rows none`);
    for (const facts of budgets) {
      const budget = methodBudget(facts);
      if (!dynamic && isDynamic(budget)) leftOut.push(`${text} at a dynamic budget: it takes fixed ones only`);
      else {
        if (budget !== "dynamic") checkOptions?.({ ...options, budget });
        for (const told of tellable) {
          const id = `${text}${toldWords(told)}@${budgetId(facts)}`;
          settings.push({ id, ...parsed, ...told, ...facts, role: "method" });
        }
      }
    }
  }
  if (request.controls !== false) settings.push(...controls(budgets, tellings, request));
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

function isOwn(id: string, own: readonly ModuleMethod[] = []): boolean {
  return own.some(({ method }) => method.id === id);
}

/** The signals that a method reads with some options. */
export function signalsOf(
  id: string,
  options: Readonly<Record<string, unknown>>,
  own?: readonly ModuleMethod[],
): readonly Signal[] {
  return neededSignals(methodOf(id, own), options);
}

/** @param tellings of all but a smaller picture, whose tokens all stay, without gaps. */
function controls(
  budgets: readonly SettingBudget[],
  tellings: readonly SettingTold[],
  { signals, grid }: SettingRequest,
): Setting[] {
  const settings: Setting[] = [{ id: "zero", method: "zero", budget: 0, options: {}, role: "control" }];
  for (const { budget } of budgets) {
    if (typeof budget !== "number") continue;
    const facts = { budget, options: {}, role: "control", comparedAt: [budget] } as const;
    for (const told of tellings) {
      const own = { ...facts, ...told };
      const at = `${toldWords(told)}@${budget}`;
      for (const seed of RANDOM_SEEDS)
        settings.push({ ...own, id: `random:seed=${seed}${at}`, method: "random", options: { seed } });
      if (!signals.includes("grid")) continue;
      for (const method of ["uniform", "pool"]) settings.push({ ...own, id: `${method}${at}`, method });
    }
    if (!signals.includes("grid") || grid === undefined) continue;
    const side = Math.min(Math.floor(Math.sqrt(budget)), ...grid);
    const count = side * side;
    settings.push({ ...facts, id: `downsample@${count}`, method: "downsample", budget: count, side });
  }
  return settings;
}

/** A setting's name at any budget and any seed, from its facts: `random`, `recoverable:merge=mean`, `cdpruner:mass=1`. */
export function seedlessName(setting: Setting): string {
  return `${methodName(setting)}${toldWords(setting)}`;
}

/** The method of a setting with its options but for the seed, as a request names it. */
export function methodName({ method, options: { seed: _, ...options }, without }: Setting): string {
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
