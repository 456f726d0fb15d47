/** A decoder of SmolVLM-500M's size with random weights, as the tools of ONNX Runtime write it. */
import { randomSource, toFloat16Array } from "../src/math/index.js";
import { newDraft, newModel } from "../src/onnx/graph/graph-draft.js";
import type { OnnxModel, OnnxNode, OnnxTensor } from "../src/onnx/index.js";
import { type AttributeValue, makeNode, makeTensor, makeValueInfo, withOpsets } from "../src/onnx/proto/make.js";
import { DATA_TYPES } from "../src/onnx/proto/schema.js";

/** SmolLM2-360M: https://huggingface.co/HuggingFaceTB/SmolLM2-360M-Instruct/blob/main/config.json, with SmolVLM's vocabulary. */
export const DECODER = {
  width: 960,
  layers: 32,
  heads: 15,
  keyHeads: 5,
  head: 64,
  inner: 2560,
  vocabulary: 49280,
  longest: 8192,
} as const;

/** `q4`: linear layers as MatMulNBits, all else float32. `fp16`: everything, inputs and outputs too. */
export const DECODER_PRECISIONS = ["fp32", "fp16", "q4"] as const;
export type DecoderPrecision = (typeof DECODER_PRECISIONS)[number];

/** Weights in a block of MatMulNBits. */
const BLOCK = 32;

/** Standard deviation of weights, as those of trained models have it: states stay within halves. */
const SPREAD = 0.02;

/** The decoder of `decoder_model_merged.onnx`: GroupQueryAttention that rotates by its own tables, a cache of keys and values per layer. */
export function randomDecoder(precision: DecoderPrecision): OnnxModel {
  const { width, layers, heads, keyHeads, head, inner, vocabulary } = DECODER;
  const type = precision === "fp16" ? "float16" : "float32";
  const weights = randomWeights(precision);
  const nodes: OnnxNode[] = [];
  const add = (opType: string, inputs: string[], outputs: string[], attributes = {}, domain = "") => {
    nodes.push(makeNode({ opType, domain, name: `/${outputs[0]}`, inputs, outputs, attributes }));
    return outputs[0];
  };
  const ours = (opType: string, inputs: string[], outputs: string[], attributes: Record<string, AttributeValue>) =>
    add(opType, inputs, outputs, attributes, "com.microsoft");
  const linear = (x: string, name: string, rows: number, columns: number, output = `${name}.out`) => {
    const weight = weights.linear(name, rows, columns);
    if (precision !== "q4") return add("MatMul", [x, ...weight], [output]);
    const sizes = { K: BigInt(rows), N: BigInt(columns), bits: 4n, block_size: BigInt(BLOCK) };
    return ours("MatMulNBits", [x, ...weight], [output], sizes);
  };
  const norms = { epsilon: 1e-5 };
  const summed = add("ReduceSum", ["attention_mask", weights.integers("axis", [1])], ["tokens"], { keepdims: 0n });
  const last = add("Sub", [summed, weights.integers("one", [1])], ["last"]);
  const lengths = add("Cast", [last], ["lengths"], { to: BigInt(DATA_TYPES.int32.id) });
  const shape = add("Shape", ["attention_mask"], ["mask_shape"]);
  const whole = add("Gather", [shape, weights.integers("second", [1], [])], ["whole"]);
  const total = add("Cast", [whole], ["total"], { to: BigInt(DATA_TYPES.int32.id) });
  const [cosines, sines] = weights.tables();
  let states = "inputs_embeds";
  let normed = add("SimplifiedLayerNormalization", [states, weights.ones("norm.first")], ["norm.first.out"], norms);
  /** Adds to the states, and their norm for what comes next. */
  const residual = (change: string, norm: string) => {
    const outputs = [`${norm}.out`, "", "", `${norm}.states`];
    normed = ours("SkipSimplifiedLayerNormalization", [states, change, weights.ones(norm)], outputs, norms);
    states = outputs[3];
  };
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => `layers.${layer}.${name}`;
    const [q, k, v] = ["q", "k", "v"].map((one) =>
      linear(normed, at(one), width, (one === "q" ? heads : keyHeads) * head),
    );
    const inputs = [q, k, v, ...pair("past_key_values", layer), lengths, total, cosines, sines];
    const mixed = [at("mixed"), ...pair("present", layer)];
    const attributes = { num_heads: BigInt(heads), kv_num_heads: BigInt(keyHeads), do_rotary: 1n };
    ours("GroupQueryAttention", inputs, mixed, attributes);
    residual(linear(mixed[0], at("o"), heads * head, width), at("norm.mlp"));
    const gate = linear(normed, at("gate"), width, inner);
    const active = add("Mul", [gate, add("Sigmoid", [gate], [at("sigmoid")])], [at("silu")]);
    const gated = add("Mul", [active, linear(normed, at("up"), width, inner)], [at("gated")]);
    residual(linear(gated, at("down"), inner, width), at("norm.next"));
  }
  linear(normed, "head", width, vocabulary, "logits");
  const info = (name: string, of: keyof typeof DATA_TYPES, dims: (string | number)[]) =>
    makeValueInfo(name, DATA_TYPES[of].id, dims);
  const caches = (name: string, length: string) =>
    Array.from({ length: layers }, (_, layer) =>
      pair(name, layer).map((one) => info(one, type, ["batch_size", keyHeads, length, head])),
    ).flat();
  const draft = { ...newDraft("", 18), nodes, initializers: weights.made };
  const model = newModel(draft, {
    inputs: [
      info("inputs_embeds", type, ["batch_size", "sequence_length", width]),
      info("attention_mask", "int64", ["batch_size", "total_sequence_length"]),
      ...caches("past_key_values", "past_sequence_length"),
    ],
    outputs: [
      info("logits", type, ["batch_size", "sequence_length", vocabulary]),
      ...caches("present", "total_sequence_length"),
    ],
  });
  return withOpsets(model, new Map([...model.opsets, ["com.microsoft", 1]]));
}

