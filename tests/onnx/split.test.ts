/** The parts of a split vision encoder give together the results of its stock file, and the signals that PyTorch computes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  bytesSource,
  extract,
  locate,
  modelBytes,
  OnnxInputError,
  openOnnx,
  sameTower,
  split,
} from "../../src/onnx/index.js";
import { makeTensor } from "../../src/onnx/proto/make.js";
import { difference, FIXTURES, modelFile, openFixture, run, truth, type Values } from "./fixtures.js";

const EMPTY = { dims: [] as readonly number[], data: new Float32Array() };
const of = (values: Values, name: string) => values.get(name) ?? EMPTY;

/** Pairs of a LLaVA's encoder without its last layer and the CLIP file of the same tower. */
const PAIRS = [
  ["clip-old-eager-llava-ts14", "clip-old-eager-ts14"],
  ["clip-sdpa-llava-ts17", "clip-sdpa-ts17"],
  ["clip-eager-llava-dynamo18", "clip-eager-dynamo18"],
] as const;

describe.each(PAIRS)("%s with %s", (llava, clip) => {
  it.each([
    ["raw", "raw"],
    ["extended", "raw"],
    ["q8", "raw"],
    ["raw", "basic"],
    ["fused", "fused"],
  ])("in %s and %s: trunk, tail and projector", async (own, theirs) => {
    const fixture = FIXTURES.find((row) => row.export === clip && row.variant === "raw") ?? FIXTURES[0];
    const values = truth(fixture);
    const [vision, donor] = [
      await openFixture({ export: llava, variant: own }),
      await openFixture({ export: clip, variant: theirs }),
    ];
    const parts = split(vision, { clip: donor });
    expect(parts.plan).toMatchObject({ layers: 2, tail: { file: "clip" }, projector: { drops: 1 } });
    const trunk = await run(await modelBytes(parts.trunk), of(values, "pixel_values"));
    const states = of(trunk, parts.plan.trunk.states);
    const tail = await run(await modelBytes(parts.tail), states);
    const tolerance = own === "q8" ? 0.15 : 1e-5;
    expect(difference(of(tail, parts.plan.tail.query).data, of(values, "q").data)).toBeLessThan(tolerance);
    expect(difference(of(tail, parts.plan.tail.key).data, of(values, "k").data)).toBeLessThan(tolerance);
    // The class token's row is the CLIP file's embedding of the image.
    const { dims, data } = of(tail, parts.plan.tail.embeddings ?? "");
    expect(dims).toEqual([2, 10, 16]);
    const first = Float32Array.from([...data.subarray(0, 16), ...data.subarray(160, 176)]);
    expect(difference(first, of(values, "image_embeds").data)).toBeLessThan(tolerance);
    // The projector on the rows after the class token equals the stock output; on some rows, those rows of it.
    const stock = of(
      await run(modelFile({ export: llava, variant: own }), of(values, "pixel_values")),
      "image_features",
    );
    const rows = cutRows(states, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const all = of(await run(await modelBytes(parts.projector), rows), "image_features");
    const loose = own === "q8" ? 0.05 : 1e-5;
    expect(difference(all.data, stock.data)).toBeLessThan(loose);
    const some = of(await run(await modelBytes(parts.projector), cutRows(states, [3, 8])), "image_features");
    expect(difference(some.data, cutRows(stock, [2, 7]).data)).toBeLessThan(own === "q8" ? 0.15 : 1e-5);
    expect(await sameTower(vision, donor)).toBe("same");
  });
});

/** Chosen rows of each image of a batch [B, L, C]. */
function cutRows(
  { dims: [batch, length, width], data }: { dims: readonly number[]; data: Float32Array },
  rows: readonly number[],
) {
  const parts = Array.from({ length: batch }, (_, b) =>
    rows.map((row) => data.subarray((b * length + row) * width, (b * length + row + 1) * width)),
  ).flat();
  return { dims: [batch, rows.length, width], data: Float32Array.from(parts.flatMap((part) => [...part])) };
}

describe("towers that keep their last layer", () => {
  it("take the tail from the encoder itself", async () => {
    const fixture =
      FIXTURES.find((row) => row.export === "siglip-eager-llava-ts17" && row.variant === "raw") ?? FIXTURES[0];
    const values = truth(fixture);
    const parts = split(await openFixture(fixture));
    expect(parts.plan).toMatchObject({ layers: 3, tail: { file: "vision" }, projector: { drops: 0 } });
    expect(parts.plan.tail.embeddings).toBeUndefined();
    const trunk = await run(await modelBytes(parts.trunk), of(values, "pixel_values"));
    const tail = await run(await modelBytes(parts.tail), of(trunk, parts.plan.trunk.states));
    expect(difference(of(tail, parts.plan.tail.key).data, of(values, "k").data)).toBeLessThan(1e-5);
  });
});

describe("sameTower", () => {
  it("tells another tower apart, and says when precision hides the answer", async () => {
    const vision = await openFixture({ export: "clip-sdpa-llava-ts17", variant: "raw" });
    expect(await sameTower(vision, await openFixture({ export: "clip-old-eager-ts14", variant: "raw" }))).toBe(
      "different",
    );
    expect(await sameTower(vision, await openFixture({ export: "clip-sdpa-ts17", variant: "fp16" }))).toBe("unknown");
  });
});

describe("sameTower", () => {
  it.each([
    ["clip-old-eager-llava-ts14", "clip-old-eager-ts14", "fused"],
    ["clip-old-eager-llava-ts14", "clip-old-eager-ts14", "mha"],
    ["clip-eager-llava-dynamo18", "clip-eager-dynamo18", "fused"],
    ["clip-eager-llava-dynamo18", "clip-eager-dynamo18", "mha"],
  ])("knows the tower of %s in %s, %s, also the other way round", async (llava, clip, fused) => {
    for (const [own, theirs] of [
      ["raw", fused],
      [fused, "raw"],
      [fused, fused],
    ]) {
      const [vision, donor] = [
        await openFixture({ export: llava, variant: own }),
        await openFixture({ export: clip, variant: theirs }),
      ];
      expect(await sameTower(vision, donor), `${own} ${theirs}`).toBe("same");
    }
    const other = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    expect(await sameTower(await openFixture({ export: llava, variant: fused }), other)).toBe("different");
  });

  it("reads no vector as long as a matrix", async () => {
    const vision = await openFixture({ export: "clip-sdpa-llava-ts17", variant: "raw" });
    const clip = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    const long = makeTensor("long", "float32", [2 ** 22], new Uint8Array(2 ** 24).fill(255));
    const initializers = [long, ...clip.graph.initializers];
    expect(await sameTower(vision, { ...clip, graph: { ...clip.graph, initializers } })).toBe("same");
  });
});

describe("the bundled model", () => {
  const file = async (path: string) => {
    const bytes = readFileSync(fileURLToPath(new URL(`../../models/${path}`, import.meta.url)));
    return openOnnx(bytesSource(new Uint8Array(bytes), path));
  };

  it("is split with its CLIP file, and refused without it", async () => {
    const vision = await file("tiny/onnx/vision_encoder.onnx");
    const clip = await file("tiny-clip/onnx/vision_model.onnx");
    const { plan } = split(vision, { clip, configuredLayers: 6 });
    expect(plan).toMatchObject({
      layers: 5,
      tail: { file: "clip", embeddings: "recoup.embeddings" },
      projector: { drops: 1 },
    });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(await sameTower(vision, clip)).toBe("same");
    expect(() => split(vision, { configuredLayers: 6 })).toThrow(OnnxInputError);
    const small = await openFixture({ export: "clip-sdpa-llava-ts17", variant: "raw" });
    expect(() => split(small, { clip })).toThrow(
      /a CLIP file of the encoder's tower \(2 layers of width 32\), with its last layer or one more, got 6 layers of width 128/,
    );
    const [shallow, deep] = [vision, clip].map((model) => locate(model).layers);
    const front = {
      inputs: [vision.graph.inputs[0].name],
      outputs: ["tensor" in shallow[4].before ? shallow[4].before.tensor : ""],
    };
    const cut = extract(vision, front);
    expect([locate(cut).layers.length, deep.length]).toEqual([4, 6]);
    expect(() => split(cut, { clip })).toThrow(/its last layer or one more, got 6 layers of width 128/);
    expect(() => split(vision, { configuredLayers: 6 })).toThrow(
      /the CLIP vision file, since the encoder has 5 of 6 layers/,
    );
  });
});
