/** Element types and ranks that follow from operators: ONNX Runtime, which checks what is declared, takes models cut at any of them. */
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { newDraft, newModel } from "../../src/onnx/graph/graph-draft.js";
import { viewGraph } from "../../src/onnx/graph/graph-view.js";
import { elementType, rankOf } from "../../src/onnx/graph/infer.js";
import { extract, modelBytes, type OnnxModel } from "../../src/onnx/index.js";
import { type AttributeValue, makeValueInfo } from "../../src/onnx/proto/make.js";

const [FLOAT, INT32, INT64, BOOL, UINT8] = [1, 6, 7, 9, 2];
const X = ["x"];
type Case = [
  opType: string,
  inputs: string[],
  attributes: Record<string, AttributeValue>,
  dataType: number | undefined,
  rank: number | undefined,
];

/** x: float [2, 3, 4, 5]. Vectors and scalars are constants of a draft. */
const CASES: Case[] = [
  ["Relu", X, {}, FLOAT, 4],
  ["Identity", X, {}, FLOAT, 4],
  ["Softmax", X, { axis: -1n }, FLOAT, 4],
  ["Flatten", X, { axis: 1n }, FLOAT, 2],
  ["Shape", X, {}, INT64, 1],
  ["Size", X, {}, INT64, 0],
  ["NonZero", X, {}, INT64, 2],
  ["ArgMax", X, { axis: 1n, keepdims: 0n }, INT64, 3],
  ["ArgMax", X, { axis: 1n }, INT64, 4],
  ["ReduceMean", ["x", "axes"], { keepdims: 0n }, FLOAT, 2],
  ["ReduceMean", ["x", "axes"], {}, FLOAT, 4],
  ["ReduceMax", ["x", "axes"], { keepdims: 1n }, FLOAT, 4],
  ["Transpose", X, { perm: [0n, 2n, 1n, 3n] }, FLOAT, 4],
  ["Reshape", ["x", "three"], {}, FLOAT, 3],
  ["Expand", ["x", "five"], {}, FLOAT, 5],
  ["Unsqueeze", ["x", "axes"], {}, FLOAT, 6],
  ["Squeeze", ["one", "zero"], {}, FLOAT, 0],
  ["Gather", ["x", "scalar"], { axis: 1n }, FLOAT, 3],
  ["Gather", ["x", "axes"], { axis: 1n }, FLOAT, 4],
  ["Greater", ["x", "one"], {}, BOOL, 4],
  ["Not", ["truth"], {}, BOOL, 4],
  ["IsNaN", X, {}, BOOL, 4],
  ["Where", ["truth", "x", "one"], {}, FLOAT, 4],
  ["Add", ["one", "x"], {}, FLOAT, 4],
  ["MatMul", ["x", "matrix"], {}, FLOAT, 4],
  ["Gemm", ["matrix", "matrix"], {}, FLOAT, 2],
  ["Cast", X, { to: 6n }, INT32, 4],
  ["ConstantOfShape", ["three"], {}, FLOAT, 3],
  ["Range", ["scalar", "ten", "step"], {}, INT64, 1],
  ["DynamicQuantizeLinear", X, {}, UINT8, 4],
  ["Concat", ["x", "x"], { axis: 0n }, FLOAT, 4],
  ["MatMul", ["x", "vector"], {}, FLOAT, 3],
  ["Max", ["one", "x", "one"], {}, FLOAT, 4],
  ["Sinh", X, {}, FLOAT, 4],
  ["Compress", ["x", "choice"], {}, FLOAT, 1],
  ["OneHot", ["axes", "ten", "values"], {}, FLOAT, undefined],
  ["LayerNormalization", ["x", "vector"], { axis: -1n }, FLOAT, 4],
  ["Einsum", ["x", "matrix"], { equation: "abcd, de -> abce" }, FLOAT, 4],
  ["Einsum", ["x", "x"], { equation: "abcd,abcd->ab" }, FLOAT, 2],
  ["Einsum", ["x", "matrix"], { equation: "...d,de->...e" }, FLOAT, 4],
  ["Einsum", ["x", "matrix"], { equation: "abcd,de" }, FLOAT, 4],
  ["Einsum", ["matrix"], { equation: "ii" }, FLOAT, 0],
];

