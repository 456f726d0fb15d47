import { readFile } from "node:fs/promises";
import { FormatError, InvalidInputError } from "../core/index.js";
import type { PlanImage } from "../viz/index.js";

/** Pictures beyond this are refused: as a data URI they would make an SVG that nobody can open. */
const MAX_PICTURE_BYTES = 32 * 2 ** 20;

/** First bytes of the formats that SVG viewers show. */
const SIGNATURES: readonly { readonly type: string; readonly bytes: readonly number[] }[] = [
  { type: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
];

/** A PNG or JPEG file as the picture under a plan. */
export async function readPicture(path: string): Promise<PlanImage> {
  const operation = "readPicture";
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new InvalidInputError({ operation, expected: "a picture file", got: cause.message, cause });
  });
  if (bytes.length > MAX_PICTURE_BYTES) {
    const got = `${bytes.length} bytes in ${path}`;
    throw new FormatError({ operation, expected: `a picture of at most ${MAX_PICTURE_BYTES} bytes`, got });
  }
  const format = SIGNATURES.find((signature) => signature.bytes.every((byte, i) => bytes[i] === byte));
  if (format === undefined) {
    throw new FormatError({ operation, expected: "a PNG or JPEG file", got: path });
  }
  return { dataUri: `data:${format.type};base64,${bytes.toString("base64")}` };
}
