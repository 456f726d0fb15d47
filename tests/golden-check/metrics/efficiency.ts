/** @file Reference data of arithmetic on cost. */
import { kvCacheBytes, layerFlops, prefillFlops, prunedFlops } from "../../../src/eval/metrics/efficiency.js";
import { paperCostRow, prefillRoofline } from "../../../src/eval/metrics/roofline.js";
import type { LanguageSizes } from "../../../src/vlm/index.js";
import { compared, type Json, type MetricResult } from "./case.js";

/** `metric-golden/efficiency/1` */
export function checkEfficiency(golden: Json): MetricResult[] {
  const { layers, d, m, heads, kv_heads, vocab } = golden.model;
  const model: LanguageSizes = {
    num_hidden_layers: layers,
    hidden_size: d,
    intermediate_size: m,
    num_attention_heads: heads,
    num_key_value_heads: kv_heads,
    vocab_size: vocab,
  };
  const { bandwidth_bytes_per_s, fp16_ops_per_s, int8_ops_per_s } = golden.hardware;
  const device = { name: "", bytesPerSecond: bandwidth_bytes_per_s, fp16: fp16_ops_per_s, int8: int8_ops_per_s };
  return [
    ...golden.roofline_cases.map(({ id, seq_len, w_bit, a_bit, expected }: Json) =>
      compared(id, () => {
        const got = prefillRoofline(seq_len, model, { weightBits: w_bit, activationBits: a_bit, device });
        return {
          ops: [got.operations, expected.ops],
          time_s: [got.seconds, expected.time_s],
          memory_access_bytes: [got.memoryBytes, expected.memory_access_bytes],
          store_act_bytes: [got.storedActivationBytes, expected.store_act_bytes],
          load_weight_bytes: [got.weightBytes, expected.load_weight_bytes],
          store_kv_cache_bytes: [got.storedKvBytes, expected.store_kv_cache_bytes],
        };
      }),
    ),
    ...golden.flops_cases.map((expected: Json) =>
      compared(`flops ${expected.seq_len}`, () => ({
        fastv_per_layer: [layerFlops(expected.seq_len, model, "fastv"), expected.fastv_per_layer],
        gated_per_layer: [layerFlops(expected.seq_len, model, "gated"), expected.gated_per_layer],
        fastv_total_32_layers: [prefillFlops(expected.seq_len, model, "fastv"), expected.fastv_total_32_layers],
        gated_total_32_layers: [prefillFlops(expected.seq_len, model, "gated"), expected.gated_total_32_layers],
        kv_cache_bytes_fp16: [kvCacheBytes(expected.seq_len, model), expected.kv_cache_bytes_fp16],
      })),
    ),
    ...golden.in_llm_pruning_cases.map((expected: Json) =>
      compared(`pruning after ${expected.prune_after_layer}, ${expected.visual} + ${expected.text}`, () => {
        const { visual, text, prune_after_layer, kept_seq_len: kept, layers, d, m } = expected;
        const own = { ...model, num_hidden_layers: layers, hidden_size: d, intermediate_size: m };
        const at = { tokens: visual + text, kept, layer: prune_after_layer };
        const flops = prunedFlops(at, own, "fastv");
        return {
          fastv_flops: [flops, expected.fastv_flops],
          fastv_reduction: [1 - flops / prefillFlops(visual + text, own, "fastv"), expected.fastv_reduction],
          gated_flops: [prunedFlops(at, own, "gated"), expected.gated_flops],
        };
      }),
    ),
    ...checkPaperTable(golden.paper_table_check, model),
  ];
}

/** Text tokens and all visual ones, and the tokens of the compressed rows, at which the paper's table agrees with arithmetic. */
const PAPER_TOKENS = { full: 636, compressed: 115 } as const;

function checkPaperTable({ paper, columns }: Json, model: LanguageSizes): MetricResult[] {
  return Object.entries<Json>(paper).map(([type, printed]) =>
    compared(`paper's table, ${type}`, () => {
      const bits = Number(type.replace(/\D/g, "")) as 16 | 8 | 4;
      const pairs = Object.entries(PAPER_TOKENS).flatMap(([row, tokens]) => {
        const cost = paperCostRow(tokens, bits, model);
        const own = [cost.teraOperations, cost.milliseconds, cost.memoryGigabytes, cost.activationGigabytes];
        return own.map((value, i) => {
          const want: number = printed[row][i];
          return [`${row}, ${columns[i]}`, [isPrinted(value, want) ? want : value, want] as const] as const;
        });
      });
      return Object.fromEntries(pairs);
    }),
  );
}

/** Whether a value is printed so, up to one unit of the last place: the table rounds some figures up, and some twice. */
function isPrinted(value: number, printed: number): boolean {
  const places = Math.max(1, String(printed).split(".")[1]?.length ?? 0);
  return Math.abs(value - printed) <= 10 ** -places;
}
