/**
 * What onnx.checker and ONNX Runtime for Python say of every tapped case (python/recoup_fixtures/check_taps.py), beside what ONNX Runtime
 * for Node computes today.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesSource, modelBytes, openOnnx, type TapSignal, tap } from "../../src/onnx/index.js";
import { FIXTURES, readValues, runFeeds } from "./fixtures.js";

interface Row {
  readonly refused?: string;
  readonly before?: string;
  readonly after?: string;
  readonly stock?: string;
  readonly outputs?: Readonly<Partial<Record<TapSignal, { shape: number[]; mean: number; square: number }>>>;
}

const GOLDEN = new URL("../golden/", import.meta.url);
const { cases }: { cases: Record<string, Row> } = JSON.parse(
  readFileSync(new URL("checked-taps.json", GOLDEN), "utf8"),
);
const named = (folder: string) =>
  readdirSync(new URL(`${folder}/`, GOLDEN)).flatMap((name) =>
    name.endsWith(".onnx") ? [`${folder}/${name.slice(0, -5)}`] : [],
  );
const SMALL = [...named("layouts"), ...named("kinds")];

it("every case was checked, and is as valid after a tap as before", () => {
  const all = [...FIXTURES.map(({ export: name, variant }) => `onnx/${name}/${variant}`), ...SMALL];
  expect(Object.keys(cases).sort()).toEqual(all.sort());
  for (const [name, { before, after, refused, stock }] of Object.entries(cases)) {
    // A tap puts nodes that a converter appended into their order.
    expect(after === "ok" || after === before, `${name}: ${after}`).toBe(true);
    if (refused === undefined) expect(Number(stock), name).toBeLessThan(2e-3);
  }
  // Optimized files in operator set 14 with a later LayerNormalization are refused as they are.
  expect(Object.values(cases).filter(({ after = "ok" }) => after !== "ok")).toHaveLength(8);
  const refused = Object.entries(cases).filter(([, row]) => row.refused !== undefined);
  expect(refused.map(([name]) => name).sort()).toEqual([
    "kinds/function",
    "kinds/function-constants",
    "kinds/subgraph",
  ]);
});

const plain = readValues(new URL("layouts/plain.safetensors", GOLDEN)).get("pixels");
const pixelsOf = (name: string) =>
  name.startsWith("layouts") ? readValues(new URL(`${name}.safetensors`, GOLDEN)).get("pixels") : plain;

describe("the values are those that Python saw", () => {
  it.each(SMALL.filter((name) => cases[name]?.refused === undefined))("%s", async (name) => {
    const model = await openOnnx(bytesSource(new Uint8Array(readFileSync(new URL(`${name}.onnx`, GOLDEN))), name));
    const { model: tapped, outputs } = tap(model);
    const wanted = cases[name].outputs ?? {};
    expect(Object.keys(outputs)).toEqual(Object.keys(wanted));
    const ids = { dims: [2, 5], data: Float32Array.from({ length: 10 }, (_, i) => i) };
    const weights = new Set(model.graph.initializers.map((each) => each.name));
    const feeds = model.graph.inputs.flatMap(({ name: input }) =>
      weights.has(input) ? [] : [[input, input === "input_ids" ? ids : pixelsOf(name)] as const],
    );
    const found = await runFeeds(await modelBytes(tapped), Object.fromEntries(feeds) as never);
    for (const [signal, { shape, mean, square }] of Object.entries(wanted)) {
      const { dims, data } = found[outputs[signal as TapSignal] ?? ""];
      expect(dims, signal).toEqual(shape);
      expect(data.reduce((sum, value) => sum + value, 0) / data.length, signal).toBeCloseTo(mean, 4);
      expect(data.reduce((sum, value) => sum + value * value, 0) / data.length, signal).toBeCloseTo(square, 3);
    }
  });
});
