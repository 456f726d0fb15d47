/**
 * Towers of one or two layers in many layouts (made by python/recoup_fixtures/make_layouts.py): attention is read by its axes, states
 * by what the residual sum adds to. True tensors come from running each graph.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bytesSource,
  locate,
  modelBytes,
  openOnnx,
  planSplit,
  TAP_SIGNALS,
  type TapSignal,
  tap,
} from "../../src/onnx/index.js";
import { lastLayer } from "../../src/onnx/vision/locate.js";
import { tappable } from "../../src/onnx/vision/tap.js";
import { difference, readValues, run, wantedOf } from "./fixtures.js";

const FOLDER = new URL("../golden/layouts/", import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const CASES: Record<string, Partial<Record<TapSignal, string>>> = JSON.parse(
  readFileSync(new URL("index.json", FOLDER), "utf8"),
);

describe.each(Object.entries(CASES))("%s", (name, refusals) => {
  const open = () => openOnnx(bytesSource(bytesOf(`${name}.onnx`), name));

  it("refuses what it lacks, by the layout", async () => {
    const located = locate(await open());
    const { taps, refused } = tappable(located, lastLayer(located));
    for (const [signal, words] of Object.entries(refusals)) expect(refused[signal as TapSignal]).toContain(words);
    expect([...taps, ...Object.keys(refusals)]).toEqual(
      expect.arrayContaining([...TAP_SIGNALS].filter((each) => !(each in refused))),
    );
  });

  it("gives the graph's own tensors when tapped, as [B, L, C], and rows over the keys that sum to 1", async () => {
    const truth = readValues(new URL(`${name}.safetensors`, FOLDER));
    const model = await open();
    const signals = TAP_SIGNALS.filter((signal) => !(signal in refusals) && wantedOf(signal, truth) !== undefined);
    expect(signals).toContain("states");
    const tapped = tap(model, { signals });
    const found = await run(
      await modelBytes(tapped.model),
      truth.get("pixels") ?? { dims: [], data: new Float32Array() },
    );
    for (const signal of signals) {
      const { dims, data } = found.get(tapped.outputs[signal] ?? "") ?? { dims: [], data: new Float32Array() };
      expect(difference(data, wantedOf(signal, truth) ?? new Float32Array()), signal).toBeLessThan(1e-5);
      expect(tapped.model.graph.outputs.find(({ name }) => name === tapped.outputs[signal])?.shape).toHaveLength(
        dims.length,
      );
      if (signal !== "clsAttention") continue;
      for (let row = 0; row < data.length; row += 5) {
        expect(data.subarray(row, row + 5).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
      }
    }
    expect(
      difference(found.get("out")?.data ?? new Float32Array(), truth.get("out")?.data ?? new Float32Array()),
    ).toBeLessThan(1e-6);
  });
});

it("split refuses states with the tokens before the batch", async () => {
  const model = await openOnnx(bytesSource(bytesOf("tokens-first.onnx")));
  expect(() => planSplit(model)).toThrow(/hidden states \[B, L, C\], got \[L, B, C\]/);
});
