/** Cut, joined and pointed-to models give the results of the whole one, in ONNX Runtime. */
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/files/index.js";
import { newDraft, newModel } from "../../src/onnx/graph/graph-draft.js";
import {
  bytesSource,
  extract,
  graft,
  locate,
  modelBytes,
  type OnnxModel,
  openOnnx,
  skeleton,
  tap,
} from "../../src/onnx/index.js";
import { assertExternalData, writeOnnx } from "../../src/onnx/node/index.js";
import { makeNode, makeTensor, makeValueInfo } from "../../src/onnx/proto/make.js";
import { lastLayer } from "../../src/onnx/vision/locate.js";
import { difference, exampleOf, FIXTURES, modelFile, openFixture, run, truth } from "./fixtures.js";

const EMPTY = { dims: [] as readonly number[], data: new Float32Array() };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "recoup-onnx-"));
});
afterAll(() => rm(folder, { recursive: true }));

function statesOf(model: OnnxModel): string {
  const { before } = lastLayer(locate(model));
  if (!("tensor" in before)) throw new Error("states are a sum");
  return before.tensor;
}

describe("writing what was read", () => {
  it.each(FIXTURES.map((fixture) => [`${fixture.export} ${fixture.variant}`, fixture] as const))(
    "%s runs as before",
    async (_, fixture) => {
      const bytes = modelFile(fixture);
      const again = await modelBytes(await openOnnx(bytesSource(bytes)));
      // Fields may be reordered within the graph, nothing is added or lost.
      expect(Math.abs(again.length - bytes.length)).toBeLessThanOrEqual(10);
      const pixels = exampleOf(truth(fixture));
      const [a, b] = [await run(bytes, pixels), await run(again, pixels)];
      for (const name of fixture.outputs) expect(b.get(name)?.data).toEqual(a.get(name)?.data);
    },
  );
});

describe.each([
  ["clip-old-eager-llava-ts14", "raw"],
  ["clip-sdpa-llava-ts17", "extended"],
  ["clip-eager-llava-dynamo18", "q8"],
  ["clip-sdpa-llava-dynamo18", "q4"],
  ["siglip-eager-llava-ts17", "raw"],
])("parts of %s %s", (name, variant) => {
  it("give together what the whole model gives", async () => {
    const fixture = FIXTURES.find((row) => row.export === name && row.variant === variant);
    if (fixture === undefined) throw new Error(`no fixture ${name} ${variant}`);
    const pixels = exampleOf(truth(fixture));
    const model = await openFixture(fixture);
    const seam = statesOf(model);
    const trunk = extract(model, { inputs: ["pixel_values"], outputs: [seam] });
    const rest = extract(model, { inputs: [seam], outputs: fixture.outputs });
    expect(trunk.graph.nodes.length + rest.graph.nodes.length).toBeGreaterThanOrEqual(model.graph.nodes.length - 40);
    expect(trunk.graph.nodes.length).toBeLessThan(model.graph.nodes.length);
    const states = (await run(await modelBytes(trunk), pixels)).get(seam) ?? EMPTY;
    const out = (await run(await modelBytes(rest), states)).get(fixture.outputs[0]) ?? EMPTY;
    const whole = (await run(modelFile(fixture), pixels)).get(fixture.outputs[0]) ?? EMPTY;
    expect(difference(out.data, whole.data)).toBeLessThanOrEqual(1e-5);
  });
});

describe("graft", () => {
  it("adds another file's last layer, with a cast where the precision differs", async () => {
    const base = await openFixture({ export: "clip-old-eager-llava-ts14", variant: "fp16" });
    const donor = await openFixture({ export: "clip-old-eager-ts14", variant: "raw" });
    const { after } = lastLayer(locate(base));
    if (after === undefined || !("tensor" in after)) throw new Error("no states");
    const part = extract(donor, { inputs: [statesOf(donor)], outputs: ["image_embeds", "last_hidden_state"] });
    const joined = graft(base, part, { connect: { [statesOf(donor)]: after.tensor }, prefix: "clip." });
    expect(
      joined.graph.nodes.filter(({ opType, outputs }) => opType === "Cast" && outputs[0].startsWith("clip.")),
    ).toHaveLength(1);
    const values = truth(FIXTURES.find((row) => row.export === "clip-old-eager-ts14") ?? FIXTURES[0]);
    const found = await run(await modelBytes(joined), values.get("pixel_values") ?? EMPTY);
    // The two fixtures have one tower: the grafted layer continues the half-precision trunk.
    expect(
      difference(
        found.get("clip.image_embeds")?.data ?? new Float32Array(),
        values.get("image_embeds")?.data ?? new Float32Array(),
      ),
    ).toBeLessThan(1e-2);
  });

  it("refuses other operator versions and inputs that are not connected", async () => {
    const base = await openFixture({ export: "clip-old-eager-llava-ts14", variant: "raw" });
    const other = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    expect(() => graft(base, other, { connect: { pixel_values: "pixel_values" } })).toThrow(
      /one version of ai.onnx.*14 and 17/,
    );
    expect(() => graft(base, base, { connect: {} })).toThrow(/input pixel_values of the part to be connected/);
    expect(() => graft(base, base, { connect: { pixel_values: "nowhere" } })).toThrow(/"nowhere", which it lacks/);
  });
});

