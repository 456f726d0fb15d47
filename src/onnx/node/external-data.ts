/** @file External data of ONNX models: files beside a model that hold its long tensors. */
import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { refusalFor } from "../../core/index.js";
import { type FileSource, fileSource, withFileErrors } from "../../files/index.js";
import { externalParts } from "../graph/external.js";
import type { OnnxModel } from "../proto/model.js";
import { openOnnx } from "../proto/open-onnx.js";

/** A model and all files that it consists of, open until `close`. */
export interface OpenedModel {
  readonly model: OnnxModel;
  readonly source: FileSource;
  /** The files with external data, by the locations that the model names. */
  readonly data: ReadonlyMap<string, FileSource>;
  close(): Promise<void>;
}

/**
 * Opens a model's file, and those with its external data.
 *
 * @throws as `fileSource`, `openOnnx` and `assertExternalData`.
 */
export async function openOnnxFile(path: string): Promise<OpenedModel> {
  const source = await fileSource(path);
  const data = new Map<string, FileSource>();
  const close = async () => {
    await Promise.all([source, ...data.values()].map((each) => each.close()));
  };
  try {
    const model = await openOnnx(source);
    for (const [location, file] of await assertExternalData(model, path)) data.set(location, await fileSource(file));
    return { model, source, data, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Checks that the files with a model's external data are there, long enough and, links resolved, in the model's folder or below.
 *
 * @returns where they are, by the locations that the model names.
 * @throws InvalidInputError naming the first that is not.
 */
export async function assertExternalData(model: OnnxModel, path: string): Promise<Map<string, string>> {
  const ends = new Map<string, number>();
  for (const { location, end } of externalParts(model)) ends.set(location, Math.max(ends.get(location) ?? 0, end));
  const files = new Map<string, string>();
  for (const [location, end] of ends) files.set(location, await externalFile(path, location, end));
  return files;
}

async function externalFile(path: string, location: string, end: number): Promise<string> {
  const operation = "assertExternalData";
  const refuse = refusalFor(operation);
  return withFileErrors(operation, `external data ${location} beside ${path}`, async () => {
    const target = await realpath(join(dirname(path), location));
    // A model that is a link itself, as in Hugging Face's cache, has its data beside the file it points to.
    const folders = [await realpath(dirname(path)), dirname(await realpath(path))];
    if (!folders.some((folder) => isWithin(folder, target))) {
      throw refuse(`external data ${location} within the model's folder`, `a link to ${target}`);
    }
    const { size } = await stat(target);
    if (size < end) throw refuse(`${location} of at least ${end} bytes`, `${size} bytes`);
    return target;
  });
}

function isWithin(folder: string, target: string): boolean {
  const way = relative(folder, target);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
