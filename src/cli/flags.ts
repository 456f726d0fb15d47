/** @file One table of flags per command. How flags are parsed, typed, checked and described follows from it. */
import { parseArgs } from "node:util";
import { didYouMean, InvalidInputError, nearestName, refusalFor, splitOutside } from "../core/index.js";
import { editDistance } from "../math/index.js";
import { definitions, hanging, TEXT_WIDTH, wrapLines } from "./text-table.js";

/** One flag. Its key in the table is its name in camel case: `maxTokens` for `--max-tokens`. */
interface Flag {
  /** A `list` is separated by commas; a `repeated` flag may be given any number of times. */
  readonly type: "flag" | "text" | "integer" | "number" | "choice" | "list" | "repeated";
  /** A phrase for --help, which adds choices and default. */
  readonly help: string;
  /** Name of the value in --help and in errors. */
  readonly placeholder?: string;
  /** Names of flags that it took the place of, as keys; who gives one is told of this one. */
  readonly replaces?: readonly string[];
  /** Whether the command needs it. */
  readonly required?: true;
  readonly default?: string | number | readonly string[];
  /** All values of a `choice`, or all words of a `list`. */
  readonly choices?: readonly (string | number)[];
  /** Bounds of a number; `above` is exclusive. */
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

/** Flags by name. Groups that commands share are tables to be spread. */
export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F["type"] extends "flag"
  ? boolean
  : F["type"] extends "integer" | "number"
    ? number
    : F extends { type: "choice"; choices: readonly (infer Choice)[] }
      ? Choice
      : F extends { type: "list"; choices: readonly (infer Choice)[] }
        ? readonly Choice[]
        : F["type"] extends "list" | "repeated"
          ? readonly string[]
          : string;

type AlwaysSet = { type: "flag" } | { required: true } | { default: string | number | readonly string[] };

/** Values of a table of flags; undefined for what was not given and has no default. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends AlwaysSet ? ValueOf<F[Name]> : ValueOf<F[Name]> | undefined;
};

type Refuse = (expected: string, got: string) => Error;

/**
 * Takes a command line apart and checks every value against its flag.
 *
 * @param operation the command's name, for errors.
 * @returns values of the flags, and the other words.
 * @throws InvalidInputError that names the flag.
 */
export function parseFlags<const F extends Flags>(operation: string, table: F, args: readonly string[]) {
  const refuse = refusalFor(operation);
  const keys = new Map(Object.keys(table).map((key) => [flagName(key), key]));
  const options: Record<string, { type: "boolean" | "string" }> = {};
  for (const [name, key] of keys) options[name.slice(2)] = { type: table[key].type === "flag" ? "boolean" : "string" };
  // Not strict: the checks below also take negative numbers as values, and name the nearest flag.
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const key = keys.get(token.rawName);
    if (key === undefined) {
      const hint = unknownHint(operation, table, token.rawName);
      throw new InvalidInputError({ operation, problem: `Unknown option '${token.rawName}'${hint}` });
    }
    const value = convert(key, table[key], token, refuse);
    values[key] = table[key].type === "repeated" ? [...((values[key] as string[]) ?? []), value] : value;
  }
  for (const [key, flag] of Object.entries(table)) {
    if (values[key] === undefined && flag.required) throw refuse(valueText(key, flag), "none");
    values[key] ??= flag.type === "flag" ? false : flag.default;
  }
  return { flags: values as Values<F>, words: positionals };
}

/** Where to go on from a flag that the command does not have. */
function unknownHint(operation: string, table: Flags, name: string): string {
  for (const [key, flag] of Object.entries(table)) {
    if (flag.replaces?.some((old) => flagName(old) === name))
      return `; use ${flagName(key)} ${placeholderOf(flag)}: ${flag.help}`;
  }
  return typoHint(name, Object.keys(table).map(flagName)) || `; recoup ${operation} --help lists them`;
}

/** `; did you mean x?` for a word of a command line, or nothing. */
export function typoHint(name: string, known: readonly string[]): string {
  if (name.length > 3) return didYouMean(nearestName(name, known));
  // Two slips in three letters are another word: one that is left out is none, nor are two that have changed places.
  const letters = (word: string) => [...word].sort().join("");
  const isSlip = (one: string) =>
    letters(one) === letters(name) || (one.length === name.length + 1 && editDistance(name, one) === 1);
  return didYouMean(name.length === 3 ? known.find(isSlip) : undefined);
}

/** A flag's value as it was given; `inlineValue`: behind "=". */
interface Option {
  readonly value?: string;
  readonly inlineValue?: boolean;
}

