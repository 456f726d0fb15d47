/** Models in a later operator set give what they gave. */
import { describe, expect, it } from "vitest";
import { raiseOpset } from "../../src/onnx/graph/raise-opset.js";
import { bytesSource, modelBytes, OnnxUnsupportedError, openOnnx } from "../../src/onnx/index.js";
import { makeNode } from "../../src/onnx/proto/make.js";
import { GRAPH, MODEL } from "../../src/onnx/proto/schema.js";
import { concat, field, numberField } from "../../src/onnx/proto/wire.js";
import { difference, exampleOf, FIXTURES, modelFile, openFixture, run, truth } from "./fixtures.js";

const EMPTY = { dims: [] as readonly number[], data: new Float32Array() };
const cases = FIXTURES.filter(({ variant }) => ["raw", "basic", "q4", "q8"].includes(variant)).flatMap((fixture) =>
  [17, 18, 21, 23].map((to) => ({ ...fixture, to })),
);

describe("raiseOpset", () => {
  it.each(cases)("$export $variant to $to", async (fixture) => {
    const model = await openFixture(fixture);
    const from = model.opsets.get("") ?? 0;
    const raised = raiseOpset(model, fixture.to);
    expect(raised.opsets.get("")).toBe(Math.max(from, fixture.to));
    if (from >= fixture.to) return expect(raised).toBe(model);
    const pixels = exampleOf(truth(fixture));
    const bytes = await modelBytes(raised);
    expect((await openOnnx(bytesSource(bytes))).opsets.get("")).toBe(fixture.to);
    const [before, after] = [await run(modelFile(fixture), pixels), await run(bytes, pixels)];
    for (const [name, { data }] of before) {
      expect(difference((after.get(name) ?? EMPTY).data, data), name).toBeLessThan(1e-6);
    }
  });

  it.each([
    [
      "Dropout with its ratio as an attribute",
      11,
      "Dropout",
      ["x"],
      ["y"],
      [field(5, [field(1, "ratio"), new Uint8Array([0x15, 0, 0, 0, 63]), numberField(20, 1)])],
    ],
    [
      "Split with its lengths left out",
      13,
      "Split",
      ["x", ""],
      ["y", "z"],
      [field(5, [field(1, "axis"), numberField(3, 1), numberField(20, 2)])],
    ],
    [
      "Squeeze whose constant's name is taken",
      12,
      "Unsqueeze",
      ["x"],
      ["y"],
      [field(5, [field(1, "axes"), numberField(8, 0), numberField(20, 7)])],
    ],
  ])("raises %s", async (_, from, opType, inputs, outputs, attributes) => {
    const node = field(GRAPH.node, [
      ...inputs.map((name) => field(1, name)),
      ...outputs.map((name) => field(2, name)),
      field(4, opType),
      ...attributes,
    ]);
    const shaped = field(GRAPH.input, [
      field(1, "x"),
      field(
        2,
        field(1, [
          numberField(1, 1),
          field(
            2,
            [2, 4].map((length) => field(1, numberField(1, length))),
          ),
        ]),
      ),
    ]);
    const named = field(GRAPH.node, [field(1, "x"), field(2, "y/axes"), field(4, "Identity")]);
    const graph = field(MODEL.graph, [node, named, field(2, "g"), shaped, field(GRAPH.output, field(1, "y"))]);
    const opset = field(MODEL.opsetImport, numberField(2, from));
    const model = await openOnnx(bytesSource(concat([numberField(1, 7), graph, opset])));
    const x = { dims: [2, 4], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) };
    const before = await run(await modelBytes(model), x);
    for (const to of [17, 18, 21]) {
      const after = await run(await modelBytes(raiseOpset(model, to)), x);
      expect(after.get("y"), String(to)).toEqual(before.get("y"));
    }
  });

  it("refuses what changed its meaning, by name", async () => {
    const model = await openFixture({ export: "clip-old-eager-ts14", variant: "raw" });
    const { graph } = model;
    const node = makeNode({ opType: "Resize", name: "grow", inputs: [graph.inputs[0].name], outputs: ["grown"] });
    const odd = { ...model, graph: { ...graph, nodes: [...graph.nodes, node] } };
    expect(() => raiseOpset(odd, 18)).toThrow(OnnxUnsupportedError);
    expect(() => raiseOpset(odd, 18)).toThrow(/Resize grow/);
    expect(() => raiseOpset(model, 99)).toThrow(/from 11 to 23/);
  });
});
