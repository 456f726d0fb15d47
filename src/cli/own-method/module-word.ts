/** @file Words of the command line that name a module with a method of one's own. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { didYouMean, splitOutside } from "../../core/index.js";

/** A module, and what stands behind it after a colon: `./mine.mjs:alpha=0.5`. */
export interface ModuleWord {
  /** As it was given: a path, or a file: URL. */
  readonly path: string;
  readonly pairs: readonly string[];
}

const ENDING = /^(.*?\.[cm]?[jt]s)(?::(.*))?$/is;
/** A folder, a drive or a scheme in front, which no id of a method has. */
const PLACE = /^(\.{1,2}[\\/]|[\\/]|~[\\/]|[a-z]:[\\/]|file:)/i;

/** The module that a word names, by its ending or by its place; undefined for the id of a method. */
export function moduleWord(word: string): ModuleWord | undefined {
  const [, path, rest] = ENDING.exec(word) ?? [];
  if (path !== undefined) return { path, pairs: rest === undefined ? [] : splitOutside(rest, ":") };
  const [place] = PLACE.exec(word) ?? [];
  if (place === undefined) return undefined;
  const [name, ...pairs] = splitOutside(word.slice(place.length), ":");
  return { path: place + name, pairs };
}

/** Endings of modules that Node reads. */
const ENDINGS = [".mjs", ".js", ".cjs", ".ts", ".mts"];

/** `; did you mean ./mine.mjs?` for an id of no method where a module of that name is in this folder; else nothing. */
export function moduleHint(id: string): string {
  const isName = /^[\w.-]{1,80}$/.test(id);
  const file = isName ? ENDINGS.map((ending) => `./${id}${ending}`).find((path) => existsSync(path)) : undefined;
  return didYouMean(file);
}

/** The name of a file, for messages that have said its path. */
export function fileName(path: string): string {
  return basename(path.replaceAll("\\", "/"));
}
