/** @file Model folders on disk. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FormatError, InvalidInputError } from "../../../core/index.js";
import { fileSource, packagePath, withFileErrors } from "../../../files/index.js";
import type { ModelFiles } from "../../index.js";

/** The picture that the demo asks about: number 12 of `recoup synth --tasks syn_vqav2 --split val --count 30 --seed 11`. */
export const EXAMPLE_PICTURE = packagePath("examples", "scene.png");

/** Where a model is: `tiny` is the bundled one, all else a folder. */
export function modelFolder(source: string): string {
  return source === "tiny" ? packagePath("models", "tiny") : resolve(source);
}

/** @throws InvalidInputError unless there is a folder. */
export async function assertFolder(path: string): Promise<void> {
  await withFileErrors("loadVlm", `a model folder at ${path}`, async () => {
    if (!(await stat(path)).isDirectory()) {
      throw new InvalidInputError({ operation: "loadVlm", expected: `a model folder at ${path}`, got: "a file" });
    }
  });
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
      if (text === undefined) return undefined;
      try {
        const value: unknown = JSON.parse(text);
        if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
      } catch (cause) {
        throw new FormatError({
          operation: "loadVlm",
          expected: `JSON in ${file}`,
          got: (cause as Error).message,
          cause,
        });
      }
      throw new FormatError({ operation: "loadVlm", expected: `an object in ${file}`, got: basename(file) });
    },
    async open(path) {
      const file = join(folder, path);
      return { ...(await fileSource(file)), place: { folder: dirname(file), file: basename(file) } };
    },
    folder: other,
  };
}
