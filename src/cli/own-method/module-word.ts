/** @file Words of the command line that name a module with a method of one's own. */
import { basename } from "node:path";

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
  if (path !== undefined) return { path, pairs: rest === undefined ? [] : rest.split(":") };
  const [place] = PLACE.exec(word) ?? [];
  if (place === undefined) return undefined;
  const [name, ...pairs] = word.slice(place.length).split(":");
  return { path: place + name, pairs };
}

/** The name of a file, for messages that have said its path. */
export function fileName(path: string): string {
  return basename(path.replaceAll("\\", "/"));
}
