/** Unsupported graphs are refused by the node's name and the reason; the attributes of fused attention are obeyed. */
import { describe, expect, it } from "vitest";
import {
  extract,
  inspectModel,
  locate,
  modelBytes,
  OnnxError,
  type OnnxModel,
  type OnnxNode,
  OnnxUnsupportedError,
  planSplit,
  tap,
} from "../../src/onnx/index.js";
import { type AttributeValue, makeNode, makeValueInfo } from "../../src/onnx/proto/make.js";
import { renameOutputs } from "../../src/onnx/proto/write-model.js";
import { difference, FIXTURES, type Fixture, openFixture, run, softmaxPerHead, truth } from "./fixtures.js";

const MHA = { export: "clip-old-eager-ts14", variant: "mha" };
const PACKED = { export: "clip-old-eager-ts14", variant: "fused" };
const ONNX = { export: "clip-sdpa-dynamo23", variant: "raw" };
const fixtureOf = (like: Pick<Fixture, "export" | "variant">) =>
  FIXTURES.find((row) => row.export === like.export && row.variant === like.variant) ?? FIXTURES[0];

function withNodes(model: OnnxModel, nodes: readonly OnnxNode[]): OnnxModel {
  return { ...model, graph: { ...model.graph, nodes } };
}

/** The last attention node of a fixture, or all, with other inputs and attributes. */
async function changed(
  like: Pick<Fixture, "export" | "variant">,
  inputsOf: (inputs: readonly string[]) => readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  which: "last" | "all" = "last",
): Promise<OnnxModel> {
  const model = await openFixture(like);
  const fused = model.graph.nodes.filter(({ opType }) => opType === "Attention" || opType === "MultiHeadAttention");
  const nodes = model.graph.nodes.map((node) => {
    const { opType, domain, name, inputs, outputs } = node;
    if (which === "all" ? !fused.includes(node) : node !== fused.at(-1)) return node;
    const heads: Record<string, AttributeValue> = node.attributes.has("num_heads") ? { num_heads: 2n } : {};
    return makeNode({
      opType,
      domain,
      name,
      inputs: inputsOf(inputs),
      outputs,
      attributes: { ...heads, ...attributes },
    });
  });
  return withNodes(model, nodes);
}

describe("locate finds", () => {
  it("layers whose normalized states are cast, as in files of mixed precision", async () => {
    const model = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    const before = locate(model);
    const nodes = model.graph.nodes.flatMap((node) => {
      if (node.opType !== "LayerNormalization") return [node];
      const [output] = node.outputs;
      const cast = makeNode({ opType: "Cast", inputs: [`${output}/whole`], outputs: [output], attributes: { to: 1n } });
      return [renameOutputs(node, (name) => `${name}/whole`), cast];
    });
    const mixed = locate(withNodes(model, nodes));
    // The first layer's states are a norm's, too, of which they are the cast.
    const names = ({ layers }: typeof mixed) =>
      layers.map(({ before }) => ("tensor" in before ? before.tensor.replace("/whole", "") : before));
    expect(names(mixed)).toEqual(names(before));
  });
});

describe("locate refuses", () => {
  it.each([
    ["GroupQueryAttention", "its queries and keys are inside the node, as in language models"],
    ["PackedMultiHeadAttention", "its rows are packed over images"],
    ["PackedAttention", "its rows are packed over images"],
    ["Loop", "the tower is called in a loop"],
    ["Scan", "the tower is called in a loop"],
    ["EPContext", "it is compiled for one device"],
  ])("%s: %s", async (opType, reason) => {
    const model = await openFixture(MHA);
    const nodes = [makeNode({ opType, name: "the/one", inputs: ["pixel_values"], outputs: ["image_embeds"] })];
    const outputs = [makeValueInfo("image_embeds", 1)];
    const refused = { ...model, graph: { ...model.graph, nodes, outputs } };
    const error = catchError(() => locate(refused));
    expect(error).toBeInstanceOf(OnnxUnsupportedError);
    expect(error).toMatchObject({ node: "the/one", got: `${opType} the/one: ${reason}` });
  });

  it("queries, keys and values that are packed in one input", async () => {
    const model = await changed(MHA, ([query]) => [query], {}, "all");
    expect(() => locate(model)).toThrow(/MultiHeadAttention .*: its queries and keys come packed in one input/);
  });

  it("a graph without attention, with the number of its nodes", async () => {
    const model = await openFixture(MHA);
    const nodes = [makeNode({ opType: "Relu", inputs: ["pixel_values"], outputs: ["image_embeds"] })];
    const outputs = [makeValueInfo("image_embeds", 1)];
    expect(() => locate({ ...model, graph: { ...model.graph, nodes, outputs } })).toThrow(
      /got 1 nodes without attention/,
    );
  });
});

