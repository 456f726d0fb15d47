import { describe, expect, it } from "vitest";
import { createTokenTable, planRows } from "../../core/index.js";
import { cornerMethod, cornerPicture } from "./downsample.js";

describe("a smaller picture", () => {
  it("stands in the upper left corner of a canvas of the mean color", () => {
    const inner = { width: 2, height: 2, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) };
    const { width, height, data } = cornerPicture(inner, 2, 3);
    expect([width, height]).toEqual([3, 3]);
    const mean = [122, 116, 104];
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6, ...mean, 7, 8, 9, 10, 11, 12, ...mean, ...mean, ...mean, ...mean]);
    expect(() => cornerPicture({ ...inner, width: 1 }, 2, 3)).toThrow(/2 equal patches a side/);
  });

  it("keeps the patches of the corner", () => {
    const table = createTokenTable({
      features: { data: new Float32Array(24), count: 12, dim: 2 },
      grids: [{ rows: 3, columns: 4, offset: 0 }],
    });
    expect(planRows(cornerMethod(2).plan(table)).map(({ anchor }) => anchor)).toEqual([0, 1, 4, 5]);
  });
});