const pair = (name: string, layer: number) => [`${name}.${layer}.key`, `${name}.${layer}.value`];

/** Random weights as they are asked for, drawn once and repeated: what they say does not matter, their bytes do. */
function randomWeights(precision: DecoderPrecision) {
  const { vocabulary, width, head, longest } = DECODER;
  const made = new Map<string, OnnxTensor>();
  const random = randomSource(1);
  const drawn = Float32Array.from({ length: 2 ** 20 }, () => SPREAD * Math.sqrt(12) * (random.unit() - 0.5));
  const type = precision === "fp16" ? "float16" : "float32";
  const bytesOf = (values: Float32Array) =>
    new Uint8Array((type === "float16" ? toFloat16Array(values) : values).buffer);
  const add = (name: string, of: keyof typeof DATA_TYPES, dims: number[], bytes: Uint8Array) => {
    made.set(name, makeTensor(name, of, dims, bytes));
    return name;
  };
  /** Enough for the longest weight, which all others are a part of, each from another byte on. */
  const most = (4 * vocabulary * width) / (precision === "q4" ? 8 : precision === "fp16" ? 2 : 1) + 2 ** 15;
  const repeated = new Uint8Array(most);
  const block = precision === "q4" ? Uint8Array.from(drawn, () => random.below(256)) : bytesOf(drawn);
  for (let at = 0; at < most; at += block.length)
    repeated.set(block.subarray(0, Math.min(block.length, most - at)), at);
  // The runtime keeps weights of the same bytes once.
  let from = 0;
  const distinct = (bytes: number) => {
    from += 64;
    return repeated.subarray(from, from + bytes);
  };
  return {
    made,
    linear(name: string, rows: number, columns: number): string[] {
      const size = rows * columns;
      if (precision !== "q4") {
        return [add(name, type, [rows, columns], distinct(size * (type === "float16" ? 2 : 4)))];
      }
      const blocks = rows / BLOCK;
      const scales = new Float32Array(columns * blocks).fill(SPREAD / 4);
      return [
        add(`${name}.q4`, "uint8", [columns, blocks, BLOCK / 2], distinct(size / 2)),
        add(`${name}.scales`, "float32", [columns * blocks], new Uint8Array(scales.buffer)),
      ];
    },
    ones: (name: string) => add(name, type, [width], bytesOf(new Float32Array(width).fill(1))),
    integers: (name: string, values: number[], dims = [values.length]) =>
      add(name, "int64", dims, new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
    tables() {
      const angles = Float32Array.from({ length: (longest * head) / 2 }, (_, i) => {
        const [place, pair] = [Math.floor(i / (head / 2)), i % (head / 2)];
        return place * 1e5 ** ((-2 * pair) / head);
      });
      return (["cos", "sin"] as const).map((one) =>
        add(`${one}_cache`, type, [longest, head / 2], bytesOf(angles.map(Math[one]))),
      );
    },
  };
}
