/** Split plans applied to their files, and the parts checked against the whole. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  applySplit,
  checkSplit,
  type FloatTensor,
  modelBytes,
  OnnxInputError,
  type OnnxModel,
  OnnxUnsupportedError,
  planSplit,
  type RunModel,
  split,
} from "../../src/onnx/index.js";
import { makeTensor } from "../../src/onnx/proto/make.js";
import { FIXTURES, openFixture, runFeeds, truth } from "./fixtures.js";

const folder = mkdtempSync(join(tmpdir(), "recoup-plans-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LLAVA = { export: "clip-sdpa-llava-ts17", variant: "raw" };
const CLIP = { export: "clip-sdpa-ts17", variant: "raw" };
const run: RunModel = async (model, inputs) => runFeeds(await modelBytes(model), inputs);
const pixelsOf = (name: string) => {
  const fixture = FIXTURES.find((row) => row.export === name && row.variant === "raw") ?? FIXTURES[0];
  return truth(fixture).get("pixel_values") ?? { dims: [], data: new Float32Array() };
};

describe("applySplit", () => {
  it("cuts at the places of a plan, and refuses tensors and files that are not there", async () => {
    const [vision, clip] = [await openFixture(LLAVA), await openFixture(CLIP)];
    const plan = planSplit(vision, { clip });
    expect(applySplit(plan, vision, clip).trunk.graph.outputs.map(({ name }) => name)).toEqual([plan.trunk.states]);
    expect(() => applySplit(plan, vision)).toThrow(OnnxInputError);
    const ghost = { ...plan, trunk: { ...plan.trunk, states: "ghost" } };
    expect(() => applySplit(ghost, vision, clip)).toThrow(/"ghost", which it lacks/);
  });
});

describe("checkSplit", () => {
  it.each([
    ["float32 and float32", "raw", "raw"],
    ["half precision and float32", "fp16", "raw"],
    ["8 bits and half precision", "q8", "fp16"],
  ])("finds %s files of one tower in order", async (_, own, theirs) => {
    const [vision, clip] = [
      await openFixture({ ...LLAVA, variant: own }),
      await openFixture({ ...CLIP, variant: theirs }),
    ];
    const pixels = pixelsOf(CLIP.export);
    const check = await checkSplit(split(vision, { clip }), { vision, clip, pixels, run });
    expect(check.tower).toBe("same");
    expect(check.projector).toBeLessThan(own === "raw" ? 1e-5 : own === "fp16" ? 1e-2 : 0.05);
    expect(check.warnings).toEqual([]);
  });

  it.each(["raw", "fp16"])("warns of another tower, %s", async (variant) => {
    const vision = await openFixture(LLAVA);
    const clip = await openFixture({ export: "clip-old-eager-ts14", variant });
    const pixels = pixelsOf(CLIP.export);
    const check = await checkSplit(split(vision, { clip }), { vision, clip, pixels, run });
    expect(check.tower).toBe("different");
    expect(check.warnings).toEqual([expect.stringMatching(/another tower/)]);
  });

  it("checks a tower that keeps its last layer, and says when the projector is not the file's", async () => {
    const siglip = { export: "siglip-eager-llava-ts17", variant: "raw" };
    const vision = await openFixture(siglip);
    const pixels = pixelsOf(siglip.export);
    const parts = split(vision);
    const check = await checkSplit(parts, { vision, pixels, run });
    expect(check).toMatchObject({ tower: "none", warnings: [] });
    expect(check.projector).toBeLessThan(1e-5);
    const wrong: RunModel = async (model, inputs) => {
      const results = await run(model, inputs);
      if (model !== parts.projector) return results;
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [name, { dims, data: data.map((x) => 2 * x) }]),
      );
    };
    const off = await checkSplit(parts, { vision, pixels, run: wrong });
    expect(off.warnings).toEqual([expect.stringMatching(/differ from the stock output by \d+/)]);
  });

  it.each([
    ["onevision-sdpa-dynamo18", "raw"],
    ["onevision-sdpa-dynamo18", "extended"],
    ["onevision-sdpa-dynamo18", "fused"],
    ["onevision-sdpa-dynamo18", "q4"],
    ["siglip-eager-llava-ts17", "raw"],
    ["llava-eager-ts17", "raw"],
    ["llava-eager-ts17", "fused"],
  ])("finds the parts of %s %s in order, of which each row is projected alone", async (name, variant) => {
    const vision = await openFixture({ export: name, variant });
    const check = await checkSplit(split(vision), { vision, pixels: pixelsOf(name), run });
    expect(check).toMatchObject({ tower: "none", warnings: [] });
    expect(check.projector).toBeLessThan(1e-5);
  });

  it("refuses a projector of half the rows that gives no numbers, and says so of the stock output", async () => {
    const vision = await openFixture({ export: "llava-eager-ts17", variant: "raw" });
    const parts = split(vision);
    const pixels = pixelsOf("llava-eager-ts17");
    const spoilt = (is: (inputs: Readonly<Record<string, FloatTensor>>, model: OnnxModel) => boolean): RunModel => {
      return async (model, inputs) => {
        const outputs = await run(model, inputs);
        if (is(inputs, model)) for (const { data } of Object.values(outputs)) data.fill(Number.NaN);
        return outputs;
      };
    };
    const half = spoilt((inputs) => inputs[parts.plan.projector.input]?.dims[1] === 5);
    await expect(checkSplit(parts, { vision, pixels, run: half })).rejects.toThrow(/works on each row alone/);
    const stock = spoilt((_, model) => model === vision);
    const { projector, warnings } = await checkSplit(parts, { vision, pixels, run: stock });
    expect([projector, warnings]).toEqual([Number.POSITIVE_INFINITY, [expect.stringMatching(/no finite numbers/)]]);
  });

  it("wants an encoder with an input", async () => {
    const vision = await openFixture({ export: "llava-eager-ts17", variant: "raw" });
    const { graph } = vision;
    const weights = [...graph.initializers, makeTensor("pixel_values", "float32", [1], new Uint8Array(4))];
    expect(() => planSplit({ ...vision, graph: { ...graph, inputs: [], initializers: weights } })).toThrow(
      /an encoder with an input, got none|self-attention/,
    );
  });

  it.each(["raw", "extended"])("refuses SmolVLM's connector, which mixes rows, %s", async (variant) => {
    const vision = await openFixture({ export: "smolvlm-sdpa-dynamo18", variant });
    const checked = checkSplit(split(vision), { vision, pixels: pixelsOf("smolvlm-sdpa-dynamo18"), run });
    await expect(checked).rejects.toThrow(/a projector that works on each row alone/);
    await expect(checked).rejects.toThrow(OnnxUnsupportedError);
  });
});
