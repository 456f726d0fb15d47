import { describe, expect, it } from "vitest";
import { pictureMarks } from "./image-markup.js";

const smolvlm = { image_token: "i", fake_image_token: "f", global_img_token: "g" };
const gemma3 = { image_token: "i", boi_token: "<", eoi_token: ">" };
const pixtral = { config: { image_token: "i", image_break_token: "/", image_end_token: "." } };
const grid = { rows: 2, columns: 3, offset: 0 };

describe("pictureMarks", () => {
  it("writes tiles by row and column, the whole picture last", () => {
    const marks = pictureMarks(smolvlm);
    expect(marks?.slot).toBeUndefined();
    const tiles = "f<row_1_col_1>iif<row_1_col_2>ii\nf<row_2_col_1>iif<row_2_col_2>ii\n";
    expect(marks?.write({ each: 2, tiles: [2, 2] })).toBe(`${tiles}\nfgiif`);
    expect(marks?.write({ each: 2, tiles: [0, 0] })).toBe("fgiif");
  });

  it("writes one mark before and after, and knows by which of them templates call a picture", () => {
    const marks = pictureMarks(gemma3);
    expect(marks?.slot).toBe("<");
    expect(marks?.write({ each: 4, tiles: [0, 0] })).toBe("\n\n<iiii>\n\n");
  });

  it("writes a mark after each line, another after the last", () => {
    const marks = pictureMarks(pixtral);
    expect(marks?.slot).toBeUndefined();
    expect(marks?.write({ each: 6, tiles: [0, 0], grid })).toBe("iii/iii.");
    expect(marks?.write({ each: 3, tiles: [0, 0], grid: { ...grid, rows: 1 } })).toBe("iii.");
  });

  it("does not guess at lines", () => {
    expect(() => pictureMarks(pixtral)?.write({ each: 7, tiles: [0, 0] })).toThrow(/lines and columns.*got 7 of them/);
  });

  it("finds none in a processor that writes placeholders only", () => {
    expect(pictureMarks({ config: { image_token: "i", patch_size: 14 } })).toBeUndefined();
    expect(pictureMarks({ image_token: "i", boi_token: "<" })).toBeUndefined();
    expect(pictureMarks({})).toBeUndefined();
  });
});
