/** @file One table of flags per command. How flags are parsed, typed, checked and described follows from it. */
import { parseArgs } from "node:util";
import { InvalidInputError, nearestName, refusalFor } from "../core/index.js";
import { definitions, hanging, TEXT_WIDTH, wrapWords } from "./text-table.js";

/** One flag. Its key in the table is its name in camel case: `maxTokens` for `--max-tokens`. */
export type Flag = {
  /** A phrase for --help, which adds the default itself. */
  readonly help: string;
  /** Name of the value in --help and in errors. */
  readonly placeholder?: string;
  /** Whether the command needs it. */
  readonly required?: true;
} & (
  | { readonly type: "flag" }
  | { readonly type: "text"; readonly default?: string }
  | {
      /** A number in an inclusive range; `above` is an exclusive lower bound. */
      readonly type: "integer" | "number";
      readonly default?: number;
      readonly min?: number;
      readonly above?: number;
      readonly max?: number;
    }
  | {
      readonly type: "choice";
      readonly choices: readonly (string | number)[];
      readonly default?: string | number;
    }
  /** Words separated by commas. */
  | { readonly type: "list"; readonly choices?: readonly string[]; readonly default?: readonly string[] }
  /** Given any number of times. */
  | { readonly type: "repeated" }
);

/** Flags by name. Groups that commands share are tables to be spread. */
export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends { type: "flag" }
  ? boolean
  : F extends { type: "integer" | "number" }
    ? number
    : F extends { type: "choice"; choices: readonly (infer Choice)[] }
      ? Choice
      : F extends { type: "list" | "repeated" }
        ? readonly string[]
        : string;

type AlwaysSet = { type: "flag" } | { required: true } | { default: string | number | readonly string[] };

/** Values of a table of flags; undefined for what was not given and has no default. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends AlwaysSet ? ValueOf<F[Name]> : ValueOf<F[Name]> | undefined;
};

/** A command line taken apart. */
export interface Parsed<F extends Flags> {
  readonly flags: Values<F>;
  /** Arguments that are no flags. */
  readonly words: readonly string[];
}

/**
 * Takes a command line apart and checks every value against its flag.
 *
 * @param operation the command's name, for errors.
 * @throws InvalidInputError that names the flag.
 */
export function parseFlags<const F extends Flags>(operation: string, table: F, args: readonly string[]): Parsed<F> {
  const keys = new Map(Object.keys(table).map((key) => [flagName(key), key]));
  const options: Record<string, { type: "boolean" | "string" }> = {};
  for (const [name, key] of keys) options[name.slice(2)] = { type: table[key].type === "flag" ? "boolean" : "string" };
  // Not strict: the checks below also take negative numbers as values, and name the nearest flag.
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const key = keys.get(token.rawName);
    if (key === undefined) throw unknownFlag(operation, token.rawName, [...keys.keys()]);
    const value = flagValue(operation, key, table[key], token);
    values[key] = table[key].type === "repeated" ? [...((values[key] as string[]) ?? []), value] : value;
  }
  for (const [key, flag] of Object.entries(table)) {
    if (values[key] !== undefined) continue;
    if (flag.required) throw refusalFor(operation)(valueText(key, flag), "none");
    if (flag.type === "flag") values[key] = false;
    else if ("default" in flag) values[key] = flag.default;
  }
  return { flags: values as Values<F>, words: positionals };
}

