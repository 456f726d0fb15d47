/**
 * @file Shapes of data of unknown origin: parsed JSON, rows of files, a caller's options. A shape says whether a value fits and where
 * it does not; a value that fits has the shape's type. Objects may have more fields than their shape names.
 */
import { attempt, brief } from "./brief.js";

export { brief } from "./brief.js";

/** The place where a value does not fit. */
export interface Mismatch {
  /** Names and positions from the value down to the place: `["tasks", 0, "id"]`; empty for the value itself. */
  readonly path: readonly (string | number)[];
  /** A phrase for what should be there: `a whole number from 0`. */
  readonly expected: string;
  /** The value that is there; undefined for none. */
  readonly value: unknown;
}

/** What a value has to look like to be a `T`. */
export interface Shape<T> {
  /** The first place that does not fit; undefined where all does. */
  mismatch(value: unknown): Mismatch | undefined;
  /** Whether a field of an object may be left out. */
  readonly optional?: true;
  /** Never set: carries the type. */
  readonly type?: T;
}

/** The type of the values of a shape. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F extends Fields> = { [N in keyof F]: F[N] extends { optional: true } ? N : never }[keyof F];

/** Values of an object of shapes: optional ones may be missing. */
export type ObjectType<F extends Fields> = {
  readonly [N in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[N]>;
} & { readonly [N in OptionalNames<F>]?: TypeOf<F[N]> };

/** A shape by a test of the value alone. @param expected a phrase for messages. */
export function value<T>(expected: string, test: (value: unknown) => boolean): Shape<T> {
  return { mismatch: (value) => (attempt(() => test(value), false) ? undefined : { path: [], expected, value }) };
}

/** A string. */
export const text: Shape<string> = value("a text", (value) => typeof value === "string");
/** A boolean. */
export const flag: Shape<boolean> = value("true or false", (value) => typeof value === "boolean");
/** Finite. */
export const number: Shape<number> = value("a number", (value) => Number.isFinite(value));
/** Whole and not negative. */
export const count: Shape<number> = integer(0);
/** Ids are numbers in some files and texts in others. */
export const id: Shape<string | number> = value(
  "a text or a whole number",
  (value) => typeof value === "string" || Number.isSafeInteger(value),
);
/** A value that is there. */
export const anything: Shape<unknown> = value("a value", (value) => value !== undefined);

/** A whole number from `min` to `max`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  const test = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return value(`a whole number ${range}`, test);
}

/** A number from `min` to `max`, bounds included. */
export function range(min: number, max: number): Shape<number> {
  const test = (value: unknown) => typeof value === "number" && value >= min && value <= max;
  return value(`a number from ${min} to ${max}`, test);
}

/** One of some values, compared with `===`. */
export function oneOf<const T extends string | number | boolean | null>(...values: readonly T[]): Shape<T> {
  const names = values.map((value) => JSON.stringify(value)).join(", ");
  return value(values.length === 1 ? names : `one of ${names}`, (value) => values.includes(value as T));
}

/** An object made by a class, such as a typed array. */
export function instance<T>(type: new (...args: never[]) => T): Shape<T> {
  return value(`a ${type.name}`, (value) => value instanceof type);
}

/** An array whose items all have a shape. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    mismatch(value) {
      const length = attempt(() => (Array.isArray(value) ? value.length : undefined), undefined);
      if (length === undefined) return { path: [], expected: "a list", value };
      for (let at = 0; at < length; at++) {
        const inner = mismatchOf(at, () => (value as unknown[])[at], item);
        if (inner !== undefined) return inner;
      }
      return undefined;
    },
  };
}

/** An object with these fields; it may have more. */
export function object<F extends Fields>(fields: F): Shape<ObjectType<F>> {
  const entries = Object.entries(fields);
  return {
    mismatch(value) {
      if (!isRecord(value)) return { path: [], expected: "an object", value };
      for (const [name, field] of entries) {
        const inner = mismatchOf(name, () => (Object.hasOwn(value, name) ? value[name] : undefined), field);
        if (inner !== undefined) return inner;
      }
      return undefined;
    },
  };
}

/** Where a field or item does not fit. One that throws when it is read (a getter, a trap of a Proxy) fits nothing. */
function mismatchOf(name: string | number, read: () => unknown, wanted: Shape<unknown>): Mismatch | undefined {
  try {
    const value = read();
    if (value === undefined && wanted.optional) return undefined;
    const inner = wanted.mismatch(value);
    return inner && { ...inner, path: [name, ...inner.path] };
  } catch (error) {
    return { path: [name], expected: READABLE, value: error };
  }
}

const READABLE = "a value that can be read";

/**
 * A caller's options as a plain object: everything of its own, and the fields with a shape, inherited or not. Each is read once, so
 * that the value that is checked is the value that is used.
 *
 * @param fields optional shapes by name.
 * @param refuse makes the error; see `shaped`.
 * @param name of the options where they are one of others.
 * @throws what `refuse` makes, for no object, a field that cannot be read or one that does not fit.
 */
export function options<T extends object>(
  given: T,
  fields: Fields,
  refuse: (expected: string, got: string, cause?: unknown) => Error,
  name = "",
): T {
  const at = (path: string) => [name, path].filter(Boolean).join(".");
  const as = (expected: string) => `${name || "options"} as ${expected}`;
  if (!isRecord(given)) throw refuse(as("an object"), brief(given));
  let read: Record<string, unknown>;
  try {
    read = { ...given };
    for (const field of Object.keys(fields)) {
      const value = Object.hasOwn(read, field) ? undefined : given[field];
      if (value !== undefined) read[field] = value;
    }
  } catch (cause) {
    throw refuse(as(READABLE), brief(cause), cause);
  }
  shaped(read, object(fields), (expected, got) => refuse(at(expected), got));
  return read as T;
}

/** An object whose values all have a shape, under any names. */
export function record<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    mismatch(value) {
      const names = attempt(() => Object.keys(Object(value)), undefined);
      if (names === undefined) return { path: [], expected: READABLE, value };
      return object(Object.fromEntries(names.map((name) => [name, item]))).mismatch(value);
    },
  };
}

