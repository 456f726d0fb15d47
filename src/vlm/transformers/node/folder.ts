/** @file Model folders on disk. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError, refusalFor, shape } from "../../../core/index.js";
import { fileSource, withFileErrors } from "../../../files/index.js";
import type { ModelFiles } from "../files.js";

/** @throws InvalidInputError unless there is a folder. */
export async function assertFolder(path: string): Promise<void> {
  await withFileErrors("loadVlm", `a model folder at ${path}`, async () => {
    if (!(await stat(path)).isDirectory()) throw refusalFor("loadVlm")(`a model folder at ${path}`, "a file");
  });
}

function jsonObject(text: string, file: string): Readonly<Record<string, unknown>> {
  const refuse = refusalFor("loadVlm", FormatError);
  return shape.parsed(text, shape.record(shape.anything), (expected, got, cause) =>
    refuse(`${expected} in ${file}`, got, cause),
  );
}

/** The files of a folder. @param other other models, by a path or name that is resolved against this folder. */
export function folderModel(folder: string, other: (path: string) => ModelFiles): ModelFiles {
  return {
    name: folder,
    async json(path) {
      const file = join(folder, path);
      const text = await withFileErrors("loadVlm", `a readable ${path} in ${folder}`, () =>
        readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
          if (error.code === "ENOENT") return undefined;
          throw error;
        }),
      );
      return text === undefined ? undefined : jsonObject(text, file);
    },
    async open(path) {
      const file = join(folder, path);
      return { ...(await fileSource(file)), place: { folder: dirname(file), file: basename(file) } };
    },
    folder: other,
  };
}