function convert(key: string, flag: Flag, { value: text, inlineValue }: Option, refuse: Refuse): unknown {
  if (flag.type === "flag") {
    if (text === undefined) return true;
    throw refuse(`${flagName(key)} without a value`, text);
  }
  // A word that begins with a dash is the next flag, unless it is a number or comes behind "=".
  const isFlag = !inlineValue && text !== undefined && /^-(?!\.?\d|$)/.test(text);
  if (text === undefined || isFlag) throw refuse(valueText(key, flag), text ?? "none");
  if (flag.type === "integer" || flag.type === "number") return numberOf(key, flag, text, refuse);
  if (text === "" && flag.type !== "list") throw refuse(valueText(key, flag), "an empty text");
  if (flag.type !== "choice" && flag.type !== "list") return text;
  const words = flag.type === "choice" ? [text] : splitOutside(text, ",").filter((word) => word.trim() !== "");
  if (words.length === 0) throw refuse(valueText(key, flag), text.trim() === "" ? "an empty text" : text);
  const choices = flag.choices?.map(String) ?? words;
  const unknown = words.find((word) => !choices.includes(word));
  if (unknown !== undefined) throw refuse(valueText(key, flag), unknown + typoHint(unknown, choices));
  return flag.type === "choice" ? flag.choices?.[choices.indexOf(text)] : words;
}

function numberOf(key: string, { type, min, above, max }: Flag, text: string, refuse: Refuse): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw refuse(`${flagName(key)} as a number`, `"${text}"`);
  const isWhole = type === "number" || Number.isSafeInteger(value);
  if (isWhole && value >= (min ?? -Infinity) && value > (above ?? -Infinity) && value <= (max ?? Infinity))
    return value;
  const from = above !== undefined ? ` above ${above}` : min !== undefined ? ` from ${min}` : "";
  const to = max === undefined ? "" : ` and at most ${max}`;
  throw refuse(`${flagName(key)} as a ${type === "integer" ? "whole number" : "number"}${from}${to}`, text);
}

/** A flag with its value, for errors: `--out DIR`, `--split val or test`, `--tasks of pope, gqa`. */
function valueText(key: string, flag: Flag): string {
  if (flag.choices === undefined) return `${flagName(key)} ${placeholderOf(flag)}`;
  return `${flagName(key)} ${flag.type === "choice" ? anyOf(flag.choices) : `of ${flag.choices.join(", ")}`}`;
}

/** `a, b or c`. */
function anyOf(names: readonly (string | number)[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Longest choices that stand for the value itself: `val|test`. */
const MAX_PLACEHOLDER = 20;

function placeholderOf({ type, placeholder, choices }: Flag): string {
  if (placeholder !== undefined) return placeholder;
  const text = type === "choice" ? choices?.join("|") : undefined;
  if (text !== undefined && text.length <= MAX_PLACEHOLDER) return text;
  return type === "list" ? "LIST" : type === "integer" || type === "number" ? "N" : "NAME";
}

/** The parts of a command that --help shows. */
export interface CommandFacts {
  /** After `recoup`. */
  readonly name: string;
  /** The command's work in one line, also for the list of commands. */
  readonly summary: string;
  /** Arguments that are no flags: `IMAGE`. */
  readonly words?: readonly string[];
  /** Further paragraphs, one line each. */
  readonly about?: readonly string[];
  /** Names that flags refer to, and what they mean. */
  readonly terms?: readonly (readonly [term: string, text: string])[];
  readonly flags: Flags;
}

/** The text of --help: usage, the command's work, its flags; wrapped at `columns` characters. */
export function helpText(command: CommandFacts, columns: number): string {
  const { name, summary, words = [], about = [], terms, flags } = command;
  const width = Math.min(columns, TEXT_WIDTH);
  const rows = Object.entries(flags).map(([key, flag]) => [flagText(key, flag), flagHelp(flag)] as const);
  const required = Object.entries(flags).flatMap(([key, flag]) => (flag.required ? [flagText(key, flag)] : []));
  const usage = [...words, ...required, ...(rows.length > required.length ? ["[options]"] : [])];
  return [
    hanging(`usage: recoup ${name} `, usage.join(" "), width),
    ...[`${summary[0].toUpperCase()}${summary.slice(1)}.`, ...about].map((paragraph) => wrapLines(paragraph, width)),
    ...(terms === undefined ? [] : [definitions(terms, width)]),
    definitions(rows, width),
  ].join("\n\n");
}

function flagText(key: string, flag: Flag): string {
  return `${flagName(key)}${flag.type === "flag" ? "" : ` ${placeholderOf(flag)}`}`;
}

function flagHelp(flag: Flag): string {
  const isListed = flag.type === "choice" && flag.choices && placeholderOf(flag) !== flag.choices.join("|");
  const preset = flag.default === undefined ? "" : ` (default: ${[flag.default].flat().join(", ")})`;
  return `${isListed ? `${anyOf(flag.choices)}: ` : ""}${flag.help}${preset}`;
}

/** `maxTokens` as `--max-tokens`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