/** A field that may be missing. */
export function optional<T>(inner: Shape<T>): Shape<T> & { readonly optional: true } {
  return { ...inner, optional: true };
}

/** A shape with words for people, and the value where none is given. */
export type Described<T, P = T | undefined> = Shape<T> & { readonly about: string; readonly preset: P };

/**
 * A shape that says what its value means. @param about a phrase, without the range: `weight of the sentence beside the words`.
 *
 * @param preset the value where none is given; none where that follows from other values: `about` then says it behind `default: `.
 */
export function described<T>(inner: Shape<T>, about: string, preset: T): Described<T, T>;
export function described<T>(inner: Shape<T>, about: string): Described<T, undefined>;
export function described<T>(inner: Shape<T>, about: string, preset?: T): Described<T> {
  return { ...inner, about, preset };
}

/** Whether a shape is one of `described`. */
export function isDescribed<T>(shape: Shape<T>): shape is Described<T> {
  return "about" in shape;
}

/** A phrase for the values of a shape: `a number from 0 to 1`. */
export function valuesText(wanted: Shape<unknown>): string {
  return wanted.mismatch(NOTHING)?.expected ?? "any value";
}

/** No shape but `anything` takes it: what is said of it is the shape's phrase. */
const NOTHING = Symbol("no value");

/** A value that fits the first shape or, where it does not, the second. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return {
    mismatch(value) {
      const [one, two] = [first.mismatch(value), second.mismatch(value)];
      if (one === undefined || two === undefined) return undefined;
      if (one.path.length > 0 || two.path.length > 0) return one.path.length >= two.path.length ? one : two;
      return { ...one, expected: `${one.expected} or ${two.expected}` };
    },
  };
}

/** Whether a value has a shape. */
export function fits<T>(value: unknown, wanted: Shape<T>): value is T {
  return wanted.mismatch(value) === undefined;
}

/**
 * The value, typed by its shape.
 *
 * @param refuse makes the error of what was expected and what came; see `refusalFor`.
 * @throws what `refuse` makes, naming the first field that does not fit.
 */
export function shaped<T>(value: unknown, wanted: Shape<T>, refuse: (expected: string, got: string) => Error): T {
  const mismatch = wanted.mismatch(value);
  if (mismatch === undefined) return value as T;
  const path = pathText(mismatch);
  const got = mismatch.value === undefined ? "nothing" : brief(mismatch.value);
  throw refuse(path === "" ? mismatch.expected : `${path} as ${mismatch.expected}`, got);
}

/** The value of a JSON text, with a byte order mark or without, typed by its shape. @throws what `refuse` makes, for no JSON with the parser's error, else as `shaped`. */
export function parsed<T>(
  json: string,
  wanted: Shape<T>,
  refuse: (expected: string, got: string, cause?: unknown) => Error,
): T {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw refuse("JSON", (cause as Error).message, cause);
  }
  return shaped(value, wanted, refuse);
}

/** What keeps a value from having a shape, in a few words (`no image`, `"x" as answers`); undefined for nothing. */
export function mismatchText(value: unknown, wanted: Shape<unknown>): string | undefined {
  const mismatch = wanted.mismatch(value);
  if (mismatch === undefined) return undefined;
  const path = pathText(mismatch);
  if (path === "")
    return `${mismatch.expected.replace(/^(an?\b)?/, (article) => (article === "" ? "not " : "no"))}: ${brief(value)}`;
  return `${mismatch.value === undefined ? "no" : `${brief(mismatch.value)} as`} ${path}`;
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && attempt(() => !Array.isArray(value), false);
}

/** True for what has a length and can be read by position: an array, a typed array. */
export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return attempt(() => Number.isSafeInteger((value as ArrayLike<unknown>).length), false);
}

function pathText({ path }: Mismatch): string {
  return path.map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");
}
