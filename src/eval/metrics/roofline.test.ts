import { describe, expect, it } from "vitest";
import type { LanguageSizes } from "../../vlm/index.js";
import { LLAVA_7B } from "./efficiency.js";
import { A100, paperCostRow, prefillRoofline } from "./roofline.js";

/** A model of one of everything, so that the sums can be written out. */
const UNIT: LanguageSizes = {
  num_hidden_layers: 1,
  hidden_size: 1,
  intermediate_size: 1,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  vocab_size: 1,
};

describe("prefillRoofline", () => {
  it("counts each operator once per layer, and the head once", () => {
    const { operations, weightBytes, storedKvBytes, storedActivationBytes, memoryBytes } = prefillRoofline(3, UNIT);
    // 7 matrices, scores and their product with the values, softmax, 2 norms, 2 sums, activation; the head.
    expect(operations).toBe(7 * 2 * 3 + 2 * 2 * 9 + 5 * 9 + 2 * 7 * 3 + 2 * 3 + 2 * 3 + 1);
    expect(weightBytes).toBe(2 * (7 + 1));
    expect(storedKvBytes).toBe(2 * 2 * 3);
    expect(storedActivationBytes).toBe(2 * (5 * 3 + 9 + 3 + 9 + 5 * 3 + 1));
    const loads = 7 * 3 + 3 + 9 + 9 + 4 * 3 + 2 * 3 + 1;
    expect(memoryBytes).toBe(weightBytes + storedKvBytes + storedActivationBytes + 2 * (loads + 2 * 3));
  });

  it("takes the longer of arithmetic and traffic, operator by operator", () => {
    const slowMemory = prefillRoofline(636, LLAVA_7B, { device: { ...A100, bytesPerSecond: 1 } });
    expect(slowMemory.seconds).toBeCloseTo(slowMemory.memoryBytes, 0);
    const slowChip = prefillRoofline(636, LLAVA_7B, { device: { ...A100, fp16: 1 } });
    expect(slowChip.seconds).toBeCloseTo(slowChip.operations, 0);
    const real = prefillRoofline(636, LLAVA_7B);
    expect(real.seconds).toBeGreaterThan(real.operations / A100.fp16);
    expect(real.seconds).toBeGreaterThan(real.memoryBytes / A100.bytesPerSecond);
  });

  it("computes in integers only where weights and activations both have 8 bits or fewer", () => {
    const device = { name: "", bytesPerSecond: 1e30, fp16: 1, int8: 2 };
    const seconds = (weightBits: number, activationBits: number) =>
      prefillRoofline(8, UNIT, { weightBits, activationBits, device }).seconds;
    expect(seconds(4, 16)).toBe(seconds(16, 16));
    expect(seconds(8, 16)).toBe(seconds(16, 16));
    expect(seconds(8, 8)).toBe(seconds(16, 16) / 2);
    expect(seconds(4, 8)).toBe(seconds(16, 16) / 2);
  });

  it("of LLM-Viewer, with grouped keys and mixed bits, is the same", () => {
    // LLM-Viewer 472f71f, sizes of Qwen2-0.5B, 64 tokens, 4-bit weights and 16-bit activations.
    const model: LanguageSizes = {
      num_hidden_layers: 24,
      hidden_size: 896,
      intermediate_size: 4864,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      vocab_size: 151936,
    };
    const { operations, seconds, memoryBytes } = prefillRoofline(64, model, { weightBits: 4, activationBits: 16 });
    expect([operations, memoryBytes]).toEqual([46321909760, 362891776]);
    expect(seconds).toBeCloseTo(0.00023337091704180065, 12);
  });
});

describe("paperCostRow", () => {
  it("divides operations by 2 for 8 bits and by 4 for 4 bits, as the table does", () => {
    const rows = ([16, 8, 4] as const).map((bits) => paperCostRow(636, bits, LLAVA_7B));
    expect(rows.map(({ teraOperations }) => teraOperations)).toEqual([8.453253840896, 4.226626920448, 2.113313460224]);
    expect(rows[0].milliseconds).toBeCloseTo(30.31, 2);
    expect(rows[0].memoryGigabytes).toBeCloseTo(22.207, 3);
    expect(rows[0].activationGigabytes).toBeCloseTo(4.0535, 4);
  });
});
