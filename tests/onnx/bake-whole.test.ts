/** A baked model gives the results of the parts and the library together: fixtures of each exporter, and the bundled model. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  applyPlan,
  BudgetError,
  clsAttention,
  createTokenTable,
  squareGrid,
  textSimilarity,
  withoutClsRow,
} from "../../src/core/index.js";
import { randomSource } from "../../src/math/index.js";
import { recoup, recoverable } from "../../src/methods/index.js";
import {
  type BakeOptions,
  bake,
  bytesSource,
  compressionModel,
  type FloatTensor as Matrix,
  modelBytes,
  OnnxInputError,
  type OnnxModel,
  OnnxUnsupportedError,
  openOnnx,
  split,
} from "../../src/onnx/index.js";
import { makeNode } from "../../src/onnx/proto/make.js";
import { renameNode } from "../../src/onnx/proto/write-model.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { difference, FIXTURES, openFixture, runFeeds, truth } from "./fixtures.js";

const runModel = async (model: OnnxModel, feeds: Record<string, Matrix>) => runFeeds(await modelBytes(model), feeds);

/** The same by hand: trunk, tail, signals, plan, rows, projector. */
async function byHand(vision: OnnxModel, options: BakeOptions, pixels: Matrix, text: Float32Array) {
  const { plan, trunk, tail, projector } = split(vision, options);
  const states = (await runModel(trunk, { [plan.trunk.input]: pixels }))[plan.trunk.states];
  const signals = await runModel(tail, { [plan.tail.states]: states });
  const matrix = ({ dims, data }: Matrix) => ({ data, count: dims[1], dim: dims[2] });
  const query = signals[plan.tail.query];
  const keys = matrix(signals[plan.tail.key]);
  const features = withoutClsRow(matrix(states));
  const table = createTokenTable({
    features,
    keys: withoutClsRow(keys),
    clsAttention: clsAttention(query.data.subarray(0, keys.dim), keys),
    textSimilarity: textSimilarity(withoutClsRow(matrix(signals[plan.tail.embeddings ?? ""])), text),
    textPolarity: options.textPolarity,
    grids: [squareGrid(features.count)],
  });
  const method = options.method === "recoverable" ? recoverable : recoup;
  const decided = method.plan(table, { budget: options.budget });
  const { data, count, dim } = applyPlan(decided, features);
  const rows = { dims: [1, count, dim], data };
  const projected = await runModel(projector, { [plan.projector.input]: rows });
  return { count, features: projected[plan.projector.output].data, anchors: Array.from(decided.anchor) };
}

describe.each([
  ["clip-old-eager-llava-ts14", "raw", "clip-old-eager-ts14"],
  ["clip-old-eager-llava-ts14", "extended", "clip-old-eager-ts14"],
  ["clip-sdpa-llava-ts17", "raw", "clip-sdpa-ts17"],
  ["clip-sdpa-llava-ts17", "q4", "clip-sdpa-ts17"],
  ["clip-eager-llava-dynamo18", "raw", "clip-eager-dynamo18"],
  ["clip-eager-llava-dynamo18", "basic", "clip-eager-dynamo18"],
  // Files of different operator sets; the tower of the last is another, which the graph does not mind.
  ["clip-sdpa-llava-dynamo18", "raw", "clip-sdpa-dynamo23"],
  ["clip-old-eager-llava-ts14", "raw", "clip-sdpa-ts17"],
])("%s %s with %s", (llava, variant, donor) => {
  it.each([
    ["recoverable, dynamic", { method: "recoverable" }],
    ["recoverable, static", { method: "recoverable", form: "static", budget: 5 }],
    ["recoup, dynamic", { budget: 5 }],
    ["recoup, static", { form: "static", budget: 5 }],
  ] as const)("%s", async (_, form) => {
    const vision = await openFixture({ export: llava, variant });
    const clip = await openFixture({ export: donor, variant: "raw" });
    const values = truth(FIXTURES.find((row) => row.export === donor && row.variant === "raw") ?? FIXTURES[0]);
    const { dims, data } = values.get("pixel_values") as Matrix;
    // Two images are in the truth; a baked model takes one.
    const pixels = { dims: [1, ...dims.slice(1)], data: data.subarray(0, data.length / dims[0]) };
    const random = randomSource(7);
    const text = Float32Array.from({ length: 16 }, () => random.unit() - 0.5);
    const options: BakeOptions = { clip, tokens: 9, textPolarity: 1, ...form };
    const want = await byHand(vision, options, pixels, text);
    const input = vision.graph.inputs[0].name;
    const got = await runModel(bake(vision, options), {
      [input]: pixels,
      text_embeds: { dims: [1, 16], data: text },
    });
    expect(got.count.data[0]).toBe(want.count);
    expect(got.compressed_features.dims.slice(0, 2)).toEqual([1, want.count]);
    expect(difference(got.compressed_features.data, want.features)).toBeLessThan(1e-4);
    if (!("method" in form)) expect(Array.from(got.anchors.data)).toEqual(want.anchors);
  });
});

