/** @file Values that no function expects, put into each place of fitting arguments. */
import { RecoupError } from "../../src/core/index.js";

const mine = new TypeError("of the caller's own");
const trap = () => {
  throw mine;
};
const nested = (make: (inner: unknown) => unknown) => {
  let deep: unknown = 0;
  for (let i = 0; i < 1e5; i++) deep = make(deep);
  return deep;
};
const circle: Record<string, unknown> = {};
circle.self = circle;

/** By the name that a failure is told by. */
export const ODD_VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  "-1": -1,
  "1.5": 1.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "2^40": 2 ** 40,
  bigint: 58n,
  symbol: Symbol("odd"),
  "an empty text": "",
  "a text": "all",
  "a zero byte": "a\0b",
  "a list": [],
  "a list of null": [null],
  "a sparse list": new Array(3),
  "a list 1e5 deep": nested((inner) => [inner]),
  "an object 1e5 deep": nested((a) => ({ a })),
  "an object": {},
  "an object without prototype": Object.create(null),
  "a length alone": { length: 2 ** 40 },
  "a circle": circle,
  "a function": () => undefined,
  "a date": new Date(Number.NaN),
  "a map": new Map([[1, 2]]),
  "other bytes": new Uint16Array(3),
  "a promise": Promise.resolve(1),
  "a getter that throws": Object.defineProperty({}, "id", { get: trap, enumerable: true }),
  "a proxy that throws": new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap }),
  "a proxy of a list": new Proxy([1], { get: trap }),
};

type Path = readonly (string | number)[];

/** Places below a value that can be exchanged: fields of plain objects, the first items of lists. */
function* placesOf(value: unknown, depth: number): Generator<Path> {
  yield [];
  if (depth === 0 || typeof value !== "object" || value === null) return;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain && !Array.isArray(value)) return;
  for (const key of Array.isArray(value) ? [...value.keys()].slice(0, 2) : Object.keys(value))
    for (const rest of placesOf((value as Record<string | number, unknown>)[key], depth - 1)) yield [key, ...rest];
}

function exchanged(value: unknown, [key, ...rest]: Path, odd: unknown): unknown {
  if (key === undefined) return odd;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[key] = exchanged(copy[key], rest, odd);
  return copy;
}

/** The first results of what comes in pieces. */
const FIRST = 3;
/** Later than this is a hang. */
const MOST_MS = 5000;

async function settled(result: unknown): Promise<void> {
  const value = await result;
  if (typeof value !== "object" || value === null || !(Symbol.asyncIterator in value)) return;
  let count = 0;
  for await (const _ of value as AsyncIterable<unknown>) if (++count === FIRST) return;
}

/** Where a function throws anything but its own errors, a line each. @param args fitting ones. @param depth of places in them. */
export async function faultsOf(
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
  depth: number,
): Promise<string[]> {
  const faults: string[] = [];
  for (const path of placesOf(args, depth)) {
    if (path.length === 0) continue;
    for (const [name, odd] of Object.entries(ODD_VALUES)) {
      const start = performance.now();
      const place = `${path.join(".")} = ${name}`;
      try {
        await settled(call(...(exchanged(args, path, odd) as never[])));
      } catch (error) {
        // What a caller's object throws deep inside is the caller's; of an argument itself it says that it is none.
        if ((path.length > 1 && error === mine) || (error as Error)?.name === "AbortError") continue;
        if (!RecoupError.isInstance(error)) faults.push(`${place}: ${describe(error)}`);
        else if (error.message.length > 600) faults.push(`${place}: ${error.message.length} letters`);
      }
      if (performance.now() - start > MOST_MS) faults.push(`${place}: ${Math.round(performance.now() - start)} ms`);
    }
  }
  return faults;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const at = error.stack?.split("\n").find((line) => /\/(src|dist)\//.test(line)) ?? "";
  return `${error.name}: ${error.message.slice(0, 90)} ${at.trim().replace(/^at (\S+).*\/((?:src|dist)\/.*)\)$/, "($1 $2)")}`;
}