/** `; did you mean x?`, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** `a, b or c`. */
export function anyOf(names: readonly (string | number)[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function unknownFlag(operation: string, given: string, known: readonly string[]): InvalidInputError {
  const near = didYouMean(given, known);
  const problem = `Unknown option '${given}'${near || `; recoup ${operation} --help lists them`}`;
  return new InvalidInputError({ operation, problem });
}

function flagValue(
  operation: string,
  key: string,
  flag: Flag,
  { value: text, inlineValue }: { value?: string; inlineValue?: boolean },
): unknown {
  const refuse = refusalFor(operation);
  if (flag.type === "flag") {
    if (text === undefined) return true;
    throw refuse(`${flagName(key)} without a value`, text);
  }
  // A word that begins with a dash is the next flag, unless it is a number or comes behind "=".
  const isFlag = !inlineValue && text !== undefined && /^-(?!\.?\d|$)/.test(text);
  if (text === undefined || isFlag) throw refuse(valueText(key, flag), text ?? "none");
  switch (flag.type) {
    case "integer":
    case "number": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (Number.isNaN(value)) throw refuse(`${flagName(key)} as a number`, `"${text}"`);
      const { min = -Infinity, above = -Infinity, max = Infinity } = flag;
      const isWhole = flag.type === "number" || Number.isSafeInteger(value);
      if (isWhole && value >= min && value > above && value <= max) return value;
      throw refuse(`${flagName(key)} as ${rangeText(flag)}`, text);
    }
    case "choice": {
      const chosen = flag.choices.find((choice) => String(choice) === text);
      if (chosen !== undefined) return chosen;
      throw refuse(valueText(key, flag), text + didYouMean(text, flag.choices.map(String)));
    }
    case "list": {
      const words = text.split(",").filter((word) => word !== "");
      const unknown = words.find((word) => flag.choices?.includes(word) === false);
      if (unknown === undefined) return words;
      throw refuse(valueText(key, flag), unknown + didYouMean(unknown, flag.choices ?? []));
    }
    default:
      return text;
  }
}

function rangeText({ type, min, above, max }: Flag & { type: "integer" | "number" }): string {
  const from = above !== undefined ? ` above ${above}` : min !== undefined ? ` from ${min}` : "";
  const to = max === undefined ? "" : above === undefined ? ` to ${max}` : ` and at most ${max}`;
  return `a ${type === "integer" ? "whole number" : "number"}${from}${to}`;
}

/** A flag with its value, for errors: `--out DIR`, `--split val or test`, `--tasks of pope, gqa`. */
function valueText(key: string, flag: Flag): string {
  if (flag.type === "choice") return `${flagName(key)} ${anyOf(flag.choices)}`;
  if (flag.type === "list" && flag.choices !== undefined) return `${flagName(key)} of ${flag.choices.join(", ")}`;
  return `${flagName(key)} ${placeholderOf(flag)}`;
}

/** Longest choices that stand for the value itself: `val|test`. */
const MAX_PLACEHOLDER = 20;

function choicesText(flag: Flag): string | undefined {
  const text = flag.type === "choice" && flag.placeholder === undefined ? flag.choices.join("|") : undefined;
  return text !== undefined && text.length <= MAX_PLACEHOLDER ? text : undefined;
}

function placeholderOf(flag: Flag): string {
  const isNumber = flag.type === "integer" || flag.type === "number";
  return flag.placeholder ?? choicesText(flag) ?? (flag.type === "list" ? "LIST" : isNumber ? "N" : "NAME");
}

/** What --help shows of a command. */
export interface Described {
  /** After `recoup`. */
  readonly name: string;
  /** Arguments that are no flags: `IMAGE`. */
  readonly words?: readonly string[];
  /** Paragraphs about the command, one line each. */
  readonly about: readonly string[];
  /** What its flags refer to, and what that means. */
  readonly terms?: readonly (readonly [term: string, text: string])[];
  readonly flags: Flags;
}

/** The text of --help: usage, what the command does, its flags; wrapped at `columns` characters. */
export function helpText({ name, words = [], about, terms, flags }: Described, columns: number): string {
  const width = Math.min(columns, TEXT_WIDTH);
  const rows = Object.entries(flags).map(([key, flag]) => [flagText(key, flag), flagHelp(flag)] as const);
  const required = Object.entries(flags).flatMap(([key, flag]) => (flag.required ? [flagText(key, flag)] : []));
  const usage = [...words, ...required, ...(rows.length > required.length ? ["[options]"] : [])];
  return [
    hanging(`usage: recoup ${name} `, usage.join(" "), width),
    ...about.map((paragraph) => `\n${wrapWords(paragraph, width).join("\n")}`),
    ...(terms === undefined ? [] : [`\n${definitions(terms, width)}`]),
    `\n${definitions(rows, width)}`,
  ].join("\n");
}

function flagText(key: string, flag: Flag): string {
  return `${flagName(key)}${flag.type === "flag" ? "" : ` ${placeholderOf(flag)}`}`;
}

function flagHelp(flag: Flag): string {
  const listed = flag.type === "choice" && choicesText(flag) === undefined ? `${anyOf(flag.choices)}: ` : "";
  const preset = "default" in flag && flag.default !== undefined ? ` (default: ${flag.default})` : "";
  return listed + flag.help + preset;
}

/** `maxTokens` as `--max-tokens`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
