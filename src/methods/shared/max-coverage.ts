import { argMax } from "../../math/index.js";

/** Things that candidates cover: row r says how well each candidate covers thing r. */
export interface Coverage {
  /** `[things, candidates]`, row-major. */
  readonly values: Float32Array;
  /** How much each thing counts, `[things]`. */
  readonly weights: Float64Array;
  /** Coverage by nothing, at most every value. */
  readonly uncovered: number;
}

/**
 * Greedy maximization of Σ_things weight · max over the picked of their coverage. Ties to the lower candidate.
 *
 * Gains are not computed anew: when a pick covers a thing better than before, what that takes from every candidate's gain is
 * subtracted. Each thing changes hands a few times, so all picks together cost a few passes over `values`.
 *
 * @param candidates number of columns of every `values`.
 * @param picks at most `candidates`.
 * @returns the picks, in order.
 */
export function maximizeCoverage(coverages: readonly Coverage[], candidates: number, picks: number): Uint32Array {
  const gains = new Float64Array(candidates);
  const covers = coverages.map((coverage) => openCoverage(coverage, gains));
  const picked = new Uint32Array(picks);
  for (let pick = 0; pick < picks; pick++) {
    const best = argMax(gains);
    picked[pick] = best;
    for (const cover of covers) cover(best);
    gains[best] = -Infinity;
  }
  return picked;
}

/**
 * Adds what each candidate would cover to its gain.
 *
 * @param gains `[candidates]`.
 * @returns accepts a candidate: takes from all gains what it covers from then on.
 */
export function openCoverage(coverage: Coverage, gains: Float64Array): (best: number) => void {
  addFirstGains(gains, coverage);
  const covered = new Float64Array(coverage.weights.length).fill(coverage.uncovered);
  return (best) => takeCovered(gains, coverage, covered, best);
}

/** With nothing covered a candidate gains Σ weight · (value - uncovered). Four things share a pass over the gains. */
function addFirstGains(gains: Float64Array, { values, weights, uncovered }: Coverage): void {
  const width = gains.length;
  let thing = 0;
  for (; thing + 4 <= weights.length; thing += 4) {
    const [w0, w1, w2, w3] = weights.subarray(thing, thing + 4);
    const offered = (w0 + w1 + w2 + w3) * uncovered;
    const start = thing * width;
    for (let c = 0; c < width; c++) {
      const at = start + c;
      gains[c] +=
        w0 * values[at] +
        w1 * values[at + width] +
        (w2 * values[at + 2 * width] + w3 * values[at + 3 * width]) -
        offered;
    }
  }
  for (; thing < weights.length; thing++) {
    for (let c = 0; c < width; c++) gains[c] += weights[thing] * (values[thing * width + c] - uncovered);
  }
}

/** Accepts a candidate: everything that it covers better than before is worth that much less to all others. */
function takeCovered(gains: Float64Array, { values, weights }: Coverage, covered: Float64Array, best: number): void {
  const width = gains.length;
  for (let thing = 0; thing < weights.length; thing++) {
    const start = thing * width;
    const now = values[start + best];
    const before = covered[thing];
    if (now <= before) continue;
    covered[thing] = now;
    takeRow(gains, values.subarray(start, start + width), weights[thing], before, now - before);
  }
}

/**
 * A thing's coverage rises by `rise` above `before`: a candidate that offers x loses weight · clamp(x - before, 0, rise). The
 * clamp is (rise + |x - before| - |x - before - rise|) / 2, without a branch that the processor would guess wrong; four
 * candidates a turn.
 */
function takeRow(gains: Float64Array, row: Float32Array, weight: number, before: number, rise: number): void {
  const half = weight / 2;
  const count = row.length;
  let c = 0;
  for (; c + 4 <= count; c += 4) {
    const x0 = row[c] - before;
    const x1 = row[c + 1] - before;
    const x2 = row[c + 2] - before;
    const x3 = row[c + 3] - before;
    gains[c] -= half * (rise + Math.abs(x0) - Math.abs(x0 - rise));
    gains[c + 1] -= half * (rise + Math.abs(x1) - Math.abs(x1 - rise));
    gains[c + 2] -= half * (rise + Math.abs(x2) - Math.abs(x2 - rise));
    gains[c + 3] -= half * (rise + Math.abs(x3) - Math.abs(x3 - rise));
  }
  for (; c < count; c++) {
    const x = row[c] - before;
    gains[c] -= half * (rise + Math.abs(x) - Math.abs(x - rise));
  }
}