describe("nodes that lack what they must have", () => {
  it.each([
    ["SkipLayerNormalization", { export: "clip-sdpa-ts17", variant: "fused" }],
    ["LayerNormalization", { export: "clip-sdpa-ts17", variant: "raw" }],
    ["Attention", PACKED],
    ["MultiHeadAttention", MHA],
    ["Softmax", { export: "clip-sdpa-ts17", variant: "raw" }],
    ["Add", { export: "clip-sdpa-ts17", variant: "raw" }],
  ])("%s without inputs, or without a name and outputs", async (opType, like) => {
    const model = await openFixture(like);
    for (const lacking of [{ inputs: [] }, { inputs: ["", ""] }, { name: "", outputs: [] }, { outputs: [""] }]) {
      const nodes = model.graph.nodes.map((node) => (node.opType === opType ? { ...node, ...lacking } : node));
      const made = new Set(nodes.flatMap(({ outputs }) => outputs));
      const weights = model.graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => !made.has(name)));
      const inputs = [...model.graph.inputs, ...weights.map((name) => makeValueInfo(name, 1, [2, 10, 32]))];
      const odd = { ...withNodes(model, nodes), graph: { ...model.graph, nodes, inputs } };
      for (const ask of [() => inspectModel(odd), () => tap(odd), () => planSplit(odd)]) {
        const error = catchError(ask);
        if (error instanceof Error) expect(error).toBeInstanceOf(OnnxError);
      }
    }
  });

  it("and signals and layers that there are none of", async () => {
    const model = await openFixture(MHA);
    expect(() => tap(model, { signals: ["nose" as "key"] })).toThrow(/signals of states, .*got nose/);
    for (const layer of [Number.NaN, 0.5, 9]) expect(() => tap(model, { layer })).toThrow(/a layer from -3 to 2/);
  });
});

describe("attention of three axes", () => {
  it("is read by its last axes, whatever their number", async () => {
    const old = { export: "clip-old-eager-ts14", variant: "raw" };
    const model = await openFixture(old);
    const pixels = truth(fixtureOf(old)).get("pixel_values") ?? { dims: [], data: new Float32Array() };
    const wanted = await run(await modelBytes(tap(model).model), pixels);
    for (const name of ["recoup.clsAttention", "recoup.receivedAttention"]) {
      expect(wanted.get(name)?.dims).toEqual([4, 10]);
    }
    const { graph } = tap(model).model;
    const gather = graph.nodes.find(({ outputs }) => outputs[0]?.startsWith("recoup.Gather"));
    expect(gather?.attributes.get("axis")?.int).toBe(-2n);
  });
});

