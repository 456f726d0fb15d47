/** @file The import of a module with a method of one's own, and what is wrong with it in a sentence. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type CompressionMethod, shape } from "../../core/index.js";
import { methodProblem, plainMethod } from "../../methods/index.js";
import { fileName } from "./module-word.js";
import { resolveRecoup } from "./resolve-recoup.js";

/** A module that is no method: a sentence. */
export class ModuleProblem extends Error {}

/**
 * Imports the module's default export.
 *
 * @param url of the module.
 * @throws ModuleProblem with what to do: for a module that does not load, has no default export, or one that is no method.
 */
export async function importMethod(url: string): Promise<CompressionMethod> {
  resolveRecoup();
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(url);
  } catch (error) {
    throw new ModuleProblem(importText(error, url));
  }
  const value = defaultOf(module);
  if (value === undefined) {
    const names = Object.keys(module).join(", ");
    const got = names === "" ? "no exports" : `exports ${names} alone`;
    throw new ModuleProblem(`expected a default export (export default defineMethod({ … })), got ${got}`);
  }
  const problem = methodProblem(value);
  if (problem !== undefined) throw new ModuleProblem(`its default export: ${problem}`);
  return plainMethod(value as CompressionMethod);
}

/** The default export; of a module that a compiler made CommonJS of, the one inside. */
function defaultOf({ default: value }: Readonly<Record<string, unknown>>): unknown {
  return shape.isRecord(value) && value.__esModule === true ? value.default : value;
}

function importText(error: unknown, url: string): string {
  const { name = "Error", message = String(error), code } = Object(error) as Partial<NodeJS.ErrnoException>;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return `this Node (${process.version}) reads no TypeScript: compile the module to .mjs, or use Node 22.18 or newer`;
  }
  const place = placeOf(error, url) || (name === "SyntaxError" ? syntaxPlace(url) : "");
  const line = `${message}`.replaceAll(/\s+/g, " ").replaceAll(url, fileName(url)).slice(0, 400);
  return `the module does not load: ${name}: ${line}${place}`;
}

/** The line of a mistake in the syntax, which an error of import() does not say. */
function syntaxPlace(url: string): string {
  const { stderr } = spawnSync(process.execPath, ["--check", fileURLToPath(url)], { encoding: "utf8", timeout: 5000 });
  const [, line] = /^\S[^\n]*:(\d+)\n/.exec(stderr ?? "") ?? [];
  return line === undefined ? "" : ` (${decodeURIComponent(fileName(url))}:${line})`;
}

/** Where in the module an error was thrown, ` (mine.mjs:12)`; nothing where its stack does not say. */
export function placeOf(error: unknown, url: string): string {
  const { stack } = Object(error) as { stack?: unknown };
  if (typeof stack !== "string") return "";
  const path = decodeURIComponent(url.replace(/^file:\/\//, ""));
  const found = [url, path].find((name) => stack.includes(name));
  const behind = found === undefined ? "" : stack.slice(stack.indexOf(found) + found.length);
  const [place] = /^:\d+/.exec(behind) ?? [""];
  return place === "" ? "" : ` (${decodeURIComponent(fileName(url))}${place})`;
}
