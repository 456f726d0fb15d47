import { afterEach, describe, expect, it, vi } from "vitest";
import { type Kernels, type Matrix, plainKernels } from "../kernels.js";
import { createSimdKernels, defaultKernels } from "./simd-kernels.js";

const engine = globalThis.WebAssembly;

afterEach(() => vi.unstubAllGlobals());

/** Replaces a part of the engine's WebAssembly for the rest of the test. */
function engineWith(parts: object): void {
  vi.stubGlobal("WebAssembly", { Module: engine.Module, Instance: engine.Instance, ...parts });
}

function gram(kernels: Kernels | undefined, matrix: Matrix): Float32Array {
  const out = new Float32Array(matrix.count ** 2);
  kernels?.withRows(matrix, (rows) => rows.gram(out));
  return out;
}

const matrix = { data: Float32Array.from({ length: 77 }, (_, i) => Math.sin(i)), count: 11, dim: 7 };

describe("createSimdKernels", () => {
  it("is undefined where there is no WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(createSimdKernels()).toBeUndefined();
  });

  it("is undefined where the engine refuses to compile", () => {
    engineWith({
      Module: class {
        constructor() {
          throw new engine.CompileError("refused by Content Security Policy");
        }
      },
    });
    expect(createSimdKernels()).toBeUndefined();
  });

  it("makes one instance for calls after one another, and another one for a call within a call", () => {
    let instances = 0;
    engineWith({
      Instance: class {
        readonly exports: unknown;
        constructor(module: WebAssembly.Module) {
          instances++;
          this.exports = new engine.Instance(module).exports;
        }
      },
    });
    const kernels = createSimdKernels();
    for (let i = 0; i < 3; i++) expect(gram(kernels, matrix)).toEqual(gram(plainKernels, matrix));
    expect(instances).toBe(1);
    kernels?.withRows(matrix, () => expect(gram(kernels, matrix)).toEqual(gram(plainKernels, matrix)));
    expect(instances).toBe(2);
  });

  it("goes through the plain loops where the engine refuses memory, and back when it gives some", () => {
    let refuse = true;
    engineWith({
      Instance: class {
        readonly exports: unknown;
        constructor(module: WebAssembly.Module) {
          if (refuse) throw new RangeError("Out of memory: Cannot allocate Wasm memory for new instance");
          this.exports = new engine.Instance(module).exports;
        }
      },
    });
    const kernels = createSimdKernels();
    expect(gram(kernels, matrix)).toEqual(gram(plainKernels, matrix));
    refuse = false;
    expect(gram(kernels, matrix)).toEqual(gram(plainKernels, matrix));
  });
});

describe("defaultKernels", () => {
  it("are the SIMD ones where the engine has them, and the same at every call", () => {
    expect(defaultKernels().id).toBe("simd");
    expect(defaultKernels()).toBe(defaultKernels());
  });

  it("are the plain ones elsewhere", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const fresh = await import("./simd-kernels.js");
    expect(fresh.defaultKernels().id).toBe("plain");
  });
});