describe("attention inside a fused node", () => {
  it.each([
    [MHA, 5, "a mask, bias or past (pixel_values) goes into its probabilities"],
    [PACKED, 5, "a mask, bias or past (pixel_values) goes into its probabilities"],
    [ONNX, 3, "a mask, bias or past (pixel_values) goes into its probabilities"],
  ])("%o with input %i is refused: %s", async (like, position, reason) => {
    const model = await changed(like, (inputs) => {
      const padded = [...inputs, ...Array(9).fill("")].slice(0, position);
      return [...padded, "pixel_values"];
    });
    for (const signal of ["clsAttention", "receivedAttention"] as const) {
      expect(catchError(() => tap(model, { signals: [signal] }))).toMatchObject({
        got: expect.stringContaining(reason),
      });
    }
    // The rest is supported.
    expect(tap(model).outputs).toMatchObject({ states: "recoup.states", query: "recoup.query", key: "recoup.key" });
    expect(Object.keys(tap(model).outputs)).toHaveLength(4);
  });

  it.each([
    [MHA, "unidirectional", 1n],
    [PACKED, "unidirectional", 1n],
    [PACKED, "do_rotary", 1n],
    [ONNX, "is_causal", 1n],
    [ONNX, "softcap", 30],
  ])("%o with %s is refused", async (like, name, value) => {
    const model = await changed(like, (inputs) => inputs, { [name]: value });
    expect(() => tap(model, { signals: ["clsAttention"] })).toThrow(`its probabilities follow from ${name}, too`);
  });

  it.each([
    ["its own scale", MHA, 2, { scale: 0.5 }, 0.5],
    ["no scale", MHA, 2, {}, 0.25],
    ["heads as a number, queries and keys not yet apart", ONNX, 2, { q_num_heads: 2n, kv_num_heads: 2n }, 0.25],
    ["four heads of eight", ONNX, 4, { q_num_heads: 4n, kv_num_heads: 4n, scale: 0.125 }, 0.125],
  ])("is computed with %s", async (_, like, heads, attributes, scale) => {
    const located = locate(await openFixture(like)).layers.at(-1)?.attention;
    const flat = ["query", "key"] as const;
    const inputsOf = (inputs: readonly string[]) =>
      like === ONNX ? [...flat.map((name) => located?.[name] ?? ""), ...inputs.slice(2)] : inputs;
    const model = await changed(like, inputsOf, attributes);
    const signals = ["query", "key", "clsAttention", "receivedAttention"] as const;
    const tapped = tap(model, { signals });
    // Without the node itself, which in this shape does not fit what follows it.
    const part = extract(tapped.model, { inputs: ["pixel_values"], outputs: signals.map((name) => `recoup.${name}`) });
    const pixels = truth(fixtureOf(like)).get("pixel_values") ?? { dims: [], data: new Float32Array() };
    const found = await run(await modelBytes(part), pixels);
    const of = (name: string) => found.get(`recoup.${name}`) ?? { dims: [], data: new Float32Array() };
    const { dims, data } = softmaxPerHead(of("query"), of("key"), heads, scale);
    const [batch, , length] = dims;
    const first: number[] = [];
    const mean = new Float32Array(batch * heads * length);
    for (let block = 0; block < batch * heads; block++) {
      const at = block * length * length;
      first.push(...data.subarray(at, at + length));
      for (let i = 0; i < length * length; i++) mean[block * length + (i % length)] += data[at + i] / length;
    }
    expect(of("clsAttention").dims).toEqual([batch, heads, length]);
    expect(difference(of("clsAttention").data, Float32Array.from(first))).toBeLessThan(1e-5);
    expect(difference(of("receivedAttention").data, mean)).toBeLessThan(1e-5);
  });

  it("of queries that share keys is refused, by numbers or by shapes", async () => {
    const located = locate(await openFixture(ONNX)).layers.at(-1)?.attention;
    const flat = (inputs: readonly string[]) => [located?.query ?? "", located?.key ?? "", ...inputs.slice(2)];
    const grouped = await changed(ONNX, flat, { q_num_heads: 4n, kv_num_heads: 2n });
    expect(() => tap(grouped, { signals: ["clsAttention"] })).toThrow(/several of its queries share one key/);
    const model = await openFixture(ONNX);
    const [query, key] = located?.node.inputs ?? [];
    const shapes = [makeValueInfo(query, 1, ["b", 4, 10, 8]), makeValueInfo(key, 1, ["b", 2, 10, 8])];
    const shaped = { ...model, graph: { ...model.graph, valueInfo: [...model.graph.valueInfo, ...shapes] } };
    expect(() => tap(shaped, { signals: ["clsAttention"] })).toThrow(/several of its queries share one key/);
  });

  it("of an unknown number of heads is refused", async () => {
    const located = locate(await openFixture(ONNX)).layers.at(-1)?.attention;
    const model = await changed(ONNX, (inputs) => [located?.query ?? "", located?.key ?? "", ...inputs.slice(2)]);
    expect(() => tap(model, { signals: ["clsAttention"] })).toThrow(/its number of heads is unknown/);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
