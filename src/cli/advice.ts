/** @file Whether compression pays, in words. */
import type { BreakEven } from "../eval/index.js";

/** Whether a cell pays, in a sentence. */
export function adviceText({ cell, firstToken, fullFirstToken, cost, saving, tokensToPay }: BreakEven): string {
  const ratio = firstToken / fullFirstToken;
  const facts = `first token after ${firstToken.toFixed(0)} ms instead of ${fullFirstToken.toFixed(0)} ms (x ${ratio.toFixed(2)}); it costs ${cost.toFixed(1)} ms and saves ${saving.toFixed(1)} ms`;
  const verdict = saving > cost ? "pays" : "does not pay on this machine";
  const even = tokensToPay === undefined ? "" : `; it breaks even at ${tokensToPay} dropped tokens`;
  return `${cell} ${verdict}: ${facts}${even}.`;
}