/** Half precision moves scores by more than they differ, so decisions are not compared: the count is fixed, the rows are near. */
it.each([
  ["clip-sdpa-llava-ts17", "clip-sdpa-ts17", "raw"],
  ["clip-sdpa-llava-ts17", "clip-sdpa-ts17", "fp16"],
  ["clip-eager-llava-dynamo18", "clip-eager-dynamo18", "fp16"],
])("%s in half precision with %s %s", async (llava, donor, variant) => {
  const clip = await openFixture({ export: donor, variant });
  const [half, full] = await Promise.all(
    ["fp16", "raw"].map(async (variant) => {
      const vision = await openFixture({ export: llava, variant });
      const random = randomSource(11);
      const noise = (...dims: number[]) => ({
        dims,
        data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.unit() - 0.5),
      });
      return runModel(bake(vision, { clip, method: "recoverable", tokens: 9, textPolarity: 1, budget: 7 }), {
        [vision.graph.inputs[0].name]: noise(1, 3, 42, 42),
        text_embeds: noise(1, 16),
      });
    }),
  );
  expect(half.count.data[0]).toBe(7);
  expect(difference(half.compressed_features.data, full.compressed_features.data)).toBeLessThan(1e-2);
});

const file = async (path: string) => {
  const bytes = readFileSync(fileURLToPath(new URL(`../../models/${path}`, import.meta.url)));
  return openOnnx(bytesSource(new Uint8Array(bytes), path));
};

