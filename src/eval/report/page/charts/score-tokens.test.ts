import { expect, it } from "vitest";
import { type PlottedSetting, scoreTokensChart } from "./score-tokens.js";
import { LETTERS } from "./style.js";

const setting = (id: string, relative: number, tokens: number): PlottedSetting => ({
  id,
  name: id.split("@")[0],
  method: id.split("@")[0],
  budget: id === "none" ? "all" : tokens,
  role: id === "none" ? "reference" : "method",
  relative,
  tokens: { mean: tokens },
});

/** Height of the plot, and of each name from its top, in pixels. */
function drawn(count: number) {
  const methods = Array.from({ length: count }, (_, i) => setting(`method-${i}@58`, 50 + (i % 3), 58));
  const spec = scoreTokensChart([setting("none", 100, 576), ...methods], []) as unknown as {
    height: number;
    layer: {
      data: { values: { label?: string; labelRelative: number }[] };
      encoding: { y: { scale: { domain: number[] } } };
    }[];
  };
  const named = spec.layer.find(({ data }) => data.values.some(({ label }) => label?.startsWith("method")));
  const [low, high] = named?.encoding.y.scale.domain ?? [];
  const values = named?.data.values.filter(({ label }) => label !== "all tokens") ?? [];
  const tops = values.map(({ labelRelative }) => (spec.height * (high - labelRelative)) / (high - low));
  return { height: spec.height, tops: tops.sort((a, b) => a - b) };
}

it.each([3, 28, 60])("%i names stand apart, and within the plot", (count) => {
  const { height, tops } = drawn(count);
  expect(tops).toHaveLength(count);
  expect(tops[0]).toBeGreaterThanOrEqual(-1e-9);
  expect(tops[count - 1]).toBeLessThanOrEqual(height);
  for (let i = 1; i < count; i++) expect(tops[i] - tops[i - 1]).toBeGreaterThan(LETTERS);
});

it("is as high as ever where its names need no more", () => {
  expect(drawn(3).height).toBe(drawn(20).height);
});
