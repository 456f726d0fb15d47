import { MissingPackageError } from "../../files/index.js";

/** Encodes square RGB pictures as PNG. */
export type PictureEncoder = (rgb: Uint8Array, size: number) => Uint8Array;

/** The encoder of the optional package fast-png. Its bytes may differ between versions; pictures are identified by pixels. */
export async function pngEncoder(operation: string): Promise<PictureEncoder> {
  const name = "fast-png";
  const { encode } = await import("fast-png").catch((cause) => {
    throw new MissingPackageError({ operation, name, install: `npm install ${name}`, cause });
  });
  return (rgb, size) => encode({ width: size, height: size, data: rgb, depth: 8, channels: 3 });
}
