/** @file Values of wrong types at the doors of files: refused by recoup's own errors, and nothing is written. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RecoupError } from "../core/index.js";
import { fileSource } from "./file-source.js";
import { svgToPng } from "./png.js";
import { imageToPng, readImage } from "./read-image.js";
import { encodeSafetensors } from "./safetensors/encode.js";
import { parseSafetensors } from "./safetensors/parse.js";
import { readSafetensors, writeSafetensors } from "./safetensors-file.js";
import { readTokenTable, tokenTableFromTensors } from "./token-table-file.js";
import { assertOutputs, writeFileAtomic, writeFilesAtomic } from "./write-file.js";

const WRONG = [null, 5, 1n, true, Symbol("s"), new Date(0), [5], [null], Object.create({ length: 0 })];
const image = { width: 1, height: 1, data: new Uint8Array(3) };
const tensor = { dtype: "F32", shape: [1], data: new Float32Array(1) } as const;
const tensors = new Map([["in.features", { ...tensor, shape: [1, 1] }]]);
const none = (from: object) => from as never;

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "recoup-doors-"));
  path = join(folder, "a");
});
afterEach(() => rm(folder, { recursive: true }));

type Door = (wrong: never) => unknown;
const DOORS: Record<string, Door> = {
  fileSource,
  readImage,
  imageToPng,
  "imageToPng, data": (wrong) => imageToPng({ ...image, data: wrong }),
  "imageToPng, width": (wrong) => imageToPng({ ...image, width: wrong === 5 ? 2 : wrong }),
  "imageToPng, options": (wrong) => imageToPng(image, wrong),
  svgToPng,
  "svgToPng, options": (wrong) => svgToPng("<svg/>", wrong),
  "svgToPng, fonts": (wrong) => svgToPng("<svg/>", { fonts: wrong }),
  parseSafetensors,
  "parseSafetensors, options": (wrong) => parseSafetensors(new Uint8Array(9), wrong),
  encodeSafetensors,
  "encodeSafetensors, tensor": (wrong) => encodeSafetensors(new Map([["a", wrong]])),
  "encodeSafetensors, name": (wrong) => encodeSafetensors(new Map([[wrong, tensor]])),
  "encodeSafetensors, metadata": (wrong) => encodeSafetensors(new Map(), { metadata: wrong }),
  "encodeSafetensors, metadata's name": (wrong) => encodeSafetensors(new Map(), { metadata: new Map([[wrong, ""]]) }),
  "encodeSafetensors, options": (wrong) => encodeSafetensors(new Map(), wrong),
  readSafetensors,
  "readSafetensors, options": (wrong) => readSafetensors(path, wrong),
  writeSafetensors: (wrong) => writeSafetensors(path, wrong),
  "writeSafetensors, path": (wrong) => writeSafetensors(wrong, new Map()),
  "writeSafetensors, options": (wrong) => writeSafetensors(path, new Map(), wrong),
  readTokenTable,
  "readTokenTable, options": (wrong) => readTokenTable(path, wrong),
  tokenTableFromTensors,
  "tokenTableFromTensors, tensor": (wrong) => tokenTableFromTensors(new Map([["in.features", wrong]])),
  "tokenTableFromTensors, options": (wrong) => tokenTableFromTensors(none(tensors), wrong),
  "tokenTableFromTensors, grids": (wrong) => tokenTableFromTensors(none(tensors), { grids: wrong }),
  "tokenTableFromTensors, a grid": (wrong) => tokenTableFromTensors(none(tensors), { grids: [wrong] }),
  writeFileAtomic: (wrong) => writeFileAtomic(wrong, ""),
  "writeFileAtomic, data": (wrong) => writeFileAtomic(path, wrong),
  "writeFileAtomic, a piece": (wrong) => writeFileAtomic(path, (writeAt) => writeAt(wrong, 0)),
  "writeFileAtomic, options": (wrong) => writeFileAtomic(path, "", wrong),
  writeFilesAtomic,
  assertOutputs: (wrong) => assertOutputs(wrong),
  "assertOutputs, a path": (wrong) => assertOutputs([wrong]),
  "assertOutputs, inputs": (wrong) => assertOutputs([], { inputs: wrong }),
};

describe.each(Object.entries(DOORS))("%s", (_, door) => {
  it("refuses what is of another type", async () => {
    for (const wrong of WRONG) {
      const caught: Error = await Promise.resolve()
        .then((): never => door(wrong as never) as never)
        .catch((error) => error);
      expect(RecoupError.isInstance(caught), `${String(wrong)}: ${String(caught)}`).toBe(true);
      expect(caught.message.length).toBeLessThan(400);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

it.each(["", "a\0b"])("refuses %j as a path", async (odd) => {
  for (const door of [fileSource, readSafetensors, readTokenTable, readImage]) {
    await expect(door(odd)).rejects.toMatchObject({ name: "InvalidInputError", expected: "a path" });
  }
  await expect(writeFileAtomic(odd, "")).rejects.toThrow(RecoupError);
});

it("says in its first words that there is no such file, and never prints a data: address", async () => {
  await expect(readImage(path)).rejects.toThrow(/^readImage: no such file: expected a readable picture at /);
  await expect(readImage(folder)).rejects.toThrow("got a folder");
  const address = `data:image/png;base64,${"A".repeat(1000)}`;
  await expect(readImage(address)).rejects.toThrow(/^.{1,200}$/);
});