describe("graft refuses", () => {
  const X = [makeValueInfo("x", 1, [2])];
  const weight = (name: string, value: number) =>
    makeTensor(name, "float32", [1], new Uint8Array(new Float32Array([value]).buffer));
  const product = (input: string, by: string, output: string, prefix = ""): OnnxModel => {
    const draft = newDraft(prefix, 17);
    draft.node("Mul", [input, by], { outputs: [output] });
    return newModel(draft, { inputs: [makeValueInfo(input, 1, [2])], outputs: [makeValueInfo(output, 1, [2])] });
  };
  const withWeight = (model: OnnxModel, ...tensors: ReturnType<typeof weight>[]): OnnxModel => ({
    ...model,
    graph: { ...model.graph, initializers: [...model.graph.initializers, ...tensors] },
  });

  it("weights whose names are taken", () => {
    const base = withWeight(product("x", "graft.w", "y"), weight("graft.w", 2));
    const part = withWeight(product("a", "w", "b"), weight("w", 3));
    expect(() => graft(base, part, { connect: { a: "y" } })).toThrow(
      /names with graft. to be free, got a tensor graft.w/,
    );
    expect(graft(base, part, { connect: { a: "y" }, prefix: "p." }).graph.initializers).toHaveLength(2);
    expect(graft(base, part, { connect: { a: "graft.w" }, prefix: "p." }).graph.outputs).toHaveLength(2);
  });

  it("parts with functions or sparse weights, and does not mind operator sets that no node uses", () => {
    const base = withWeight(product("x", "w", "y"), weight("w", 2));
    const part = withWeight(product("a", "w", "b"), weight("w", 3));
    const connect = { a: "y" };
    const other = (version: number) => ({
      ...(version === 4 ? part : base),
      opsets: new Map([
        ["", 17],
        ["ai.onnx.ml", version],
      ]),
    });
    expect(graft(other(5), other(4), { connect }).opsets.get("ai.onnx.ml")).toBe(5);
    const sparse = { ...part, graph: { ...part.graph, initializers: [], sparse: ["w"] } };
    expect(() => graft(base, sparse, { connect })).toThrow(/a part without sparse weights, got w/);
    const call = makeNode({ opType: "MyMul", domain: "local", inputs: ["a", "w"], outputs: ["b"] });
    const functions = { number: 25, piece: new Uint8Array([0xca, 1, 0]) };
    const local = {
      ...part,
      opsets: new Map([
        ["", 17],
        ["local", 1],
      ]),
      fields: [...part.fields, functions],
      graph: { ...part.graph, nodes: [call] },
    };
    expect(() => graft(base, local, { connect })).toThrow(/a part without functions of its own, got local MyMul/);
    expect(graft(base, { ...part, fields: [...part.fields, functions] }, { connect }).graph.inputs).toEqual(X);
  });
});

describe("skeleton", () => {
  it("runs from weights in the untouched original, bit for bit", async () => {
    const fixture = { export: "clip-sdpa-llava-ts17", variant: "raw" };
    const original = join(folder, "vision_encoder.onnx");
    await writeFile(original, modelFile(fixture));
    const source = await fileSource(original);
    const tapped = tap(await openOnnx(source), { signals: ["states", "clsAttention"] }).model;
    const small = join(folder, "tapped.onnx");
    await writeOnnx(small, skeleton(tapped, { source, location: "vision_encoder.onnx" }));
    await source.close();
    expect((await stat(small)).size).toBeLessThan((await stat(original)).size / 2);
    await assertExternalData(await openOnnx(bytesSource(await readFile(small))), small);
    const pixels =
      truth(FIXTURES.find((row) => row.export === fixture.export) ?? FIXTURES[0]).get("pixel_values") ?? EMPTY;
    const [a, b] = [
      await run(await modelBytes(tapped).catch(() => modelFile(fixture)), pixels),
      await run(small, pixels),
    ];
    expect(b.get("image_features")?.data).toEqual(a.get("image_features")?.data);
    expect(b.get("recoup.clsAttention")?.dims).toEqual([2, 2, 10]);
  });

  it("refuses external data outside the folder, by path or by link", async () => {
    const model = await openFixture({ export: "packed-ts17", variant: "raw" });
    const source = bytesSource(modelFile({ export: "packed-ts17", variant: "raw" }));
    for (const location of ["/etc/passwd", "../a.onnx", "a/../../b", "C:\\a", ""]) {
      expect(() => skeleton(model, { source, location })).toThrow(/a location within the folder/);
    }
    const own = bytesSource(modelFile({ export: "packed-ts17", variant: "raw" }), "own");
    const pointing = skeleton(await openOnnx(own), { source: own, location: "link.onnx" });
    const path = join(folder, "pointing.onnx");
    await writeFile(path, await modelBytes(pointing));
    await symlink("/etc/passwd", join(folder, "link.onnx"));
    await expect(assertExternalData(pointing, path)).rejects.toThrow(/within the model's folder, got a link to/);
  });
});

describe("extract", () => {
  it("refuses names that the model lacks, and parts that need more inputs", async () => {
    const model = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    expect(() => extract(model, { inputs: ["nowhere"], outputs: ["image_embeds"] })).toThrow(
      /"nowhere", which it lacks/,
    );
    expect(() => extract(model, { inputs: [], outputs: ["image_embeds"] })).toThrow(/pixel_values left out/);
    expect(() => extract(model, { inputs: ["pixel_values"], outputs: [] })).toThrow(/at least one output/);
  });

  it("refuses a graph whose tensors nobody makes", async () => {
    const model = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    const broken = {
      ...model,
      graph: {
        ...model.graph,
        nodes: [makeNode({ opType: "Relu", inputs: ["ghost"], outputs: ["y"] }), ...model.graph.nodes],
      },
    };
    expect(() => locate(broken)).toThrow(/ghost/);
  });
});