describe("the bundled model", () => {
  it("gives the rows of five images, dynamic and static", async () => {
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    const clip = await file("tiny-clip/onnx/vision_model.onnx");
    const options: BakeOptions = { clip, method: "recoverable", tokens: 576, textPolarity: 1 };
    const dynamic = bake(vision, options);
    const fixed = bake(vision, { ...options, form: "static", budget: { max: 96 } });
    const random = randomSource(3);
    for (let index = 0; index < 5; index++) {
      const scene = sampleScene({ split: "test", seed: 5, index });
      const pixels = normalized(rasterize(drawScene(scene)), scene.size);
      const text = Float32Array.from({ length: 128 }, () => random.unit() - 0.5);
      const feeds = { pixel_values: pixels, text_embeds: { dims: [1, 128], data: text } };
      const free = await runModel(dynamic, feeds);
      const want = await byHand(vision, options, pixels, text);
      expect(free.count.data[0]).toBe(want.count);
      expect(difference(free.compressed_features.data, want.features)).toBeLessThan(1e-4);
      const capped = await runModel(fixed, feeds);
      const bounded = await byHand(vision, { ...options, budget: { max: 96 } }, pixels, text);
      expect(capped.count.data[0]).toBe(bounded.count);
      expect(capped.compressed_features.dims.slice(0, 2)).toEqual([1, 96]);
      const made = capped.compressed_features.data.subarray(0, bounded.features.length);
      expect(difference(made, bounded.features)).toBeLessThan(1e-4);
    }
  });

  it("gives the rows of five images by the default method, and where they stand", async () => {
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    const clip = await file("tiny-clip/onnx/vision_model.onnx");
    const options: BakeOptions = { clip, tokens: 576, textPolarity: 1 };
    const forms = (["dynamic", "static"] as const).map((form) => bake(vision, { ...options, form, mass: true }));
    const random = randomSource(3);
    for (let index = 0; index < 5; index++) {
      const scene = sampleScene({ split: "test", seed: 5, index });
      const pixels = normalized(rasterize(drawScene(scene)), scene.size);
      const text = Float32Array.from({ length: 128 }, () => random.unit() - 0.5);
      const want = await byHand(vision, options, pixels, text);
      for (const model of forms) {
        const got = await runModel(model, { pixel_values: pixels, text_embeds: { dims: [1, 128], data: text } });
        expect(got.compressed_features.dims.slice(0, 2)).toEqual([1, 57]);
        expect(Array.from(got.anchors.data)).toEqual(want.anchors);
        expect(difference(got.compressed_features.data, want.features)).toBeLessThan(1e-4);
        expect(got.mass.dims).toEqual([57]);
      }
    }
  });
});

/** `[1, 3, S, S]` as models/tiny/preprocessor_config.json says: (x / 255 - 0.5) / 0.25. */
function normalized(rgb: Uint8Array | Uint8ClampedArray, size: number): Matrix {
  const data = new Float32Array(3 * size * size);
  for (let i = 0; i < size * size; i++) {
    for (let channel = 0; channel < 3; channel++) {
      data[channel * size * size + i] = (rgb[3 * i + channel] / 255 - 0.5) / 0.25;
    }
  }
  return { dims: [1, 3, size, size], data };
}

