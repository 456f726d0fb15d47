/** @file Model folders on disk. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { fileSource, withFileErrors } from "../../../files/index.js";
import type { ModelFiles } from "../files.js";
import { assertWeights, readJson, readOnnx, readText, weightFiles } from "./check-file.js";

/** @throws InvalidInputError unless there is a folder. */
export async function assertFolder(path: string): Promise<void> {
  await withFileErrors("loadVlm", `a model folder at ${path}`, async () => {
    if (!(await stat(path)).isDirectory()) throw refusalFor("loadVlm")(`a model folder at ${path}`, "a file");
  });
}

/** What comes of reading a file; undefined where there is none. */
function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** The files of a folder. @param other other models, by a path or name that is resolved against this folder. */
export function folderModel(folder: string, other: (path: string) => ModelFiles): ModelFiles {
  const reading = <T>(path: string, read: (file: string) => Promise<T>) =>
    withFileErrors("loadVlm", `a readable ${path} in ${folder}`, () => read(join(folder, path)));
  return {
    name: folder,
    json: (path) => reading(path, (file) => ifThere(readJson(file))),
    async open(path) {
      const file = join(folder, path);
      return { ...(await fileSource(file)), place: { folder: dirname(file), file: basename(file) } };
    },
    async ready({ json, optional, onnx }) {
      for (const path of json) await reading(path, readJson);
      for (const path of optional) {
        await reading<unknown>(path, (file) =>
          ifThere<unknown>(path.endsWith(".json") ? readJson(file) : readText(file)),
        );
      }
      for (const path of onnx) {
        const model = await reading(path, readOnnx);
        for (const [location, least] of weightFiles(model)) {
          await reading(join(dirname(path), location), (file) => assertWeights(file, least));
        }
      }
      // Else it would ask a hub for a file that is not here, and refuse the folder's name.
      return { name: folder, options: { local_files_only: true } };
    },
    folder: other,
  };
}
