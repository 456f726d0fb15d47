/** @file The user's own questions and images on disk. */
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, sep } from "node:path";
import { optionsOf, refusalFor } from "../../core/index.js";
import { checkedPath, statFile, withFileErrors } from "../../files/index.js";
import { type OwnData, type OwnDataRequest, ownData } from "../own/own-data.js";

/** Where own data is; the rest as `OwnDataRequest` has it. */
export interface ReadOwnOptions extends Omit<OwnDataRequest, "text" | "file" | "folder" | "images"> {
  /** Folder of the images; those of folders in it count too. */
  readonly images: string;
  /** File of the questions. */
  readonly questions: string;
}

/** Endings of images that are read. */
const IMAGE_ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"];
/** Largest file of questions: it is held as text whole, and 64 MiB are 250,000 rows of 250 bytes. */
const MAX_BYTES = 2 ** 26;

const refuse = refusalFor("eval");

/**
 * Reads a user's own questions; images are looked for and not opened.
 *
 * @throws InvalidInputError for a folder or file that cannot be read, one without images, a file above 64 MiB or in another encoding than UTF-8;
 *   otherwise as `ownData`.
 */
export async function readOwnData(given: ReadOwnOptions): Promise<OwnData> {
  const { images: folder, questions, ...options } = optionsOf("readOwnData", given);
  const images = await imagePaths(checkedPath("readOwnData", folder));
  const text = await questionText(checkedPath("readOwnData", questions));
  return ownData({ ...options, text, file: basename(questions), folder, images });
}

/** Paths below the folder, with slashes, sorted. */
async function imagePaths(folder: string): Promise<string[]> {
  const names = await withFileErrors("eval", `a folder of images at ${folder}`, () =>
    readdir(folder, { recursive: true }),
  );
  const images = names.filter((name) => IMAGE_ENDINGS.includes(extname(name).toLowerCase()));
  if (images.length === 0) throw refuse(`images (${IMAGE_ENDINGS.join(", ")}) in ${folder}`, "none");
  return images.map((name) => name.split(sep).join("/")).sort();
}

async function questionText(path: string): Promise<string> {
  const bytes = await withFileErrors("eval", `questions in ${path}`, async () => {
    const { size } = await statFile("eval", path);
    if (size > MAX_BYTES) throw refuse(`a file of at most ${MAX_BYTES / 2 ** 20} MiB at ${path}`, `${size} bytes`);
    return readFile(path);
  });
  const expected = `questions in UTF-8 in ${path}`;
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw refuse(expected, "UTF-16");
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw refuse(expected, `a zero byte in line ${lineAt(bytes, zero)}, as UTF-16 and spreadsheets have`);
  try {
    // Without its byte order mark.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuse(expected, "bytes of another encoding; save it as UTF-8", cause);
  }
}

/** Line of a byte, from 1. */
function lineAt(bytes: Uint8Array, place: number): number {
  return bytes.subarray(0, place).filter((byte) => byte === 0x0a).length + 1;
}
