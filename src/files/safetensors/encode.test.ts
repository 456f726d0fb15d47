import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { encodeSafetensors } from "./encode.js";
import { arrayClass, type Dtype, MAX_HEADER_BYTES, MAX_TENSORS, type Tensor } from "./format.js";
import { parseSafetensors } from "./parse.js";

const DTYPES = "F64 F32 F16 BF16 F8_E4M3 F8_E5M2 F8_E8M0 I64 I32 I16 I8 U64 U32 U16 U8 BOOL".split(" ") as Dtype[];

function tensorOf(dtype: Dtype, shape: number[], seed: number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const ArrayType = arrayClass(dtype);
  if (ArrayType === undefined) throw new Error(dtype);
  const raw = Uint8Array.from({ length: count * ArrayType.BYTES_PER_ELEMENT }, (_, i) => (i * 37 + seed) % 251);
  return { dtype, shape, data: new ArrayType(raw.buffer, 0, count) } as Tensor;
}

const bits = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const anyTensor = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat(4), { maxLength: 4 }), fc.nat(250))
  .map(([dtype, shape, seed]) => tensorOf(dtype, shape, seed));
const anyName = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");

describe("encodeSafetensors", () => {
  it("writes the same bytes as the official library", () => {
    const tensors = new Map<string, Tensor>([
      ["weights", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 3e38) }],
      ["bias", { dtype: "F32", shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) }],
      ["none", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
      ["scalar", { dtype: "F32", shape: [], data: Float32Array.of(7) }],
    ]);
    const bytes = encodeSafetensors(tensors, { metadata: new Map([["made by", "safetensors 0.8.0"]]) });
    // Written by the Python package safetensors 0.8.0.
    expect(Buffer.from(bytes).toString("base64")).toBe(
      "IAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5Ijoic2FmZXRlbnNvcnMgMC44LjAifSwiYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNo" +
        "YXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzAsMTJdfSwibm9uZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZz" +
        "ZXRzIjpbMTIsMTJdfSwic2NhbGFyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlsxMiwxNl19LCJ3ZWln" +
        "aHRzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19fSDNzMw9zcxMPpqZmT4AAOBAAADA" +
        "PwAAAMAAAIA+5rFhfw==",
    );
  });

  it("gives back every tensor bit for bit, of every data type, under any name", () => {
    const anyTensors = fc.array(fc.tuple(anyName, anyTensor), { maxLength: 8 });
    const anyMetadata = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(anyTensors, anyMetadata, (pairs, texts) => {
        const tensors = new Map(pairs);
        const metadata = new Map(texts);
        const read = parseSafetensors(encodeSafetensors(tensors, { metadata }));
        expect(new Map(read.metadata)).toEqual(metadata);
        expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
        for (const [name, tensor] of tensors) {
          const again = read.tensors.get(name) as Tensor;
          expect([again.dtype, again.shape]).toEqual([tensor.dtype, tensor.shape]);
          expect(bits(again)).toEqual(bits(tensor));
        }
      }),
    );
  });

  it("pads the header to 8 and aligns every tensor, so that reading copies nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, anyTensor), { maxLength: 8 }), (pairs) => {
        const bytes = encodeSafetensors(new Map(pairs));
        expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
        for (const { data } of parseSafetensors(bytes).tensors.values()) expect(data.buffer).toBe(bytes.buffer);
      }),
    );
  });

  it("lists tensors by name, numbers as text, and gives the same bytes in whatever order they come", () => {
    const pairs = ["b", "10", "9", "a"].map((name, i): [string, Tensor] => [name, tensorOf("U8", [1], i)]);
    const bytes = encodeSafetensors(new Map(pairs));
    const names = [
      ...Buffer.from(bytes)
        .toString()
        .matchAll(/"(\w+)":\{/g),
    ].map((match) => match[1]);
    expect(names).toEqual(["10", "9", "a", "b"]);
    expect(encodeSafetensors(new Map(pairs.toReversed()))).toEqual(bytes);
  });

  it("writes a part of a larger array, and no tensors at all", () => {
    const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    const bytes = encodeSafetensors(new Map([["part", { dtype: "F32", shape: [2], data }]]));
    expect(parseSafetensors(bytes).tensors.get("part")?.data).toEqual(Float32Array.of(1, 2));
    expect(parseSafetensors(encodeSafetensors(new Map())).tensors.size).toBe(0);
  });

  const one = { dtype: "F32", shape: [1], data: Float32Array.of(1) };
  it.each([
    ["the name of the metadata", "__metadata__", one, "tensor names other than __metadata__"],
    ["half a surrogate pair in a name", "a\ud800", one, "half surrogate"],
    ["an unknown data type", "a", { ...one, dtype: "F31" }, 'dtype of "a"'],
    ["an array of another type", "a", { ...one, dtype: "F16" }, 'data of "a" as Uint16Array for F16'],
    ["a plain list as data", "a", { ...one, data: [1] }, 'data of "a" as Float32Array'],
    ["no data", "a", { ...one, data: undefined }, 'data of "a" as Float32Array'],
    ["a shape of another size", "a", { ...one, shape: [2] }, 'shape of "a" with a product of 1'],
    ["a negative shape", "a", { ...one, shape: [-1, -1] }, 'shape of "a"'],
  ])("refuses %s", (_, name, tensor, expected) => {
    const encode = () => encodeSafetensors(new Map([[name, tensor as Tensor]]));
    expect(encode).toThrow(InvalidInputError);
    expect(encode).toThrow(expected);
  });

  it("refuses metadata that is no text", () => {
    const metadata = (value: unknown) => ({ metadata: new Map([["key", value as string]]) });
    expect(() => encodeSafetensors(new Map(), metadata(1))).toThrow('metadata "key" as a string');
    expect(() => encodeSafetensors(new Map(), metadata("\udc00"))).toThrow("half surrogate");
  });

  it("refuses what the reader would refuse: too many tensors, too long a header", () => {
    const tensor = tensorOf("U8", [0], 0);
    const many = new Map(Array.from({ length: MAX_TENSORS + 1 }, (_, i) => [String(i), tensor]));
    expect(() => encodeSafetensors(many)).toThrow(`at most ${MAX_TENSORS} tensors`);
    expect(() => encodeSafetensors(new Map([["x".repeat(MAX_HEADER_BYTES), tensor]]))).toThrow("a header of at most");
  });
});
