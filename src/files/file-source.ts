/** @file Reads by position of a file, so that a large one is never whole in memory. */
import { open } from "node:fs/promises";
import { refusalFor } from "../core/index.js";
import { checkedPath, statFile, withFileErrors } from "./file-errors.js";

/** Bytes read in one call: Node's own limit is two gigabytes. */
const MAX_READ = 2 ** 30;

/** A source over an open file. */
export interface FileSource {
  /** The path it was opened by. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes of a range that lies in the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Fills `target` with the bytes from `offset` on. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file for reads by position.
 *
 * @throws InvalidInputError when there is no readable file at `path`.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const operation = "fileSource";
  checkedPath(operation, path);
  return withFileErrors(operation, `a readable file at ${path}`, async () => {
    await statFile(operation, path);
    const handle = await open(path, "r");
    const { size } = await handle.stat();
    const readInto = async (target: Uint8Array, offset: number) => {
      for (let done = 0; done < target.length; ) {
        const length = Math.min(MAX_READ, target.length - done);
        const { bytesRead } = await handle.read(target, done, length, offset + done);
        if (bytesRead === 0) throw refusalFor(operation)(`${path} to stay as long as it was`, "a shorter file");
        done += bytesRead;
      }
    };
    return {
      name: path,
      size,
      readInto,
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        await readInto(bytes, offset);
        return bytes;
      },
      close: () => handle.close(),
    };
  });
}
