/** @file Tasks from a data root on disk: LLaVA's `playground/data/eval`, or what `recoup synth` wrote. */
import { join } from "node:path";
import { refusalFor, shape } from "../../core/index.js";
import { checkedPath, readText, readTextIfThere, withFileErrors } from "../../files/index.js";
import { findTask, type ReadOptions, type Rule, type Task, type TaskSpec } from "../index.js";
import type { SubsetOptions } from "../tasks/subset.js";

/**
 * Where a task is, and how it is read. Default: by the task's first rule, which is `llava` where it has that; all questions, or
 * those that seed 1 draws; rows that cannot be used are listed in `problems`.
 */
export interface ReadTaskOptions extends Partial<Pick<ReadOptions, "rule" | "strict"> & SubsetOptions> {
  /** Folder with `pope`, `textvqa`, `MME` and so on in it. */
  readonly dataRoot: string;
}

/**
 * Reads a task. Pictures are not read. Each file is held once as text until it is read; VQAv2's annotations, 350 MB, are parsed item
 * by item.
 *
 * @throws InvalidInputError for an unknown task or rule, or a limit or seed out of range. Likewise for a file that is missing,
 *   broken or a folder, or without a usable question. If `strict`, for the first row that cannot be used, with file and line.
 */
export async function readTask(id: string, options: ReadTaskOptions): Promise<Task> {
  const { dataRoot, strict = false, limit, seed = 1 } = shape.options(options, OPTIONS, refusalFor("readTask"));
  checkedPath("readTask", dataRoot);
  const spec = findTask(id);
  const { rule = spec.rules[0] } = options;
  const folder = join(dataRoot, spec.folder);
  return spec.read({
    rule,
    strict,
    ...(limit !== undefined && { subset: { limit, seed } }),
    folder: join(folder, spec.pictures ?? ""),
    texts: await readTexts(spec, rule, folder),
  });
}

const OPTIONS = {
  dataRoot: shape.text,
  strict: shape.optional(shape.flag),
  limit: shape.optional(shape.integer(1)),
  seed: shape.optional(shape.count),
};

async function readTexts(spec: TaskSpec, rule: Rule, folder: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const [name, path] of Object.entries(spec.files(rule))) {
    const expected = `the ${name} of ${spec.id} in ${join(folder, path)}`;
    const text = await withFileErrors("readTask", expected, () => readText(join(folder, path)));
    if (text.trim() === "") throw refusalFor("readTask")(expected, "an empty file");
    texts.set(path, text);
  }
  for (const path of spec.linkedFiles(texts)) {
    const text = await readIfThere("readTask", join(folder, path));
    if (text !== undefined) texts.set(path, text);
  }
  return texts;
}

/** Text of a file; undefined where there is none. @param operation names the caller in errors. */
export function readIfThere(operation: string, path: string): Promise<string | undefined> {
  return withFileErrors(operation, `a readable file ${path}`, () => readTextIfThere(operation, path));
}
