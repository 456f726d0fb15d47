/** Decoders told places and mass, in ONNX Runtime, against PyTorch (tests/golden/decoders, made by python/recoup_fixtures). */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { parseSafetensors } from "../../src/files/index.js";
import { fromFloat16Array, toFloat16Array } from "../../src/math/index.js";
import {
  bytesSource,
  type DecoderAttentionForm,
  inspectDecoder,
  modelBytes,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  OnnxUnsupportedError,
  openOnnx,
  tell,
} from "../../src/onnx/index.js";

const folder = fileURLToPath(new URL("../golden/decoders/", import.meta.url));
const index: { parts: number[]; files: Record<string, { shape: string; precision: string }> } = JSON.parse(
  readFileSync(`${folder}index.json`, "utf8"),
);
const { tensors } = parseSafetensors(new Uint8Array(readFileSync(`${folder}told.safetensors`)), {
  operation: "test",
  file: "told",
});
const values = (name: string) => Array.from(tensors.get(name)?.data ?? [], Number);
const ROWS = Float32Array.from(values("rows"));
const [PLACES, BIAS] = [values("places"), values("bias")];
/** The conversation's rows, one after another as often as a wider decoder needs. */
const rowsOf = (width: number) => Float32Array.from({ length: PLACES.length * width }, (_, i) => ROWS[i % ROWS.length]);
/** Rows of the fixtures' tables. */
const LONGEST = 256;
const COUNTED = PLACES.map((_, i) => i);
const SILENT = PLACES.map(() => 0);

const open = (file: string, from = folder) => openOnnx(bytesSource(new Uint8Array(readFileSync(from + file)), file));

interface Said {
  readonly places?: readonly number[];
  readonly bias?: readonly number[];
  readonly positions?: readonly number[];
}

/** Logits of the conversation's parts, one after another on the same cache. */
async function logits(model: Uint8Array, { places, bias, positions = COUNTED }: Said): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const inputs = new Map(
    session.inputMetadata.map((one) => [one.name, one as unknown as { type: string; shape: number[] }]),
  );
  const floats = (type: string, data: Float32Array, dims: number[]) =>
    type === "float16" ? new Tensor("float16", toFloat16Array(data) as never, dims) : new Tensor("float32", data, dims);
  const integers = (data: readonly number[], dims: number[]) =>
    new Tensor("int64", BigInt64Array.from(data, BigInt), dims);
  let past: Record<string, Tensor> = {};
  for (const [name, { type, shape }] of inputs) {
    if (!name.startsWith("past")) continue;
    // Keys are none yet; a convolution's states are as many as ever.
    const dims = [1, ...shape.slice(1).map((size) => (typeof size === "number" ? size : 0))];
    past[name] = floats(type, new Float32Array(dims.reduce((a, b) => a * b)), dims);
  }
  const out: number[] = [];
  let at = 0;
  for (const count of index.parts) {
    const end = at + count;
    const width = inputs.get("inputs_embeds")?.shape[2] ?? 0;
    const embeds = rowsOf(width).slice(at * width, end * width);
    const results = await session.run({
      ...past,
      inputs_embeds: floats(inputs.get("inputs_embeds")?.type ?? "", embeds, [1, count, width]),
      attention_mask: integers(Array(end).fill(1), [1, end]),
      ...(inputs.has("position_ids") && { position_ids: integers(positions.slice(at, end), [1, count]) }),
      ...(places && { places: integers(places.slice(0, end), [end]) }),
      ...(bias && { key_bias: new Tensor("float32", Float32Array.from(bias.slice(0, end)), [end]) }),
    });
    past = Object.fromEntries(
      Object.entries(results).flatMap(([name, tensor]) =>
        name === "logits" ? [] : [[name.replace("present.", "past_key_values.").replace("present_", "past_"), tensor]],
      ),
    );
    const { type, data } = results.logits;
    out.push(
      ...(type === "float16"
        ? fromFloat16Array(new Uint16Array((data as Uint16Array).buffer))
        : (data as Float32Array)),
    );
    at = end;
  }
  await session.release();
  return Float32Array.from(out);
}

