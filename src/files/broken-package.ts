/** @file Packages that are there and do not load: which of them is broken, and what says so. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf } from "../core/index.js";

/** A package that keeps another from loading. */
export interface BrokenPackage {
  /** Its own name, not that of what needs it. */
  readonly name: string;
  /** What is wrong, with the file where an error says which: `sharp/lib/sharp.js: …`. */
  readonly problem: string;
}

/**
 * Finds what is broken in the error of an import.
 *
 * @param name of the package that was imported.
 * @returns undefined where that package is not there at all.
 */
export function brokenPackage(name: string, cause: unknown): BrokenPackage | undefined {
  const message = messageOf(cause);
  const [, wanted] = /^Cannot find (?:package|module) '([^']+)'/.exec(message) ?? [];
  if (wanted !== undefined && BARE.test(wanted)) {
    const missing = packageName(wanted);
    if (missing !== name) return { name: missing, problem: `${missing} is not there, which it needs` };
    return isThere(name) ? { name, problem: `${wanted} is not there` } : undefined;
  }
  const { stack } = Object(cause) as { readonly stack?: unknown };
  const place = [wanted, message, stack].map(placeIn).find((found) => found !== undefined);
  const file = place && `${place.name}/${place.file}`;
  const { name: broken } = place ?? { name };
  if (wanted !== undefined) {
    const isFile = placeIn(wanted) !== undefined;
    return { name: broken, problem: isFile ? `${file} is not there` : `${wanted} is not there, which ${file} needs` };
  }
  const line = message.replace(/\n.*/s, "").slice(0, 200);
  return { name: broken, problem: file === undefined ? line : `${file}: ${line}` };
}

/** Words of an import that are no paths. */
const BARE = /^(?![./\\]|[a-z]:|file:)/i;

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

const { resolve } = createRequire(import.meta.url);

function isThere(name: string): boolean {
  return resolve.paths(name)?.some((folder) => existsSync(join(folder, name))) ?? false;
}

/** The first file of a package in an error's text, other than recoup's own. */
function placeIn(text: unknown): { readonly name: string; readonly file: string } | undefined {
  if (typeof text !== "string") return undefined;
  const paths = text.matchAll(/[^\s'"]*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]([^\s'":?)]+)/g);
  for (const [, name, file] of paths) {
    if (name !== "recoup") return { name: name.replace("\\", "/"), file: file.replaceAll("\\", "/") };
  }
}
