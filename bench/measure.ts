import { performance } from "node:perf_hooks";

/** Calls before the counted ones, so that the engine has compiled what it will: at least these many, and for this long. */
const WARM_UP_CALLS = 3;
const WARM_UP_MS = 300;

/** Milliseconds of each of `runs` calls after a warm-up, ascending. */
export function measure(run: () => void, runs: number): number[] {
  const begin = performance.now();
  for (let i = 0; i < WARM_UP_CALLS || performance.now() - begin < WARM_UP_MS; i++) run();
  const milliseconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds.sort((a, b) => a - b);
}

const TYPED_ARRAYS = [
  "Float64Array",
  "Float32Array",
  "Uint32Array",
  "Int32Array",
  "Uint16Array",
  "Uint8Array",
] as const;

/**
 * Bytes of all typed arrays that one run makes, temporary ones included: an upper bound of the extra bytes it holds at once,
 * and the same on every run. Views of arrays that are there already count nothing; nor do small objects, and the
 * WebAssembly memory of the row kernels, which is at most 16 MiB and shared by all calls. It exchanges the engine's
 * constructors for counting ones, which makes typed arrays slow for the rest of the process: measure times before.
 */
export function allocatedBytes(run: () => void): number {
  let bytes = 0;
  const restore = TYPED_ARRAYS.map((name) => {
    const original = globalThis[name];
    const counted: object = new Proxy<new (...args: unknown[]) => Uint8Array>(original as never, {
      construct(target, args, newTarget) {
        const made: Uint8Array = Reflect.construct(target, args, newTarget === counted ? target : newTarget);
        if (!(args[0] instanceof ArrayBuffer)) bytes += made.byteLength;
        return made;
      },
    });
    const install = (made: unknown) => {
      Object.assign(globalThis, { [name]: made });
      // Methods such as slice and map make their result with the prototype's constructor.
      Object.defineProperty(original.prototype, "constructor", {
        value: made,
        configurable: true,
        writable: true,
      });
    };
    install(counted);
    return () => install(original);
  });
  try {
    run();
  } finally {
    for (const undo of restore) undo();
  }
  return bytes;
}
