/** @file Positions of the k largest values, by a heap. */

/**
 * Positions of the `k` largest values, in descending order of value; among equal values the lower position comes first.
 * `k` must not exceed the length; no value is NaN. O(N log k): a heap holds the best so far, the worst of them at its root.
 */
export function topK(values: Float32Array, k: number): Uint32Array {
  const heap = new Uint32Array(k);
  if (k === 0) return heap;
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let root = (k >> 1) - 1; root >= 0; root--) siftDown(values, heap, root, k);
  let worst = values[heap[0]];
  for (let i = k; i < values.length; i++) {
    // An equal value at this higher position would be worse than the root.
    if (values[i] > worst) {
      heap[0] = i;
      siftDown(values, heap, 0, k);
      worst = values[heap[0]];
    }
  }
  // Taking the worst again and again sorts in place, best first.
  for (let size = k - 1; size > 0; size--) {
    const worst = heap[0];
    heap[0] = heap[size];
    heap[size] = worst;
    siftDown(values, heap, 0, size);
  }
  return heap;
}

/** Moves the entry at `root` down until both below it are better: larger, or equal at a lower position. */
function siftDown(values: Float32Array, heap: Uint32Array, root: number, size: number): void {
  const position = heap[root];
  const value = values[position];
  let at = root;
  for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && isWorse(values, heap[child + 1], heap[child])) child++;
    const other = heap[child];
    if (values[other] > value || (values[other] === value && other < position)) break;
    heap[at] = other;
    at = child;
  }
  heap[at] = position;
}

function isWorse(values: Float32Array, a: number, b: number): boolean {
  return values[a] < values[b] || (values[a] === values[b] && a > b);
}

/** Position of the largest value, the lowest one among equals. */
export function argMax(values: Float64Array | Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
