/**
 * @file A prefill's time by the roofline model, as LLM-Viewer computes it (arXiv 2402.16363). Each operator takes the longer of its
 * arithmetic and its memory traffic. An estimate, never to be mixed with measured times. The paper's cost table agrees with it.
 */
import type { LanguageSizes } from "../../vlm/index.js";

/** Peaks of a device. */
export interface Device {
  readonly name: string;
  readonly bytesPerSecond: number;
  /** Operations per second, multiply and add counted apart. */
  readonly fp16: number;
  readonly int8: number;
}

/** LLM-Viewer's entry `nvidia_A100` (40 GB). */
export const A100: Device = { name: "NVIDIA A100", bytesPerSecond: 1555e9, fp16: 312e12, int8: 624e12 };

/** Precision of the model, and the device it runs on. */
export interface RooflineOptions {
  /** Bits of weights, and of activations, keys and values. Default 16. */
  readonly weightBits?: number;
  readonly activationBits?: number;
  readonly device?: Device;
}

/** An operator that computes and moves nothing. */
const NOTHING = { operations: 0, weights: 0, loads: 0, stores: 0, kvLoads: 0, kvStores: 0 };
type Operator = Readonly<typeof NOTHING>;

/** Estimate for a prefill of n tokens, batch 1, without flash attention: arithmetic, time and memory. */
export function prefillRoofline(
  tokens: number,
  model: LanguageSizes,
  { weightBits = 16, activationBits = 16, device = A100 }: RooflineOptions = {},
) {
  const bytes: Bytes = { weight: weightBits / 8, activation: activationBits / 8 };
  const layer = layerOperators(tokens, model, bytes);
  const head = headOperator(model, bytes);
  // Integer units where both sides are integers of 8 bits or fewer.
  const peak = weightBits <= 8 && activationBits <= 8 ? device.int8 : device.fp16;
  const total = (value: (operator: Operator) => number) =>
    model.num_hidden_layers * layer.reduce((sum, operator) => sum + value(operator), 0) + value(head);
  const moved = (one: Operator) => one.weights + one.loads + one.stores + one.kvLoads + one.kvStores;
  return {
    operations: total(({ operations }) => operations),
    seconds: total((operator) => Math.max(operator.operations / peak, moved(operator) / device.bytesPerSecond)),
    /** Bytes moved, not held. */
    memoryBytes: total(moved),
    /** Bytes of activations written. */
    storedActivationBytes: total(({ stores }) => stores),
    weightBytes: total(({ weights }) => weights),
    /** Bytes of keys and values written. */
    storedKvBytes: total(({ kvStores }) => kvStores),
  };
}

type Bytes = Readonly<Record<"weight" | "activation", number>>;

function layerOperators(n: number, model: LanguageSizes, { weight, activation }: Bytes): Operator[] {
  const { hidden_size: d, intermediate_size: m, num_attention_heads: heads } = model;
  /** Width of all keys, which is that of all values. */
  const keys = model.num_key_value_heads * (d / heads);
  const linear = (input: number, output: number, stores: "stores" | "kvStores" = "stores"): Operator => ({
    ...NOTHING,
    operations: 2 * input * output * n,
    weights: input * output * weight,
    loads: input * n * activation,
    [stores]: output * n * activation,
  });
  const plain = (operations: number, loads: number, stores: number, kvLoads = 0): Operator => ({
    ...NOTHING,
    operations,
    loads: loads * activation,
    stores: stores * activation,
    kvLoads: kvLoads * activation,
  });
  const product = 2 * n * n * d;
  const pairs = heads * n * n;
  // Operations per element that LLM-Viewer counts: softmax 5, norm 7, residual sum 1, activation 2.
  const norm = plain(7 * d * n, d * n, d * n);
  const sum = plain(d * n, d * n, d * n);
  const toKeys = linear(d, keys, "kvStores");
  const projections = [linear(d, d), toKeys, toKeys, linear(d, d)];
  const feedForward = [linear(d, m), linear(d, m), linear(m, d)];
  return [
    ...projections,
    ...feedForward,
    plain(product, n * keys, pairs, n * keys),
    plain(product, pairs, n * d, n * keys),
    plain(5 * pairs, pairs, pairs),
    norm,
    norm,
    sum,
    sum,
    plain(2 * d * n, 2 * d * n, d * n),
  ];
}

/** The head over the last token; LLM-Viewer counts a multiply-add there as one. */
function headOperator({ hidden_size: d, vocab_size: vocab }: LanguageSizes, { weight, activation }: Bytes): Operator {
  const weights = d * vocab * weight;
  return { ...NOTHING, operations: d * vocab, weights, loads: d * activation, stores: vocab * activation };
}

/** Costs of a prefill by arithmetic, in the units of the paper's table. */
export type CostRow = Readonly<ReturnType<typeof paperCostRow>>;

/**
 * The paper's "prefill" columns at a number of tokens. At 636 (576 visual ones and some 60 of text) and 115 they agree with its
 * print.
 */
export function paperCostRow(tokens: number, bits: 16 | 8 | 4, model: LanguageSizes) {
  const cost = prefillRoofline(tokens, model, { weightBits: bits, activationBits: bits });
  return {
    /** Bits of weights and activations. */
    bits,
    /** Length of the prompt. */
    tokens,
    /** Tera-operations as the table prints them: divided by 2 for 8 bits and by 4 for 4 bits. */
    teraOperations: cost.operations / (16 / bits) / 1e12,
    milliseconds: cost.seconds * 1000,
    /** Gigabytes moved. */
    memoryGigabytes: cost.memoryBytes / 1e9,
    /** Gigabytes of activations written. */
    activationGigabytes: cost.storedActivationBytes / 1e9,
    /** Megabytes of keys and values written. */
    kvMegabytes: cost.storedKvBytes / 1e6,
  };
}
