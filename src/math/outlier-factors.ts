/**
 * @file Local outlier factor of numbers on a line, in O(n log n + n k).
 *
 * The factor compares the density of a value's neighborhood with that of its neighbors' (Breunig et al., LOF, SIGMOD 2000). It is
 * about 1 inside a group, and well above 1 for a value that stands apart. On a line the k nearest of a sorted value lie around it,
 * so no n x n distances are needed. All arithmetic is float32 in numpy's order of additions, but for the distances by which
 * neighbors are found. Those are exact (two float32 values' difference in double precision), and only then rounded. Without ties
 * the result equals scikit-learn's (1.2.1, `LocalOutlierFactor`, float32 input) bit for bit. Rounding first would make a distant
 * value see a tight group as equally far, and take other neighbors.
 */
import { pairwiseSum } from "./pairwise-sum.js";
import { sortPositions } from "./sort-positions.js";

/** scikit-learn's guard (`_lof.py`): more than k duplicates have reach 0 and would divide by 0. Part of the result. */
const DENSITY_GUARD = 1e-10;

/**
 * Factor of every value, `[n]`, positive (scikit-learn's `negative_outlier_factor_` with the other sign).
 *
 * Equal values get equal factors. Of equally far candidates for the k-th neighbor, those at lower positions are taken.
 * scikit-learn's choice there depends on its search tree.
 *
 * @param values at least 2 and at most 2^21 finite values.
 * @param neighbors k; k' = max(1, min(k, n - 1)) is used, as scikit-learn does.
 */
export function outlierFactors(values: Float32Array, neighbors: number): Float32Array {
  const k = Math.max(1, Math.min(neighbors, values.length - 1));
  const line = sortedLine(values);
  const near = nearest(line, k);
  const density = densities(line, near, k);
  const factor = factors(line, near, density, k);
  const out = new Float32Array(values.length);
  for (let p = 0; p < values.length; p++) out[line.position[p]] = factor[p];
  return out;
}

/** The values in ascending order; "place" p is the p-th of them. */
interface Line {
  /** Ascending, between -infinity in front and infinity at the end, `[n + 2]`: the value at place p is `value[p + 1]`. */
  readonly value: Float32Array;
  /** Position in the input of each place, `[n]`. */
  readonly position: Uint32Array;
}

function sortedLine(values: Float32Array): Line {
  const position = sortPositions(values);
  const value = new Float32Array(values.length + 2);
  value[0] = -Infinity;
  for (let p = 0; p < values.length; p++) value[p + 1] = values[position[p]];
  value[values.length + 1] = Infinity;
  return { value, position };
}

/** True if the place before has the same value: it then has the same distances, density and factor, computed there. */
function repeats(value: Float32Array, place: number): boolean {
  return value[place + 1] === value[place];
}

/** The k nearest of each place. Those of places that repeat are left empty. */
interface Nearest {
  /** Places, nearest first, `[n, k]`. */
  readonly place: Int32Array;
  /** Their distances, `[n, k]`, exact. */
  readonly distance: Float64Array;
  /** Distance of the k-th, rounded to float32, `[n]`, also of places that repeat. */
  readonly farthest: Float32Array;
}

function nearest(line: Line, k: number): Nearest {
  const { value } = line;
  const count = value.length - 2;
  const place = new Int32Array(count * k);
  const distance = new Float64Array(count * k);
  const farthest = new Float32Array(count);
  for (let p = 0; p < count; p++) {
    if (repeats(value, p)) {
      farthest[p] = farthest[p - 1];
      continue;
    }
    const at = value[p + 1];
    // Indices into `value` of the next candidate on either side, and how far they are.
    let left = p;
    let right = p + 2;
    let toLeft = at - value[left];
    let toRight = value[right] - at;
    const end = (p + 1) * k;
    for (let slot = p * k; slot < end; slot++) {
      if (toLeft <= toRight) {
        place[slot] = left - 1;
        distance[slot] = toLeft;
        left--;
        toLeft = at - value[left];
      } else {
        place[slot] = right - 1;
        distance[slot] = toRight;
        right++;
        toRight = value[right] - at;
      }
    }
    farthest[p] = distance[end - 1];
    if (toLeft === distance[end - 1] || toRight === distance[end - 1]) takeLowest(line, p, place, distance, k);
  }
  return { place, distance, farthest };
}

/**
 * Replaces the values taken at the k-th's distance by those at the lowest positions, where more lie exactly as far. The runs of
 * tied values are walked once per distinct value, so many duplicates cost no more than their number.
 */
function takeLowest({ value, position }: Line, p: number, place: Int32Array, distance: Float64Array, k: number): void {
  const at = value[p + 1];
  const end = (p + 1) * k;
  const tie = distance[end - 1];
  let first = end - 1;
  let left = p;
  let right = p + 2;
  while (first > p * k && distance[first - 1] === tie) first--;
  for (let slot = p * k; slot < first; slot++) {
    if (place[slot] < p) left--;
    else right++;
  }
  const tied: number[] = [];
  for (; at - value[left] === tie; left--) tied.push(left - 1);
  for (; value[right] - at === tie; right++) tied.push(right - 1);
  tied.sort((a, b) => position[a] - position[b]);
  for (let slot = first; slot < end; slot++) place[slot] = tied[slot - first];
}

/** Local reachability density of each place, `[n]`: 1 / (mean reach to the k nearest + guard). */
function densities({ value }: Line, { place, distance, farthest }: Nearest, k: number): Float32Array {
  const f32 = Math.fround;
  const out = new Float32Array(farthest.length);
  const reach = new Float32Array(k);
  for (let p = 0; p < out.length; p++) {
    if (repeats(value, p)) {
      out[p] = out[p - 1];
      continue;
    }
    for (let i = 0; i < k; i++) reach[i] = Math.max(distance[p * k + i], farthest[place[p * k + i]]);
    out[p] = 1 / f32(f32(pairwiseSum(reach, 0, k) / k) + f32(DENSITY_GUARD));
  }
  return out;
}

/** Mean of the neighbors' densities over the own density, `[n]`. */
function factors({ value }: Line, { place }: Nearest, density: Float32Array, k: number): Float32Array {
  const out = new Float32Array(density.length);
  const ratio = new Float32Array(k);
  for (let p = 0; p < out.length; p++) {
    if (repeats(value, p)) {
      out[p] = out[p - 1];
      continue;
    }
    const own = density[p];
    for (let i = 0; i < k; i++) ratio[i] = density[place[p * k + i]] / own;
    out[p] = pairwiseSum(ratio, 0, k) / k;
  }
  return out;
}