describe("what bake refuses", () => {
  const PAPER = { method: "recoverable" } as const;

  it.each([
    ["tokens", { tokens: 1 }, "tokens as a whole number from 2 to 4096, got 1"],
    ["too many tokens", { tokens: 5000 }, "tokens as a whole number from 2 to 4096, got 5000"],
    ["no polarity", { textPolarity: undefined }, "textPolarity 1 or -1, got undefined"],
    ["a method that cannot be baked", { method: "divprune" }, "method recoup or recoverable, got divprune"],
    ["an option of another method", { merge: "sum" }, "options of recoup, got merge, an option of another method"],
    ["likewise", { ...PAPER, textRows: 0.5 }, "options of recoverable, got textRows, an option of another method"],
    ["a share", { textRows: 1.5 }, "textRows"],
    ["tau", { tau: 0 }, "tau"],
    ["mass", { mass: "yes" }, "mass"],
    ["another width", { width: 64 }, "width 128, the tower's, got 64"],
    ["no width", { width: 0.5 }, "width 128, the tower's, got 0.5"],
    ["merge", { ...PAPER, merge: "max" }, "merge sum or mean, got max"],
    ["form", { form: "fixed" }, "form dynamic or static, got fixed"],
    ["neighbors", { ...PAPER, mergeNeighbors: -1 }, "mergeNeighbors as a whole number from 0"],
    ["weight", { ...PAPER, textWeight: Number.NaN }, "a finite textWeight, got NaN"],
    ["k", { ...PAPER, outlierNeighbors: { rest: 0 } }, "outlierNeighbors.rest as a whole number from 1"],
    ["no k", { ...PAPER, outlierNeighbors: null }, "outlierNeighbors as an object, got null"],
    ["another number of tokens", { tokens: 49 }, "tokens 576, as image_features has rows, got 49"],
    ["tokens that are no square", { tokens: 50 }, "grids, as 50 tokens are no square ([] for none), got none"],
  ])("%s", async (_, options, message) => {
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    const clip = await file("tiny-clip/onnx/vision_model.onnx");
    const attempt = () => bake(vision, { clip, tokens: 576, textPolarity: 1, ...options } as BakeOptions);
    expect(attempt).toThrow(OnnxInputError);
    expect(attempt).toThrow(message);
  });

  it.each<[string, object, string]>([
    ["a budget of all", { budget: 576 }, "a budget of rows from 1 to 575, got 576"],
    ["more rows than tokens", { budget: 577 }, "a budget of rows from 1 to 576, got 577"],
    ["two budgets", { budget: { retain: 5, max: 9 } }, "a budget as rows (58)"],
    ["crossed bounds", { budget: { min: 9, max: 5 } }, "min of at most max"],
    ["no budget", { budget: null }, "a budget as rows (58)"],
    ["a dynamic budget", { budget: "dynamic" }, "a fixed budget for recoup: rows (58) or a share (0.1), got dynamic"],
    ["bounds", { budget: { max: 9 } }, "a fixed budget for recoup"],
    ["thousands of rows", { tokens: 4096, budget: 1025 }, "at most 1024 rows of recoup, got 1025"],
    ["the static form without a number", { ...PAPER, form: "static" }, "fewer rows than 576 for the static form"],
    [
      "the static form from a number on",
      { ...PAPER, form: "static", budget: { min: 9 } },
      "fewer rows than 576 for the static",
    ],
    [
      "the static form up to all",
      { ...PAPER, form: "static", budget: { max: 900 } },
      "fewer rows than 576 for the static form",
    ],
  ])("%s", (_, options, message) => {
    const attempt = () => compressionModel({ tokens: 576, textPolarity: 1, ...options } as BakeOptions);
    expect(attempt).toThrow(BudgetError);
    expect(attempt).toThrow(message);
  });

  it("recoup without its width, and grids that do not cover the tokens", () => {
    expect(() => compressionModel({ tokens: 9, textPolarity: 1 })).toThrow(
      /width, the channels of the features, got none/,
    );
    const grids = [{ rows: 2, columns: 3, offset: 0 }];
    expect(() => compressionModel({ tokens: 9, width: 4, textPolarity: 1, grids })).toThrow(/grids that cover 9/);
  });

  it("tensors that are named as what the baked model has", async () => {
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    const clip = await file("tiny-clip/onnx/vision_model.onnx");
    for (const name of ["count", "text_embeds", "compressed_features", "anchors", "roles", "mass", "weights"]) {
      const [first, ...rest] = vision.graph.nodes;
      const copy = makeNode({ opType: "Identity", inputs: [first.outputs[0]], outputs: [name] });
      // Everything that took the first node's output takes the copy.
      const nodes = rest.map((node) => renameNode(node, (tensor) => (tensor === first.outputs[0] ? name : tensor), ""));
      const named = { ...vision, graph: { ...vision.graph, nodes: [first, copy, ...nodes] } };
      const options = { clip, tokens: 576, textPolarity: 1, budget: 9, mass: true, weights: true } as const;
      expect(() => bake(named, options), name).toThrow(`an encoder without a tensor ${name}`);
    }
  });

  it("an operator set that compares no floats, for the compression alone", () => {
    for (const opset of [10, Number.NaN, 17.5]) {
      expect(() => compressionModel({ tokens: 9, width: 4, textPolarity: 1 }, { opset })).toThrow(
        /opset as a whole number from 11/,
      );
    }
  });

  it("towers without a class token or a projection into the text's space", async () => {
    const siglip = await openFixture({ export: "siglip-eager-llava-ts17", variant: "raw" });
    expect(() => bake(siglip, { tokens: 9, textPolarity: 1 })).toThrow(OnnxUnsupportedError);
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    expect(() => bake(vision, { tokens: 576, textPolarity: 1 })).toThrow(/no projection/);
  });
});
