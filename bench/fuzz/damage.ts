import type { RandomSource } from "../../src/math/index.js";

/** Flips bytes, cuts, turns round, repeats, or inserts a run of one byte. What comes back is new. */
export function damageBytes(given: Uint8Array, random: RandomSource): Uint8Array {
  // A Buffer's own slice is no copy.
  const bytes = new Uint8Array(given);
  if (bytes.length === 0) return Uint8Array.from([random.below(256)]);
  const at = random.below(bytes.length);
  switch (random.below(8)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return bytes.slice(at);
    case 2:
      return joined(bytes.subarray(at), bytes.subarray(0, at));
    case 3:
      return joined(
        bytes.subarray(0, at),
        new Uint8Array(1 + random.below(16)).fill(random.below(256)),
        bytes.subarray(at),
      );
    default: {
      // Not slice: that of a Buffer is a view.
      const out = new Uint8Array(bytes);
      const flips = 1 + random.below(20);
      for (let i = 0; i < flips; i++) out[random.below(out.length)] = random.below(256);
      return out;
    }
  }
}

const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** Values that JSON can hold and readers forget. */
const ODD_VALUES = [
  null,
  true,
  0,
  -1,
  -0,
  0.5,
  1e9,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 32,
  "",
  "0",
  "../../x",
  "\u0000",
  "\u001b[2J",
  [],
  [[]],
  [null],
  {},
  { length: 1e9 },
  { __proto__: null },
] as const;

/** A JSON value with one to four places exchanged for odd values, keys lost, repeated or added; now and then nested deeply. */
export function damageJson(value: unknown, random: RandomSource): unknown {
  const copy = structuredClone(value);
  const root = { root: copy as unknown };
  for (let edits = 1 + random.below(4); edits > 0; edits--) damagePlace(root, random);
  return root.root;
}

function damagePlace(root: { root: unknown }, random: RandomSource): void {
  let holder: Record<string, unknown> = root;
  let key = "root";
  // A random walk downwards, which stops at any depth.
  for (;;) {
    const inner = holder[key];
    if (typeof inner !== "object" || inner === null || (holder !== root && random.below(4) === 0)) break;
    const keys = Object.keys(inner);
    if (keys.length === 0) break;
    holder = inner as Record<string, unknown>;
    key = keys[random.below(keys.length)];
  }
  switch (random.below(6)) {
    case 0:
      if (holder !== root) delete holder[key];
      return;
    case 1:
      holder[key] = [holder[key], holder[key]];
      return;
    case 2: {
      let deep: unknown = holder[key];
      // Four times as much is written as JSON, by whom it is made, without running out of stack on any engine.
      for (let depth = random.below(600); depth > 0; depth--) deep = [deep];
      holder[key] = deep;
      return;
    }
    default:
      holder[key] = structuredClone(ODD_VALUES[random.below(ODD_VALUES.length)]);
  }
}
