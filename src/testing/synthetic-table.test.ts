import { describe, expect, it } from "vitest";
import { RecoupError } from "../core/index.js";
import { topK } from "../math/index.js";
import { syntheticTable } from "./synthetic-table.js";

const size = { rows: 24, columns: 24, dim: 16 };

describe("syntheticTable", () => {
  it("carries every column, whole, with one grid per picture", () => {
    const table = syntheticTable({ rows: 3, columns: 5, dim: 4, pictures: 2, words: 2 });
    expect([table.count, table.sourceCount]).toEqual([30, 30]);
    expect([table.features.count, table.features.dim, table.keys.dim]).toEqual([30, 4, 4]);
    expect([table.clsAttention.length, table.textSimilarity.length]).toEqual([30, 30]);
    expect([table.wordSimilarity.count, table.wordSimilarity.dim]).toEqual([30, 2]);
    expect(table.grids).toEqual([
      { rows: 3, columns: 5, offset: 0 },
      { rows: 3, columns: 5, offset: 15 },
    ]);
  });

  it("gives the same bits for the same seed, today and on every engine", () => {
    const table = syntheticTable({ ...size, seed: 5 });
    expect(syntheticTable({ ...size, seed: 5 })).toEqual(table);
    expect(syntheticTable({ ...size, seed: 6 }).features).not.toEqual(table.features);
    // Pinned: benches and documents quote numbers of these tables.
    expect(fingerprint([table.features.data, table.keys.data, table.clsAttention, table.wordSimilarity.data])).toBe(
      161036184,
    );
  });

  it("has heavy-tailed attention: sum 0.9, a few registers hold 30 to 60 % of it", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clsAttention, registers } = syntheticTable({ ...size, seed });
      expect(clsAttention.reduce((a, b) => a + b)).toBeCloseTo(0.9, 4);
      expect(registers.length).toBe(6);
      const held = registers.reduce((sum, id) => sum + clsAttention[id], 0);
      expect(held).toBeGreaterThan(0.3);
      expect(held).toBeLessThan(0.6);
      expect(Array.from(topK(clsAttention, 6)).sort((a, b) => a - b)).toEqual(Array.from(registers));
    }
  });

  it("has a target that the question points at and the class token overlooks", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clsAttention, textSimilarity, target } = syntheticTable({ ...size, seed });
      expect(target.length).toBeGreaterThan(20);
      expect(target.length).toBeLessThan(130);
      const mostSimilar = new Set(topK(textSimilarity, target.length));
      expect(target.filter((id) => mostSimilar.has(id)).length).toBeGreaterThan(0.8 * target.length);
      const attended = new Set(topK(clsAttention, 64));
      expect(target.some((id) => attended.has(id))).toBe(false);
    }
  });

  it("turns the similarities, and nothing else, with textPolarity -1", () => {
    const plain = syntheticTable(size);
    const turned = syntheticTable({ ...size, textPolarity: -1 });
    expect([plain.textPolarity, turned.textPolarity]).toEqual([1, -1]);
    expect(turned.textSimilarity).toEqual(plain.textSimilarity.map((value) => -value));
    expect(turned.wordSimilarity.data).toEqual(plain.wordSimilarity.data.map((value) => -value));
    expect(turned.features).toEqual(plain.features);
    expect(turned.target).toEqual(plain.target);
  });

  it("goes down to a single token", () => {
    const table = syntheticTable({ rows: 1, columns: 1, dim: 1 });
    expect(table.count).toBe(1);
    expect(Array.from(table.registers)).toEqual([]);
    expect(Array.from(table.target)).toEqual([0]);
  });

  it.each([
    ["rows", { ...size, rows: 0 }],
    ["columns", { ...size, columns: 2.5 }],
    ["dim", { ...size, dim: Number.NaN }],
    ["seed", { ...size, seed: -1 }],
    ["pictures", { ...size, pictures: 0 }],
    ["words", { ...size, words: 0 }],
    ["registers", { ...size, registers: 576 }],
  ])("refuses a wrong %s by name", (name, options) => {
    expect(() => syntheticTable(options)).toThrow(RecoupError);
    expect(() => syntheticTable(options)).toThrow(new RegExp(`^syntheticTable: expected ${name} as a whole number`));
  });
});

/** FNV-1a over the bytes. */
function fingerprint(arrays: readonly Float32Array[]): number {
  let hash = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
