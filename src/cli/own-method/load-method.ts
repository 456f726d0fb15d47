/** @file Loads methods of one's own: modules with a method as their default export, each tried in a thread first. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { didYouMean, InvalidInputError, nearestName, refusalFor } from "../../core/index.js";
import { type ModuleMethod, parseOptions } from "../../eval/index.js";
import { statFile, withFileErrors } from "../../files/index.js";
import { METHOD_IDS } from "../../methods/index.js";
import type { MethodTestOptions, PropertyResult } from "../../testing/index.js";
import { guardProcess } from "./guard-process.js";
import { guardedMethod, TIME_LIMIT_MS } from "./guarded-method.js";
import { importMethod, ModuleProblem } from "./import-method.js";
import { moduleWord } from "./module-word.js";
import { type TrialUse, tryMethod } from "./try-method.js";

/** Names of settings that are no methods. */
const RESERVED: readonly string[] = [...METHOD_IDS, "zero", "downsample"];

/** Words of `--methods` with modules replaced by the ids of their methods. */
export interface NamedMethods {
  readonly words: readonly string[];
  readonly own: readonly ModuleMethod[];
}

/**
 * Loads the modules among the words, each tried in a thread with the options that are given to it and these budgets.
 *
 * @throws InvalidInputError for a module that is not there, that is no method or fails at a made-up table, or whose id is taken.
 */
export async function namedMethods(
  operation: string,
  words: readonly string[],
  budgets: TrialUse["budgets"],
): Promise<NamedMethods> {
  const modules = words.map(moduleWord);
  const own = new Map<string, ModuleMethod>();
  for (const { path } of modules.filter((module) => module !== undefined)) {
    if (own.has(path)) continue;
    const used = modules.filter((module) => module?.path === path);
    const uses = used.map((module) => ({ options: parseOptions(path, module?.pairs ?? []).options, budgets }));
    own.set(path, await loadMethod(operation, path, uses, [...own.values()]));
  }
  const named = words.map((word, i) => {
    const module = modules[i];
    return module === undefined ? word : [own.get(module.path)?.method.id, ...module.pairs].join(":");
  });
  return { words: named, own: [...own.values()] };
}

/** An id for a method in a file of that name. */
export function freeId(name: string): string {
  const id = name
    .replaceAll(/[^\w.-]/g, "-")
    .replace(/^[^a-z0-9]+/i, "")
    .slice(0, 40);
  return id === "" || RESERVED.includes(id.toLowerCase()) ? `my-${id || "method"}` : id;
}

/** @throws InvalidInputError unless the method's id is its own. */
function assertFree(
  operation: string,
  { method, path }: Pick<ModuleMethod, "method" | "path">,
  others: readonly ModuleMethod[],
): void {
  const same = (id: string) => id.toLowerCase() === method.id.toLowerCase();
  const other = others.find((one) => same(one.method.id));
  if (other === undefined && !RESERVED.some(same)) return;
  if (other !== undefined && resolve(other.path) === resolve(path)) {
    throw new InvalidInputError({ operation, problem: `${path} is the file ${other.path}: name it in one way` });
  }
  const owner = other === undefined ? "a name of recoup's" : `that of ${other.path}`;
  throw new InvalidInputError({ operation, problem: `the id ${method.id} of ${path} is ${owner}: give it another` });
}

/**
 * The method of a module, tried in a thread first, its plans guarded.
 *
 * @param uses options and budgets to try.
 * @param others that are loaded already.
 * @throws InvalidInputError with what to do.
 */
export async function loadMethod(
  operation: string,
  path: string,
  uses: readonly TrialUse[] = [],
  others: readonly ModuleMethod[] = [],
): Promise<ModuleMethod> {
  const { url, bytes } = await readModule(operation, path);
  const tried = await tryMethod({ url, uses });
  if ("problem" in tried) throw problemOf(operation, path, tried.problem);
  guardProcess({ path, url });
  try {
    const method = guardedMethod({ method: await withinLimit(importMethod(url)), path, url });
    assertFree(operation, { method, path }, others);
    return { method, path, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    if (error instanceof ModuleProblem) throw problemOf(operation, path, error.message);
    throw error;
  }
}

/** An import in time, also one that waits for what only the thread of the trial had. @throws ModuleProblem */
async function withinLimit<T>(importing: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const problem = `it took longer than ${TIME_LIMIT_MS / 1000} s while it was imported, though not when it was tried`;
    timer = setTimeout(() => reject(new ModuleProblem(problem)), TIME_LIMIT_MS);
  });
  return Promise.race([importing, late]).finally(() => clearTimeout(timer));
}

/** Checks the contract of `recoup/testing` in a thread. @throws InvalidInputError for a module that is no method, or that never ends. */
export async function checkModule(
  operation: string,
  path: string,
  check: MethodTestOptions,
): Promise<readonly PropertyResult[]> {
  const { url } = await readModule(operation, path);
  const checked = await tryMethod({ url, uses: [], check });
  if ("problem" in checked) throw problemOf(operation, path, checked.problem);
  return checked.results;
}

function problemOf(operation: string, path: string, problem: string): InvalidInputError {
  return new InvalidInputError({ operation, problem: `${path}: ${problem}` });
}

async function readModule(operation: string, path: string): Promise<{ readonly url: string; readonly bytes: Buffer }> {
  const file = filePath(operation, path);
  const bytes = await withFileErrors(operation, `a module at ${path}`, async () => {
    await statFile(operation, file);
    return readFile(file);
  }).catch(async (error: InvalidInputError) => {
    const { code } = Object(error.cause) as NodeJS.ErrnoException;
    const near = code === "ENOENT" ? await nearestFile(path, file) : undefined;
    if (near === undefined) throw error;
    throw refusalFor(operation)(`a module at ${path}`, `no such file${didYouMean(near)}`, error.cause);
  });
  return { url: pathToFileURL(file).href, bytes };
}

/** The file beside one that is not there whose name is nearest to its own, as the path was given. */
async function nearestFile(path: string, file: string): Promise<string | undefined> {
  const names = await readdir(dirname(file)).catch(() => []);
  const near = nearestName(basename(file), names);
  return near === undefined ? undefined : path.slice(0, path.length - basename(file).length) + near;
}

function filePath(operation: string, path: string): string {
  if (!/^file:/i.test(path)) return resolve(path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw refusalFor(operation)("the file: URL of a module", path, cause);
  }
}
