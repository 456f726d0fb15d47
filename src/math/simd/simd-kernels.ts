/**
 * @file Row kernels in WebAssembly SIMD, bit for bit those of `plainKernels`, with bounded memory. A matrix that fits is copied in
 * once per `withRows` (0.05 ms for 576 x 1024). Of a larger one, the rows of each call are copied in panel by panel.
 */
import { type Kernels, type Matrix, plainKernels, type ResidentRows } from "../kernels.js";
import { WASM_BYTES } from "./generated.js";
import { PanelRows, type RowsModule } from "./panel-rows.js";

/** The part of the engine's WebAssembly that is used here; portable code knows no DOM types. */
interface WebAssemblyLike {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
}

/** Bounds; defaults are for programs, others for tests. */
export interface SimdOptions {
  /**
   * Largest memory of the module in bytes, at least room for a dozen rows; it is kept for the next call. Default 16 MiB: 2880
   * tokens of width 1024 are resident. Panels of larger matrices fill the second cache level many times over.
   */
  readonly memoryBytes?: number;
}

/**
 * The SIMD kernels, or undefined where the engine cannot compile them. It may lack WebAssembly or SIMD, or a content security
 * policy forbids it. Synchronous; the module is small enough (< 4 KB) for a browser's main thread. Where the engine later refuses
 * memory, the call goes through the plain loops: same bits.
 */
export function createSimdKernels({ memoryBytes = 16 * 2 ** 20 }: SimdOptions = {}): Kernels | undefined {
  const instantiate = compile();
  if (instantiate === undefined) return undefined;
  let idle: RowsModule | undefined;
  return {
    id: "simd",
    withRows<T>(matrix: Matrix, use: (rows: ResidentRows) => T): T {
      let module: RowsModule;
      let rows: PanelRows;
      try {
        module = idle ?? instantiate();
        rows = new PanelRows(module, matrix, memoryBytes);
      } catch (error) {
        // A RangeError is how engines refuse memory.
        if (error instanceof RangeError) return plainKernels.withRows(matrix, use);
        throw error;
      }
      // Taken while in use, so that a call within a call gets a module of its own.
      idle = undefined;
      try {
        return use(rows);
      } finally {
        idle = module;
      }
    },
  };
}

let fastest: Kernels | undefined;

/**
 * The fastest kernels that the engine can run: SIMD, or else the plain loops. Made at the first call and kept; that both
 * give the same bits makes the choice unobservable but for time.
 */
export function defaultKernels(): Kernels {
  fastest ??= createSimdKernels() ?? plainKernels;
  return fastest;
}

/** Makes instances of the module; undefined if it cannot be compiled here. */
function compile(): (() => RowsModule) | undefined {
  const { WebAssembly: engine } = globalThis as { WebAssembly?: WebAssemblyLike };
  if (engine === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(WASM_BYTES.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
    const module = new engine.Module(bytes);
    return () => new engine.Instance(module).exports as RowsModule;
  } catch {
    return undefined;
  }
}
