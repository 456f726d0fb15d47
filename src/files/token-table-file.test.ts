import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { InvalidInputError, signalsOf } from "../core/index.js";
import { toFloat16Array } from "../math/index.js";
import type { Tensor } from "./safetensors/format.js";
import { readSafetensors, writeSafetensors } from "./safetensors-file.js";
import { readTokenTable, type TokenTableOptions, tokenTableFromTensors } from "./token-table-file.js";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../tests/golden/compress/${name}.safetensors`, import.meta.url));

const f32 = (shape: number[], values: number[]): Tensor => ({ dtype: "F32", shape, data: Float32Array.from(values) });

/** Two tokens of width 2, and for both sides of every signal values that can be followed by hand. */
const PARTS: Record<string, Tensor> = {
  "in.features": f32([2, 2], [1, 2, 3, 4]),
  "in.keys": f32([3, 1], [0, Math.log(2), Math.log(5)]),
  "in.q_cls": f32([1], [1]),
  "in.similarity": f32([2], [0.25, -0.5]),
  "in.last_hidden": f32([3, 2], [9, 9, 1, 0, 3, 4]),
  "in.visual_projection": f32([3, 2], [1, 0, 0, 1, 0, 0]),
  "in.text": f32([3], [0, 2, 0]),
  "in.words": f32([2, 3], [1, 0, 0, 0, 0, 7]),
};

/** A token table file in which one tensor is said to be complex: of as many values, half as long. */
async function withComplex(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "token-table-complex-"));
  const path = join(folder, "table.safetensors");
  const tensors = new Map(Object.entries({ ...PARTS, other: f32([2], [1, 2]) }));
  await writeSafetensors(path, tensors);
  const text = await readFile(path, "latin1");
  const at = text.indexOf('"dtype":"F32"', text.indexOf(`"${name}"`));
  await writeFile(path, `${text.slice(0, at)}"dtype":"C64"${text.slice(at + 13)}`, "latin1");
  return path;
}

describe("a tensor of a type that is not read", () => {
  it("is left alone where no signal needs it, and named where one does", async () => {
    expect(signalsOf((await readTokenTable(await withComplex("other"))).table)).toContain("keys");
    const refused = readTokenTable(await withComplex("in.features"));
    await expect(refused).rejects.toThrow(/expected in\.features as F32 or F16 in .*, got "C64"/);
    await expect(readTokenTable(await withComplex("in.last_hidden"))).rejects.toThrow(/in\.last_hidden as F32 or F16/);
  });
});

/** The table of the named parts, or of all, with replacements (undefined removes). */
function table(changes: Record<string, Tensor | undefined> = {}, options: TokenTableOptions = {}) {
  const parts = Object.entries({ ...PARTS, ...changes }).filter(
    (part): part is [string, Tensor] => part[1] !== undefined,
  );
  return tokenTableFromTensors(new Map(parts), options);
}

const only = (...names: string[]) =>
  Object.fromEntries(Object.keys(PARTS).map((name) => [name, names.includes(name) ? PARTS[name] : undefined]));

const close = (values: ArrayLike<number> | undefined, expected: number[]) => {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(values?.[i]).toBeCloseTo(value, 6);
};

describe("readTokenTable", () => {
  it.each(["small-n64-c32-a", "mid-n144-c128", "edge-brute-n36"])(
    "reads %s: the recorded attention, the similarity as it stands, the square grid",
    async (name) => {
      const { tensors } = await readSafetensors(golden(name));
      const { table, textScale } = await readTokenTable(golden(name), { prefer: "released" });
      const [count, dim] = tensors.get("in.features")?.shape ?? [];
      expect(table).toMatchObject({ count, sourceCount: count, features: { count, dim }, keys: { count, dim } });
      expect(table.features?.data).toEqual(tensors.get("in.features")?.data);
      expect(table.keys?.data).toEqual((tensors.get("in.keys") as Tensor).data.subarray(dim));
      expect(table.textSimilarity).toEqual(tensors.get("in.similarity")?.data);
      expect(textScale).toBe("released");
      const side = Math.sqrt(count);
      expect(table.grids).toEqual([{ rows: side, columns: side, offset: 0, patchSize: undefined }]);
      const attention = (tensors.get("mid.attn_cls") as Tensor).data as Float32Array;
      const largest = Math.max(...attention);
      for (let i = 0; i < count; i++) {
        expect(Math.abs((table.clsAttention?.[i] ?? Number.NaN) - attention[i])).toBeLessThan(1e-6 * largest);
      }
    },
  );

  it("computes plain cosines where the parts are there, D^0.5 times the recorded similarity", async () => {
    const path = golden("small-n64-c32-a");
    const { table, textScale } = await readTokenTable(path);
    const { table: released } = await readTokenTable(path, { prefer: "released" });
    expect(textScale).toBe("cosine");
    for (let i = 0; i < 64; i++) {
      // D = 16.
      expect(table.textSimilarity?.[i]).toBeCloseTo(4 * (released.textSimilarity?.[i] ?? Number.NaN), 5);
    }
  });

  it("takes the sign of the similarities from the metadata, or from the caller", async () => {
    const folder = await mkdtemp(join(tmpdir(), "recoup-"));
    const path = join(folder, "table.safetensors");
    const write = (sign: string) =>
      writeSafetensors(path, new Map(Object.entries(PARTS)), { metadata: new Map([["textPolarity", sign]]) });
    try {
      await write("-1");
      expect((await readTokenTable(path)).table.textPolarity).toBe(-1);
      expect((await readTokenTable(path, { textPolarity: 1 })).table.textPolarity).toBe(1);
      await write("high");
      await expect(readTokenTable(path)).rejects.toThrow(/textPolarity 1 or -1 in the metadata in .*, got high/);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(table().table.textPolarity).toBe(1);
  });

  it("takes the recorded similarity where the parts are missing", async () => {
    const { table, textScale } = await readTokenTable(golden("edge-no-text"));
    expect(signalsOf(table)).toEqual(["features", "keys", "clsAttention", "textSimilarity", "grid"]);
    expect(textScale).toBe("released");
  });

  it("refuses the golden file with a NaN among its keys, naming it", async () => {
    const path = golden("raise-nan-key");
    const error = await readTokenTable(path).catch((caught) => caught);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toMatch(/^readTokenTable: expected finite in\.keys in .*, got NaN at row/);
    expect(error.message).toContain(path);
  });

  it("passes on what reading the file refuses", async () => {
    const folder = await mkdtemp(join(tmpdir(), "token-table-file-"));
    try {
      await expect(readTokenTable(join(folder, "none"))).rejects.toMatchObject({ operation: "readSafetensors" });
      await writeSafetensors(join(folder, "other"), new Map([["weight", f32([1], [1])]]));
      await expect(readTokenTable(join(folder, "other"))).rejects.toMatchObject({
        operation: "readTokenTable",
        expected: `tensor in.features in ${join(folder, "other")}`,
        got: '["weight"]',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("tokenTableFromTensors", () => {
  it("drops the class rows and computes every signal", () => {
    const { table: all, textScale } = table();
    expect([...(all.features?.data ?? [])]).toEqual([1, 2, 3, 4]);
    close(all.keys?.data, [Math.log(2), Math.log(5)]);
    // softmax over (0, ln 2, ln 5): 1/8, 2/8, 5/8.
    close(all.clsAttention, [0.25, 0.625]);
    close(all.textSimilarity, [0, 0.8]);
    expect(all.wordSimilarity).toMatchObject({ count: 2, dim: 2 });
    close(all.wordSimilarity?.data, [1, 0, 0.6, 0]);
    expect(textScale).toBe("cosine");
  });

  it("gives the recorded similarity as it stands when that is preferred", () => {
    const { table: all, textScale } = table({}, { prefer: "released" });
    expect([...(all.textSimilarity ?? [])]).toEqual([0.25, -0.5]);
    close(all.wordSimilarity?.data, [1, 0, 0.6, 0]);
    expect(textScale).toBe("released");
  });

  it("says cosine when the recorded similarity is preferred but not there", () => {
    const { table: all, textScale } = table({ "in.similarity": undefined }, { prefer: "released" });
    close(all.textSimilarity, [0, 0.8]);
    expect(textScale).toBe("cosine");
  });

  it("is content with features alone", () => {
    const { table: bare, textScale } = table(only("in.features"));
    expect(signalsOf(bare)).toEqual(["features"]);
    expect(textScale).toBeUndefined();
  });

  it.each([
    ["keys", ["in.keys"], ["features", "keys"]],
    ["patch states", ["in.last_hidden", "in.visual_projection"], ["features"]],
    ["patch states that nothing projects", ["in.last_hidden"], ["features"]],
    ["words but no text", ["in.last_hidden", "in.visual_projection", "in.words"], ["features", "wordSimilarity"]],
  ])("leaves out what %s alone do not give", (_, names, signals) => {
    expect(signalsOf(table(only("in.features", ...names)).table)).toEqual(signals);
  });

  it.each([
    ["in.q_cls", ["in.keys"]],
    ["in.text", ["in.last_hidden"]],
    ["in.text", ["in.visual_projection"]],
    ["in.words", ["in.last_hidden", "in.visual_projection"]],
  ])("refuses %s without %s", (name, missing) => {
    const kept = Object.keys(PARTS).filter(
      (part) => !missing.includes(part) && (part === name || !/text|words/.test(part)),
    );
    const work = () => table(only(...kept));
    expect(work).toThrow(InvalidInputError);
    expect(work).toThrow(`beside ${name} in the given tensors, got no ${missing.join(", no ")}`);
  });

  it("takes attention that is recorded, with or without keys", () => {
    const recorded = { "in.cls_attention": f32([2], [0.5, 0.125]) };
    expect([...(table(recorded).table.clsAttention ?? [])]).toEqual([0.5, 0.125]);
    const { table: alone } = table({ ...only("in.features"), ...recorded });
    expect(signalsOf(alone)).toEqual(["features", "clsAttention"]);
    expect(() => table({ "in.cls_attention": f32([2], [-1, 0]) })).toThrow("at least 0");
  });

  it("converts half precision, and leaves float32 where it is", () => {
    const half: Tensor = { dtype: "F16", shape: [2, 2], data: toFloat16Array([1, -0.5, 65504, 2 ** -24]) };
    const { features } = table({ ...only(), "in.features": half }).table;
    expect([...(features?.data ?? [])]).toEqual([1, -0.5, 65504, 2 ** -24]);
    expect(table().table.features?.data).toBe(PARTS["in.features"].data);
  });

  it("has a square grid for a square number of tokens, none for another, and the given grids in order", () => {
    const features = (count: number) => ({ ...only(), "in.features": f32([count, 1], Array(count).fill(1)) });
    expect(table(features(9)).table.grids).toMatchObject([{ rows: 3, columns: 3, offset: 0 }]);
    expect(table(features(8)).table.grids).toBeUndefined();
    const grids = [
      { rows: 1, columns: 2 },
      { rows: 3, columns: 2, patchSize: 14 },
    ];
    expect(table(features(8), { grids }).table.grids).toEqual([
      { rows: 1, columns: 2, offset: 0 },
      { rows: 3, columns: 2, patchSize: 14, offset: 2 },
    ]);
    expect(() => table(features(9), { grids })).toThrow("grids that cover 9 source tokens in the given tensors, got 8");
  });

  it.each([
    ["in.features", f32([4], [1, 2, 3, 4]), "in.features of shape [N, C]", "[4]"],
    ["in.keys", f32([2, 1], [1, 2]), "in.keys of shape [3, Ck] to fit in.features [2, 2]", "[2, 1]"],
    ["in.q_cls", f32([2], [1, 2]), "in.q_cls of shape [1] to fit in.keys [3, 1]", "[2]"],
    ["in.q_cls", f32([1, 1], [1]), "in.q_cls of shape [1]", "[1, 1]"],
    ["in.cls_attention", f32([3], [0, 0, 0]), "in.cls_attention of shape [2] to fit in.features", "[3]"],
    ["in.similarity", f32([3], [1, 2, 3]), "in.similarity of shape [2] to fit in.features", "[3]"],
    ["in.last_hidden", f32([2, 2], [1, 2, 3, 4]), "in.last_hidden of shape [3, H] to fit in.features", "[2, 2]"],
    ["in.visual_projection", f32([3, 1], [1, 2, 3]), "of shape [D, 2] to fit in.last_hidden [3, 2]", "[3, 1]"],
    ["in.text", f32([2], [1, 2]), "in.text of shape [3] to fit in.visual_projection [3, 2]", "[2]"],
    ["in.words", f32([3, 2], [1, 2, 3, 4, 5, 6]), "in.words of shape [M, 3] to fit in.visual_projection", "[3, 2]"],
    ["in.text", { dtype: "I64", shape: [3], data: new BigInt64Array(3) } as Tensor, "in.text as F32 or F16", "I64"],
  ])("refuses %s of a shape or data type that does not fit", (name, tensor, expected, got) => {
    const work = () => table({ [name]: tensor });
    expect(work).toThrow(InvalidInputError);
    expect(work).toThrow(expected);
    expect(work).toThrow(`, got ${got}`);
  });

  it.each([
    ["in.features", f32([2, 2], [1, Number.NaN, 3, 4]), "NaN at row 0, column 1"],
    ["in.keys", f32([3, 1], [Number.NEGATIVE_INFINITY, 1, 2]), "-Infinity at row 0, column 0"],
    ["in.q_cls", f32([1], [Number.NaN]), "NaN at row 0"],
    ["in.cls_attention", f32([2], [0, Number.POSITIVE_INFINITY]), "Infinity at row 0, column 1"],
    ["in.similarity", f32([2], [Number.NaN, 0]), "NaN at row 0, column 0"],
    ["in.last_hidden", f32([3, 2], [9, 9, 1, Number.POSITIVE_INFINITY, 3, 4]), "Infinity at row 1, column 1"],
    ["in.visual_projection", f32([3, 2], [1, 0, 0, 1, Number.NaN, 0]), "NaN at row 2, column 0"],
    ["in.text", f32([3], [0, Number.NaN, 0]), "NaN at row 0, column 1"],
    ["in.words", f32([1, 3], [Number.NaN, 0, 0]), "NaN at row 0, column 0"],
  ])("refuses NaN and infinity in %s", (name, tensor, got) => {
    expect(() => table({ [name]: tensor })).toThrow(InvalidInputError);
    expect(() => table({ [name]: tensor })).toThrow(`expected finite ${name} in the given tensors, got ${got}`);
  });

  it("refuses a file of no tokens, tokens of no width, no words", () => {
    expect(() => table({ ...only(), "in.features": f32([0, 2], []) })).toThrow(InvalidInputError);
    expect(() => table({ ...only(), "in.features": f32([2, 0], []) })).toThrow(InvalidInputError);
    expect(() => table({ "in.words": f32([0, 3], []) })).toThrow(InvalidInputError);
  });

  it("refuses a preference that is none", () => {
    expect(() => table({}, { prefer: "raw" as "cosine" })).toThrow('prefer "cosine" or "released"');
  });
});
