/** Files of many kinds (made by python/recoup_fixtures/make_kinds.py): `inspect` says what is there, and what is no ONNX model is named. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bytesSource,
  extract,
  inspectModel,
  modelBytes,
  OnnxError,
  type OnnxModel,
  openOnnx,
  tap,
} from "../../src/onnx/index.js";
import { run } from "./fixtures.js";

const openKind = (name: string) =>
  openOnnx(bytesSource(new Uint8Array(readFileSync(new URL(`../golden/kinds/${name}.onnx`, import.meta.url))), name));

describe("the precision of linear layers is that of the weights as they are kept", () => {
  it.each([
    ["bf16", "bfloat16", { bfloat16: 536, float32: 97, int64: 15 }],
    ["float8", "float8", { float8e4m3fn: 536, float32: 97, int64: 15 }],
    ["fp16", "float16", { float16: 536, float32: 97, int64: 15 }],
    ["int4", "4 bits", { int4: 536, float32: 104, int64: 15 }],
    ["int8", "8 bits", { int8: 536, float32: 104, int64: 15 }],
    ["constants", "float32", { float32: 633, int64: 15 }],
    ["function", undefined, { float32: 633, int64: 15 }],
    ["function-constants", undefined, { float32: 633, int64: 15 }],
    ["subgraph", undefined, { float32: 633, int64: 18 }],
  ])("%s: %s", async (name, precision, parameters) => {
    expect(inspectModel(await openKind(name))).toMatchObject({ precision, parameters });
  });
});

describe("the place of a tower is said", () => {
  it.each([
    [
      "function",
      1,
      33,
      /^Encoder call: a function of the file, with 33 nodes, has the attention: put it into the graph/,
    ],
    ["function-constants", 1, 56, /^Encoder call: a function of the file, with 56 nodes, has the attention/],
    ["subgraph", 1, 35, /^If branch: its subgraphs have the attention/],
  ])("%s", async (name, nodes, innerNodes, refusal) => {
    const found = inspectModel(await openKind(name));
    expect(found).toMatchObject({ nodes, innerNodes });
    expect(found).not.toHaveProperty("tower");
    expect(found.refusal).toMatch(refusal);
    expect(found.functions).toEqual(name === "subgraph" ? [] : ["my.domain.Encoder"]);
  });

  it("in constants: its width too", async () => {
    expect(inspectModel(await openKind("constants")).tower).toMatchObject({ layers: 1, width: 8, kind: "vision" });
  });

  it.each([
    ["text", { kind: "text", layers: 1, textLayers: 0 }],
    ["text-and-vision", { kind: "vision", layers: 1, textLayers: 1 }],
    ["bf16", { kind: "vision", layers: 1, textLayers: 0 }],
  ])("%s: ids of tokens are no images", async (name, tower) => {
    expect(inspectModel(await openKind(name)).tower).toMatchObject(tower);
  });
});

describe("IR version 3, in which every weight is an input", () => {
  const isValid = ({ graph }: OnnxModel) => {
    const inputs = new Set(graph.inputs.map(({ name }) => name));
    return graph.initializers.filter(({ name }) => !inputs.has(name)).map(({ name }) => name);
  };

  it("stays valid after a tap and a cut, and runs", async () => {
    const model = await openKind("ir-version-3");
    expect(inspectModel(model).inputs.map(({ name }) => name)).toEqual(["pixels"]);
    const { model: tapped, outputs } = tap(model);
    expect(isValid(tapped)).toEqual([]);
    expect(tapped.graph.initializers.length).toBeGreaterThan(model.graph.initializers.length);
    const cut = extract(tapped, { inputs: ["pixels"], outputs: Object.values(outputs) });
    expect(isValid(cut)).toEqual([]);
    const pixels = { dims: [2, 5, 3], data: Float32Array.from({ length: 30 }, (_, i) => Math.sin(i)) };
    const found = await run(await modelBytes(cut), pixels);
    expect(found.get("recoup.clsAttention")?.dims).toEqual([2, 2, 5]);
  });
});

describe("what is no ONNX model is named, with its file", () => {
  const text = (words: string) => new TextEncoder().encode(words);
  const latin = (bytes: string) => Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
  it.each([
    [
      "a pointer",
      text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"),
      /got a Git LFS pointer: .*git lfs pull/,
    ],
    ["a page", text("\n<!DOCTYPE html><html></html>"), /got an HTML page/],
    ["a page behind a byte order mark", text("\ufeff<html>"), /got an HTML page/],
    ["XML", text('<?xml version="1.0"?>'), /got an XML/],
    ["JSON", text('{"error": "Not found"}'), /got a JSON file/],
    ["text", text("Not found"), /got a text file/],
    ["GGUF", text("GGUF\x03\0\0\0"), /got a GGUF file/],
    ["a zip archive", latin("PK\x03\x04\x14\0"), /got a zip archive/],
    ["gzip", latin("\x1f\x8b\x08\0"), /got a gzip file: unpack it/],
    ["safetensors", latin('\x08\0\0\0\0\0\0\0{"a":{}}'), /got a safetensors file/],
    ["a pickle", latin("\x80\x02}q\0."), /got a pickle/],
    ["Keras", latin("\x89HDF\r\n\x1a\n"), /got an HDF5 file/],
    ["TensorFlow Lite", latin("\x1c\0\0\0TFL3"), /got a TensorFlow Lite model/],
    ["ORT", latin("\x1c\0\0\0ORTM"), /got a model in ONNX Runtime's own format/],
    ["an image", latin("\x89PNG\r\n\x1a\n"), /got a PNG image/],
    ["a tar archive", latin(`model${"\0".repeat(252)}ustar`), /got a tar archive/],
    ["nothing", new Uint8Array(0), /got an empty file/],
    ["zeros", new Uint8Array(4096), /got zeros alone/],
    ["other bytes", latin("\xfe\xfe\xfe\xfe"), /an ONNX model in some\.onnx: a varint/],
  ])("%s", async (_, bytes, words) => {
    const error = await openOnnx(bytesSource(bytes, "some.onnx")).catch((caught) => caught);
    expect(error).toBeInstanceOf(OnnxError);
    expect(error.message).toMatch(/^openOnnx: expected an ONNX model in some\.onnx/);
    expect(error.message).toMatch(words);
    expect(error.message).not.toMatch(/\n/);
  });
});
