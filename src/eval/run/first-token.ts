/** @file How far a few tokens move the model's choice of the answer's first token: Kullback-Leibler divergence from all tokens. */
import { refusalFor } from "../../core/index.js";
import type { AskResult } from "../../vlm/index.js";

/**
 * Logarithms of the shares that logits stand for, `[V]`: log-softmax in doubles.
 *
 * @throws InvalidInputError for logits that are no finite numbers, or none.
 */
export function logShares(logits: ArrayLike<number>): Float64Array {
  const shares = Float64Array.from(logits);
  const largest = shares.reduce((most, each) => Math.max(most, each), -Infinity);
  if (!shares.every(Number.isFinite) || shares.length === 0) {
    throw refusalFor("eval")(
      "finite logits of the answer's first token",
      shares.find((each) => !Number.isFinite(each)),
    );
  }
  const log = largest + Math.log(shares.reduce((sum, each) => sum + Math.exp(each - largest), 0));
  return shares.map((each) => each - log);
}

/**
 * KL(all tokens || few), nats, from 0: the mean over all tokens' choices of how much less likely the few make them. Rounding below 0 is 0.
 *
 * @param whole log-shares with all tokens. @param less log-shares with few, of the same vocabulary.
 */
export function divergence(whole: Float64Array, less: Float64Array): number {
  if (whole.length !== less.length) throw refusalFor("eval")(`${whole.length} logits`, less.length);
  return Math.max(
    0,
    whole.reduce((sum, log, i) => sum + Math.exp(log) * (log - less[i]), 0),
  );
}

type Heard = Pick<AskResult, "firstLogits">;

/** What other answers to one sample are compared with. */
export type WholeShares = ReturnType<typeof wholeShares>;

/**
 * The first token of one sample with all tokens. Logits are not written down (a vocabulary of 32,000 takes 128 KB an answer): a run that
 * goes on within a sample asks for them again.
 *
 * @param again asks with all tokens; undefined where that fails.
 */
export function wholeShares(again: () => Promise<Heard | undefined>) {
  let known: Promise<Heard | undefined> | undefined;
  return {
    /** Keeps those of an answer that is given now; undefined for one that failed. */
    keep(result: Heard | undefined): void {
      known = Promise.resolve(result);
    },
    /** KL of another answer's first token; undefined where there is no answer with all tokens. */
    async divergenceOf({ firstLogits }: Heard): Promise<number | undefined> {
      known ??= again();
      const whole = await known;
      return whole && divergence(logShares(whole.firstLogits ?? []), logShares(firstLogits ?? []));
    },
  };
}
