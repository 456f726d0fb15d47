/** What telling costs by ONNX Runtime's own count of each operator: linear layers, which nothing changes, take most of a run and scatter most. */
import { readFileSync } from "node:fs";
import { median } from "../src/math/index.js";

/** Operators of a decoder's layers that are the same when it is told; all others are attention, and what is put before it. */
const UNTOUCHED = [
  "MatMul",
  "MatMulNBits",
  "SimplifiedLayerNormalization",
  "SkipSimplifiedLayerNormalization",
  "QuickGelu",
  "Sigmoid",
  "Mul",
];

/** Milliseconds of one run. */
export interface OperatorTimes {
  readonly all: number;
  /** Attention, and the nodes before it. */
  readonly touched: number;
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

/** Times of each run in a profile that a session wrote. */
export function readProfile(path: string): OperatorTimes[] {
  const events: readonly ProfileEvent[] = JSON.parse(readFileSync(path, "utf8"));
  const runs: OperatorTimes[] = [];
  let [all, touched] = [0, 0];
  for (const { cat, name, dur, args } of events) {
    if (cat === "Node" && name.endsWith("_kernel_time")) {
      all += dur / 1000;
      if (!UNTOUCHED.includes(args.op_name ?? "")) touched += dur / 1000;
    }
    if (cat !== "Session" || name !== "model_run") continue;
    runs.push({ all, touched });
    [all, touched] = [0, 0];
  }
  return runs;
}

/** Time of a told run whose untouched operators take what they take in the stock's median run, in milliseconds, of each run. */
export function comparable(runs: readonly OperatorTimes[], stock: readonly OperatorTimes[]): number[] {
  const untouched = median(stock.map(({ all, touched }) => all - touched));
  return runs.map(({ touched }) => untouched + touched);
}
