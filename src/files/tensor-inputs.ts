import { assertFinite, InvalidInputError, RecoupError, shape as shapes } from "../core/index.js";
import { fromFloat16Array, type Matrix } from "../math/index.js";
import { SIZES, type Tensor } from "./safetensors/format.js";

/**
 * Tensors of one file by name, as finite float32 of an expected shape. An axis that may have any size is given by letter. Every
 * refusal is an InvalidInputError that names operation, tensor and file.
 */
export class TensorInputs {
  constructor(
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private readonly operation: string,
    private readonly file: string,
    /** Data types of tensors that were not read, as theirs has no array. */
    private readonly unread: ReadonlyMap<string, string> = new Map(),
  ) {}

  /** A tensor `[rows, columns]`, if it is there; `fits` names the tensor that decides the sizes. */
  matrix(name: string, axes: readonly [number | string, number | string], fits?: string): Matrix | undefined {
    const data = this.floats(name, axes, fits);
    if (data === undefined) return undefined;
    const [count, dim] = this.tensors.get(name)?.shape ?? [];
    return { data, count, dim };
  }

  vector(name: string, length: number, fits: string): Float32Array | undefined {
    return this.floats(name, [length], fits);
  }

  /** Refuses a tensor that means nothing without the others. */
  assertBeside(name: string, others: readonly string[]): void {
    const missing = others.filter((other) => !this.has(other));
    if (this.has(name) && missing.length > 0) {
      this.refuse(`${others.join(" and ")} beside ${name}`, `no ${missing.join(", no ")}`);
    }
  }

  private has(name: string): boolean {
    return this.tensors.has(name) || this.unread.has(name);
  }

  /** The first names of the file, for messages; 8 show what kind of file it is. */
  names(): string {
    return JSON.stringify([...this.tensors.keys()].slice(0, 8).map((name) => name.slice(0, 60)));
  }

  refuse(expected: string, got: string, cause?: unknown): never {
    throw new InvalidInputError({ operation: this.operation, expected: `${expected} in ${this.file}`, got, cause });
  }

  /** Lets refusals of the work (grids that do not cover the tokens, negative attention) name operation and file. */
  named<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!RecoupError.isInstance(cause) || cause.operation === this.operation) throw cause;
      return this.refuse(cause.expected ?? "fitting tensors", cause.got ?? cause.message, cause);
    }
  }

  private floats(name: string, axes: readonly (number | string)[], fits?: string): Float32Array | undefined {
    const tensor = this.tensors.get(name);
    const unread = this.unread.get(name);
    if (unread !== undefined) return this.refuse(`${name} as F32 or F16`, shapes.brief(unread));
    if (tensor === undefined) return undefined;
    const { dtype, shape, data } = Object(tensor) as Tensor;
    if (dtype !== "F32" && dtype !== "F16")
      return this.refuse(`${name} as F32 or F16`, typeof dtype === "string" ? dtype : shapes.brief(dtype));
    const type = dtype === "F32" ? Float32Array : Uint16Array;
    const parts = shapes.object({ shape: SIZES, data: shapes.instance<unknown>(type) });
    shapes.shaped(tensor, parts, (expected, got) => this.refuse(`${name}: ${expected}`, got));
    if (shape.length !== axes.length || axes.some((axis, i) => typeof axis === "number" && axis !== shape[i])) {
      const fitting = fits === undefined ? "" : ` to fit ${fits} [${this.tensors.get(fits)?.shape.join(", ")}]`;
      this.refuse(`${name} of shape [${axes.join(", ")}]${fitting}`, `[${shape.join(", ")}]`);
    }
    const values = dtype === "F32" ? data : fromFloat16Array(data);
    assertFinite(this.operation, `${name} in ${this.file}`, values, shape[shape.length - 1]);
    return values;
  }
}
