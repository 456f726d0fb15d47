import { describe, expect, it } from "vitest";
import { gemma3 as gemma3Family } from "./gemma3.js";
import { idefics3, smolvlm as smolvlmFamily } from "./idefics3.js";
import { llava } from "./llava.js";
import { mistral3 } from "./mistral3.js";

const smolvlm = { image_token: "i", fake_image_token: "f", global_img_token: "g" };
const gemma3 = { image_token: "i", boi_token: "<", eoi_token: ">" };
const pixtral = { config: { image_token: "i", image_break_token: "/", image_end_token: "." } };
const grid = { rows: 2, columns: 3, offset: 0 };

describe("markup", () => {
  it("writes tiles by row and column, the whole image last", () => {
    for (const { markup } of [idefics3, smolvlmFamily]) {
      const marks = markup?.(smolvlm);
      expect(marks?.imageText).toBeUndefined();
      const tiles = "f<row_1_col_1>iif<row_1_col_2>ii\nf<row_2_col_1>iif<row_2_col_2>ii\n";
      expect(marks?.write({ each: 2, tiles: [2, 2] })).toBe(`${tiles}\nfgiif`);
      expect(marks?.write({ each: 2, tiles: [0, 0] })).toBe("fgiif");
    }
  });

  it("writes one mark before and after, and knows by which of them templates call an image", () => {
    const marks = gemma3Family.markup?.(gemma3);
    expect(marks?.imageText).toBe("<");
    expect(marks?.write({ each: 4, tiles: [0, 0] })).toBe("\n\n<iiii>\n\n");
  });

  it("writes a mark after each line, another after the last", () => {
    for (const { markup } of [mistral3, llava]) {
      const marks = markup?.(pixtral);
      expect(marks?.imageText).toBeUndefined();
      expect(marks?.write({ each: 6, tiles: [0, 0], grid })).toBe("iii/iii.");
      expect(marks?.write({ each: 3, tiles: [0, 0], grid: { ...grid, rows: 1 } })).toBe("iii.");
    }
  });

  it("does not guess at lines", () => {
    expect(() => mistral3.markup?.(pixtral)?.write({ each: 7, tiles: [0, 0] })).toThrow(
      /lines and columns.*got 7 of them/,
    );
  });

  it("finds none in a processor that writes placeholders only", () => {
    expect(llava.markup?.({ config: { image_token: "i", patch_size: 14 } })).toBeUndefined();
    expect(gemma3Family.markup?.({ image_token: "i", boi_token: "<" })).toBeUndefined();
    for (const { markup } of [llava, idefics3, gemma3Family, mistral3]) expect(markup?.({})).toBeUndefined();
  });
});
