/** Places and mass in a real browser, on WebAssembly and WebGPU: the logits of Node over turns with recovery. */
import { join } from "node:path";
import * as transformers from "@huggingface/transformers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LoadOptions } from "../../src/vlm/index.js";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { chromium, SOFTWARE_GPU } from "./chromium.js";
import { PAGE_START, root, runModelPage } from "./model-page.js";
import { type ToldTurn, toldTurns } from "./told-turns.js";

const page = (options: LoadOptions) => `${PAGE_START}
import { toldTurns } from ${JSON.stringify(join(root, "tests/platform/told-turns.ts"))};
try {
  if (${JSON.stringify(options)}.device && !(await navigator.gpu?.requestAdapter())) await report({ adapter: false });
  else {
    const vlm = await loadVlm("tiny", { transformers, dtype: "fp32", ...${JSON.stringify(options)} });
    await report({ turns: await toldTurns(transformers, vlm, "/examples/scene.png") });
  }
} catch (error) {
  await report({ error: String(error.stack ?? error) });
}
`;

describe.skipIf(chromium === undefined)("a told decoder in Chromium", { timeout: 180_000 }, () => {
  let expected: readonly ToldTurn[];
  beforeAll(async () => {
    const vlm = await loadVlm("tiny");
    expected = await toldTurns(transformers, vlm, join(root, "examples/scene.png"));
    await vlm.dispose();
    expect(expected[0].told).toEqual({ positions: "original", mass: 1, untold: {} });
    expect(expected.some(({ recovered }) => recovered.length > 0)).toBe(true);
  });

  // WebGPU rounds in its own way: with places counted and no mass, in a decoder as its file is, it is up to 2.5e-4 off Node.
  it.each<[string, LoadOptions, readonly string[], number]>([
    ["WebAssembly", {}, ["--disable-gpu"], 1e-4],
    ["WebGPU", { device: { decoder_model_merged: "webgpu", embed_tokens: "wasm" } as never }, SOFTWARE_GPU, 5e-4],
  ])("gives the logits of Node over three turns: %s", async (_, options, flags, tolerance) => {
    const result = await runModelPage(page(options), flags);
    if (result.adapter === false) return;
    expect(result.error).toBeUndefined();
    const turns = result.turns as readonly ToldTurn[];
    for (const [i, { first, mass, ...facts }] of turns.entries()) {
      const { first: inNode, mass: massInNode, ...factsInNode } = expected[i];
      expect(facts).toEqual(factsInNode);
      // By cosines of features, which the runtimes round in their own ways.
      expect(mass).toHaveLength(massInNode.length);
      for (const [row, value] of mass.entries()) expect(value / massInNode[row]).toBeCloseTo(1, 4);
      const largest = Math.max(...inNode.map(Math.abs));
      expect(Math.max(...inNode.map((value, at) => Math.abs(value - first[at]))) / largest).toBeLessThan(tolerance);
    }
  });
});