/** Largest difference, of the largest value. */
function off(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let [most, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return most / largest;
}

/** Of half precision what halves round; of 8 bits, whose products are rounded by what comes in, what the file before is off as well. */
const TOLERANCE: Record<string, number> = { raw: 1e-4, q4: 1e-4, fp16: 5e-3, q4f16: 5e-3, q8: 0.1 };

/** The measured rows; `RECOUP_WRITE_DOCS=1` makes docs/onnx-decoders.md of them. */
const rows = new Map<string, { before?: number; told?: number }>();
const measured = (file: string, values: { before?: number; told?: number }) =>
  rows.set(file, { ...rows.get(file), ...values });
afterAll(() => {
  if (!process.env.RECOUP_WRITE_DOCS) return;
  const text = (value = 0) => (value === 0 ? "0" : value.toExponential(0));
  const lines = Array.from(rows, ([file, { before, told }]) => {
    const [name, precision] = file.split(".");
    const by = /^gqa(?!-outside)/.test(file) ? "tables" : "position_ids";
    return `| ${name} | ${precision} | ${FORMS[name.split("-")[0]]} | ${by} | ${text(before)} | ${text(told)} |`;
  });
  writeFileSync("docs/onnx-decoders.md", `${DOC}${lines.join("\n")}\n`);
});

/** The form of a file's attention, as an inspection has it. */
function form(file: string): DecoderAttentionForm {
  const [name] = file.split(/[.-]/);
  return ({ gqa: "grouped", mha: "multi-head", onnx: "onnx" } as const)[name] ?? "softmax";
}

const FORMS: Record<string, string> = {
  gqa: "GroupQueryAttention",
  mha: "MultiHeadAttention",
  onnx: "ai.onnx Attention",
  eager: "written out",
  sdpa: "written out, as PyTorch's SDPA is exported",
};

const DOC = `# Decoders that can be told places and mass

\`recoup onnx tell\` adds two inputs to a decoder, \`places\` and \`key_bias\`, both \`[past + new]\`. Each row is a decoder of random weights (width 32, 4
heads, 2 of keys, 2 layers; python/recoup_fixtures/make_decoders.py), told, and run in onnxruntime-node 1.30 on a CPU: a prompt of 9 tokens, two more one
by one, and a second turn of 5, of which two stand at places before others. Largest difference over largest value, of all logits. "As
before": places counted and biases 0, against the file before. "Told": gaps and random biases, against PyTorch with the weights that the file holds; files of
half precision are as far off as halves round, those of 8 bits as their rounded products are (the file before is 5e-2 off, too). Made by
\`RECOUP_WRITE_DOCS=1 npx vitest run tests/onnx/tell.test.ts\`.

The test also has the decoders of the seven families in tests/golden/families and of the bundled model. What a hybrid
decoder caches for its convolutions is no keys: it is passed by, and said. What cannot be told is refused by node and reason: learned positions,
none, several planes (M-RoPE), layers inside an If, operators that take no bias (SparseAttention, PagedAttention, com.microsoft Attention with
a past).

| decoder | precision | attention | places by | as before | told |
| --- | --- | --- | --- | ---: | ---: |
`;

describe.each(Object.entries(index.files))("%s", (file, { shape, precision }) => {
  it("says what it said before, with places counted and no bias", async () => {
    const model = await open(file);
    const before = await logits(await modelBytes(model), {});
    const after = await logits(await modelBytes(tell(model)), { places: COUNTED, bias: SILENT });
    measured(file, { before: off(after, before) });
    if (precision === "raw") expect(after).toEqual(before);
    else expect(off(after, before)).toBeLessThan(1e-4);
  });

  it("follows places and biases as PyTorch does", async () => {
    const model = await open(file);
    const told = await logits(await modelBytes(tell(model)), { places: PLACES, bias: BIAS });
    const stored = precision.startsWith("q4") ? `${shape}.q4` : shape;
    measured(file, { told: off(told, values(`told.${stored}`)) });
    expect(rows.get(file)?.told).toBeLessThan(TOLERANCE[precision]);
  });

  it("names what it can be told", async () => {
    const found = inspectDecoder(await open(file));
    expect(found).toMatchObject({ told: ["places", "mass"], refused: {} });
    // A layer of convolutions has no keys: it is passed by, and said.
    expect(found?.passedBy).toEqual(shape === "hybrid" ? ["past_conv.0"] : []);
    expect(found?.layers).toEqual({ [form(file)]: shape === "hybrid" ? 1 : 2 });
    expect(found?.places).toBe(/^gqa(?!-outside)/.test(file) ? "tables" : "positions");
    // Exports of PyTorch compute cosines; the others look them up.
    expect(found?.positions).toBe(/^(eager|sdpa)/.test(file) ? undefined : LONGEST);
  });
});

describe("a decoder that was told before", () => {
  it.each(["eager.raw.onnx", "gqa.raw.onnx", "onnx.raw.onnx", "gqa-outside.raw.onnx"])(
    "%s: is known by its inputs, and takes what it lacks",
    async (file) => {
      const model = await open(file);
      const { positions } = inspectDecoder(model) ?? {};
      expect(inspectDecoder(tell(model))).toMatchObject({
        takes: ["places", "mass"],
        told: [],
        refused: {},
        positions,
      });
      const both = await logits(await modelBytes(tell(model)), { places: PLACES, bias: BIAS });
      for (const [first, then] of [["places", "mass"] as const, ["mass", "places"] as const]) {
        const once = await openOnnx(bytesSource(await modelBytes(tell(model, { what: [first] })), file));
        expect(inspectDecoder(once)).toMatchObject({ takes: [first], told: [then], refused: {}, positions });
        const twice = await modelBytes(tell(once, { what: [then] }));
        expect(off(await logits(twice, { places: PLACES, bias: BIAS }), both)).toBeLessThan(1e-5);
      }
    },
  );

  it("is none that has another tensor of these names", async () => {
    const model = await open("eager.raw.onnx");
    const inputs = [...model.graph.inputs, { ...model.graph.inputs[0], name: "key_bias" }];
    const found = inspectDecoder({ ...model, graph: { ...model.graph, inputs } });
    expect(found).toMatchObject({
      takes: [],
      told: ["places"],
      refused: { mass: "another tensor is called key_bias" },
    });
  });
});

it("counts the rows of a table along the axis that they are looked up by", async () => {
  const model = await open("onnx.raw.onnx");
  const { nodes, initializers } = model.graph;
  const isLookup = ({ opType, inputs }: OnnxNode) => opType === "Gather" && inputs[1] === "position_ids";
  const tables = new Set(nodes.filter(isLookup).map(({ inputs }) => inputs[0]));
  const graph = {
    ...model.graph,
    nodes: nodes.map((node) =>
      isLookup(node) ? { ...node, attributes: new Map([["axis", { type: 2, int: 1n }]]) } : node,
    ),
    initializers: initializers.map((one) => (tables.has(one.name) ? { ...one, dims: [1, ...one.dims] } : one)),
  };
  expect(tables.size).toBe(2);
  expect(inspectDecoder({ ...model, graph })?.positions).toBe(LONGEST);
});

const TAKES_POSITIONS = Object.keys(index.files).filter((file) => !/^gqa(?!-outside)/.test(file));

it.each(TAKES_POSITIONS)("%s: places without bias are its own positions", async (file) => {
  const model = await open(file);
  const own = await logits(await modelBytes(model), { positions: PLACES });
  expect(off(await logits(await modelBytes(tell(model)), { places: PLACES, bias: SILENT }), own)).toBeLessThan(1e-5);
});

const FAMILIES = ["smolvlm", "gemma3", "paligemma", "mistral3", "fastvlm", "llava-onevision", "llava-siglip"];
const ROOTS = [
  ...FAMILIES.map((name) => fileURLToPath(new URL(`../golden/families/${name}/onnx/`, import.meta.url))),
  fileURLToPath(new URL("../../models/tiny/onnx/", import.meta.url)),
];
it.each(ROOTS)("a genuine decoder: %s", async (root) => {
  const model = await open("decoder_model_merged.onnx", root);
  const told = await modelBytes(tell(model));
  expect(await logits(told, { places: COUNTED, bias: SILENT })).toEqual(await logits(await modelBytes(model), {}));
  const own = await logits(await modelBytes(model), { positions: PLACES });
  expect(off(await logits(told, { places: PLACES, bias: SILENT }), own)).toBeLessThan(1e-5);
  expect(off(await logits(told, { places: PLACES, bias: BIAS }), own)).toBeGreaterThan(1e-3);
});

describe("what cannot be told", () => {
  it.each([
    ["learned.onnx", /Add .*: its positions are learned, and added to the embeddings$/],
    ["none.onnx", /Attention .*: position_ids leads to no rotation$/],
  ])("%s: places; mass it can", async (file, reason) => {
    const found = inspectDecoder(await open(file));
    expect(found).toMatchObject({ told: ["mass"], places: undefined });
    expect(found?.refused.places).toMatch(reason);
    const model = await open(file);
    expect(() => tell(model)).toThrow(OnnxUnsupportedError);
    const before = await logits(await modelBytes(model), {});
    expect(await logits(await modelBytes(tell(model, { what: ["mass"] })), { bias: SILENT })).toEqual(before);
  });

  /** The file with one thing changed. */
  const changed = async (file: string, change: (graph: OnnxGraph) => Partial<OnnxGraph>): Promise<OnnxModel> => {
    const model = await open(file);
    return { ...model, graph: { ...model.graph, ...change(model.graph) } };
  };
  const isOf = (node: OnnxNode, opType: string) => node.opType === opType;

  it("names node and reason", async () => {
    const planes = await changed("eager.raw.onnx", ({ inputs }) => ({
      inputs: inputs.map((one) => (one.name === "position_ids" ? { ...one, shape: [3, "b", "s"] } : one)),
    }));
    expect(() => tell(planes)).toThrow(/position_ids has several planes \(M-RoPE\)$/);
    const other = (name: string, opType: string) => async () =>
      changed(name, ({ nodes }) => ({
        nodes: nodes.map((node) => (isOf(node, "GroupQueryAttention") ? { ...node, opType } : node)),
      }));
    const sparse = await other("gqa.raw.onnx", "SparseAttention")();
    expect(() => tell(sparse)).toThrow(/SparseAttention .*attention: this operator takes no bias of keys$/);
    const unknown = await other("gqa.raw.onnx", "NewAttention")();
    expect(() => tell(unknown)).toThrow(
      /NewAttention .*: no product of queries with past_key_values.0.key is found behind it$/,
    );
    const sideways = await changed("eager.raw.onnx", ({ nodes }) => ({
      nodes: nodes.map((node) =>
        isOf(node, "Softmax") ? { ...node, attributes: new Map([["axis", { type: 2, int: 2n }]]) } : node,
      ),
    }));
    expect(() => tell(sideways)).toThrow(/Softmax .*: its softmax runs along axis 2, not along the keys$/);
  });

  it("refuses what is no decoder, one that was told, and unknown wishes", async () => {
    const tower = await open("vision_encoder.onnx", ROOTS[ROOTS.length - 1]);
    expect(inspectDecoder(tower)).toBeUndefined();
    expect(() => tell(tower)).toThrow(/a decoder with inputs past_key_values.N.key, got none/);
    const model = await open("gqa.raw.onnx");
    expect(() => tell(tell(model))).toThrow(/a decoder that has not been told yet, got one with a tensor places/);
    expect(() => tell(model, { what: ["plases" as never] })).toThrow(/what among places, mass, got plases/);
  });
});
