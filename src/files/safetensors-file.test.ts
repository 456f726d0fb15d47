import { mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FormatError, InvalidInputError } from "../core/index.js";
import type { Tensor } from "./safetensors/format.js";
import { MAX_FILE_BYTES, readSafetensors, writeSafetensors } from "./safetensors-file.js";

let folder = "";
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-file-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("readSafetensors", () => {
  it("reads back what writeSafetensors wrote", async () => {
    const tensors = new Map<string, Tensor>([
      ["rows", { dtype: "F32", shape: [2, 1], data: Float32Array.of(1, -2.5) }],
      ["ids", { dtype: "I64", shape: [2], data: BigInt64Array.of(3n, -4n) }],
    ]);
    const metadata = new Map([["made by", "recoup"]]);
    await writeSafetensors(at("a.safetensors"), tensors, { metadata });
    const read = await readSafetensors(at("a.safetensors"));
    expect(new Map(read.tensors)).toEqual(tensors);
    expect(read.metadata).toEqual(metadata);
    expect(await readdir(folder)).toEqual(["a.safetensors"]);
  });

  it("names operation and file when the content is wrong", async () => {
    await writeFile(at("short"), "1234567");
    const error = await readSafetensors(at("short")).catch((caught) => caught);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`readSafetensors: expected at least 8 bytes in ${at("short")}, got 7`);
  });

  it.each([
    ["a missing file", "none", "ENOENT"],
    ["a folder", ".", "a folder"],
    ["a device, which would never end", "/dev/zero", "a device or pipe"],
  ])("refuses %s", async (_, name, got) => {
    const path = name.startsWith("/") ? name : at(name);
    const error = await readSafetensors(path).catch((caught) => caught);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.got).toBe(got);
    expect(error.expected).toContain(path);
  });

  it("refuses a file beyond the limit without reading it", async () => {
    const handle = await open(at("huge"), "w");
    await handle.truncate(MAX_FILE_BYTES + 1);
    await handle.close();
    await expect(readSafetensors(at("huge"))).rejects.toMatchObject({
      name: "InvalidInputError",
      got: String(MAX_FILE_BYTES + 1),
    });
  });

  it("stops when asked to", async () => {
    await writeFile(at("file"), "12345678");
    const stopped = readSafetensors(at("file"), { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("writeSafetensors", () => {
  it("refuses to write over an input", async () => {
    await writeFile(at("input"), "precious");
    await expect(writeSafetensors(at("input"), new Map(), { inputs: [at("input")] })).rejects.toThrow(
      InvalidInputError,
    );
  });
});
