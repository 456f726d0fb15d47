/** @file Tells pictures of the synthetic world from all others, by the text that each of them carries. */
import { open } from "node:fs/promises";
import { statFile } from "../../files/index.js";

/** The PNG's text, by keyword: what the file was made by. */
export const WORLD_TEXT = { Software: "recoup synth" } as const;

/** The end of a picture's file as fast-png writes it: the text's chunk, then 12 bytes of IEND. */
const END_BYTES = 64;

/**
 * Whether a file is a picture that `recoup synth` wrote, wherever it lies now. One that was cut, scaled or saved anew counts as another.
 *
 * @returns false, too, for what is no file that can be read.
 */
export async function isWorldPicture(path: string): Promise<boolean> {
  try {
    const { size } = await statFile("isWorldPicture", path);
    const file = await open(path);
    try {
      const bytes = new Uint8Array(Math.min(size, END_BYTES));
      await file.read(bytes, 0, bytes.length, size - bytes.length);
      return Buffer.from(bytes).toString("latin1").includes(`tEXtSoftware\0${WORLD_TEXT.Software}`);
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
