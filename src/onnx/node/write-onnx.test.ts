import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSource } from "../../files/index.js";
import { writeFileAtomic } from "../../files/write-file.js";
import { type ByteSource, bytesSource, type Piece } from "../index.js";
import { pieceWriter } from "./write-onnx.js";

const CHUNK = 2 ** 20;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "piece-writer-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});
const at = (name: string) => join(folder, name);

/** Bytes that tell where they are. */
const content = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7) & 255);

describe("pieceWriter", () => {
  it.each([
    ["nothing", []],
    ["one short piece", [5]],
    ["a chunk exactly", [CHUNK]],
    ["pieces that cross chunks", [CHUNK - 1, 2, 3 * CHUNK, 0, 7, CHUNK + 5]],
    ["many short ones", Array(3000).fill(301)],
    ["more chunks than lanes", [20 * CHUNK + 17]],
  ])("writes %s in their order, from memory, files and other sources", async (_, lengths: readonly number[]) => {
    const whole = content(lengths.reduce((sum, length) => sum + length, 0));
    await writeFileAtomic(at("source"), whole);
    const file = await fileSource(at("source"));
    const other = bytesSource(whole);
    let offset = 0;
    const pieces = lengths.map((length, i): Piece => {
      const place = { offset, length };
      offset += length;
      if (i % 3 === 0) return { source: file, ...place };
      return i % 3 === 1 ? whole.subarray(place.offset, offset) : { source: other, ...place };
    });
    await writeFileAtomic(at("copy"), pieceWriter(pieces));
    await file.close();
    expect(Buffer.compare(await readFile(at("copy")), whole)).toBe(0);
  });

  it("gives the first failure when all lanes have stopped, and leaves nothing", async () => {
    let reads = 0;
    const failing: ByteSource = {
      name: "failing",
      size: 100 * CHUNK,
      async read(_, length) {
        if (++reads === 6) throw new Error("gone");
        return new Uint8Array(length);
      },
    };
    const pieces = [{ source: failing, offset: 0, length: 100 * CHUNK }];
    await expect(writeFileAtomic(at("copy"), pieceWriter(pieces))).rejects.toThrow("gone");
    // Those under way end, none begins.
    expect(reads).toBeLessThan(6 + 4);
    expect(await readdir(folder)).toEqual([]);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const source: ByteSource = {
      name: "endless",
      size: 1e12,
      async read(offset, length) {
        if (offset > 10 * CHUNK) controller.abort();
        return new Uint8Array(length);
      },
    };
    const { signal } = controller;
    const running = writeFileAtomic(at("copy"), pieceWriter([{ source, offset: 0, length: 1e12 }]), { signal });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(folder)).toEqual([]);
  });
});