function modelWith([opType, inputs, attributes]: Case): OnnxModel {
  const draft = newDraft("c.", 17);
  const name = {
    x: "x",
    one: draft.floats([1], [1]),
    matrix: draft.floats(
      Array.from({ length: 25 }, (_, i) => i),
      [5, 5],
    ),
    axes: draft.integers([1, 2]),
    zero: draft.integers([0]),
    three: draft.integers([2, 3, -1]),
    five: draft.integers([1, 2, 3, 4, 5]),
    scalar: draft.integers([1], []),
    ten: draft.integers([10], []),
    step: draft.integers([2], []),
    truth: "truth",
    vector: draft.floats([1, 2, 3, 4, 5], [5]),
    values: draft.floats([0, 1], [2]),
    choice: "choice",
  } as Record<string, string>;
  if (opType === "ConstantOfShape") name.three = draft.integers([2, 3, 4]);
  const axesInput = opType === "ReduceMean" || opType === "ReduceMax";
  draft.node("Greater", ["x", name.one], { outputs: ["truth"] });
  draft.node("Cast", [draft.integers([1, 0, 1])], { outputs: ["choice"], attributes: { to: 9n } });
  const count = opType === "DynamicQuantizeLinear" ? ["y", "y.scale", "y.zero"] : ["y"];
  draft.node(opType, axesInput ? inputs.slice(0, 1) : inputs.map((input) => name[input]), {
    // Before operator set 18 axes of these are an attribute.
    attributes: axesInput ? { ...attributes, axes: [1n, 2n] } : attributes,
    outputs: count,
  });
  draft.node("Identity", ["y"], { outputs: ["end"] });
  return newModel(draft, { inputs: [makeValueInfo("x", FLOAT, [2, 3, 4, 5])], outputs: [makeValueInfo("end")] });
}

describe("a tensor that the file does not describe", () => {
  it.each(CASES)("%s of %j %o: type %s, rank %s", async (...given) => {
    const [, , , dataType, rank] = given;
    const model = modelWith(given);
    const view = viewGraph(model.graph);
    expect([elementType(view, "y"), rankOf(view, "y")]).toEqual([dataType, rank]);
    for (const part of [
      extract(model, { inputs: ["x"], outputs: ["y"] }),
      extract(model, { inputs: ["y"], outputs: ["end"] }),
    ]) {
      const session = await InferenceSession.create(await modelBytes(part), { logSeverityLevel: 3 });
      const [output] = session.outputMetadata;
      if (output.isTensor && rank !== undefined && part.graph.outputs[0].name === "y")
        expect(output.shape).toHaveLength(rank);
      await session.release();
    }
  });

  it("is of no known type or rank behind an operator that is not known, and behind an output that is a by-product", () => {
    const draft = newDraft("c.", 17);
    draft.node("Mystery", ["x"], { outputs: ["a"] });
    draft.node("LayerNormalization", ["x", "x"], { outputs: ["b", "mean"] });
    const view = viewGraph(newModel(draft, { inputs: [makeValueInfo("x", FLOAT, [2, 3])], outputs: [] }).graph);
    expect([elementType(view, "a"), rankOf(view, "a"), rankOf(view, "mean")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([elementType(view, "b"), rankOf(view, "b")]).toEqual([FLOAT, 2]);
    expect(elementType(view, "mean")).toBeUndefined();
    const unknown = newModel(draft, { inputs: [makeValueInfo("x", FLOAT, [2, 3])], outputs: [makeValueInfo("b")] });
    expect(() => extract(unknown, { inputs: ["a"], outputs: ["a"] })).toThrow(/an input whose type .*, got a/);
  });
});

describe("extract", () => {
  it("cuts at one of the tensors that a node makes", async () => {
    const draft = newDraft("c.", 17);
    draft.node("Split", ["x"], { outputs: ["a", "b"], attributes: { axis: 1n } });
    draft.node("Add", ["a", "b"], { outputs: ["end"] });
    const model = newModel(draft, {
      inputs: [makeValueInfo("x", FLOAT, [2, 4])],
      outputs: [makeValueInfo("end", FLOAT, [2, 2])],
    });
    const part = extract(model, { inputs: ["x", "a"], outputs: ["end"] });
    const session = await InferenceSession.create(await modelBytes(part), { logSeverityLevel: 3 });
    expect(session.inputNames).toEqual(["x", "a"]);
    await session.release();
    expect(() => extract(model, { inputs: ["x", "x"], outputs: ["end"] })).toThrow(/each name once, got x twice/);
    expect(() => extract(model, { inputs: ["x"], outputs: ["end", "end"] })).toThrow(/each name once, got end twice/);
  });
});
