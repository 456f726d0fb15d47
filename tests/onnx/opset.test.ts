/** Models in a later operator set give what they gave. */
import { describe, expect, it } from "vitest";
import { bytesSource, makeNode, modelBytes, OnnxUnsupportedError, openOnnx } from "../../src/onnx/index.js";
import { raiseOpset } from "../../src/onnx/raise-opset.js";
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
