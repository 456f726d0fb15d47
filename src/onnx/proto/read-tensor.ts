/** @file Tensors and their declared types, read from memory or, field by field, from a source. */
import { FieldReader, malformed } from "./fields.js";
import type { OnnxTensor, Piece, TensorData, ValueInfo } from "./model.js";
import {
  DIMENSION,
  ENTRY,
  integersOf,
  MAX_INTEGERS,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  TYPED_DATA,
  VALUE_INFO,
} from "./schema.js";
import { addPiece } from "./source.js";
import { BYTES } from "./wire.js";

const NO_PIECES: readonly Piece[] = [];

/** The tensor in the field that `part` came to. @param pieces its field, for copies. */
export function readTensor(part: FieldReader, pieces: readonly Piece[] = NO_PIECES): OnnxTensor {
  const fields = new TensorFields();
  const view = part.view.bind(part);
  part.eachInside(() => {
    if (isValues(part)) fields.addValues(part, view, view);
    else fields.add(part);
  });
  return fields.tensor(pieces);
}

/** The name of the sparse tensor in the field that `part` came to: that of its values. */
export function sparseName(part: FieldReader): string {
  let name = "";
  part.eachInside(() => {
    if (part.number === SPARSE_VALUES) name = readTensor(part).name;
  });
  return name;
}

/** SparseTensorProto.values. */
const SPARSE_VALUES = 1;

/** Axes of a tensor; ONNX Runtime's own kernels take eight. */
const MAX_DIMS = 64;

/** Whether a field of a tensor holds values: raw, or in their own type. */
export function isValues({ number }: { readonly number: number }): boolean {
  return number === TENSOR.rawData || TYPED_DATA.includes(number);
}

/** The content between two places. */
type PieceOf = (start: number, end: number) => Piece;

/** A tensor while its fields are read. */
export class TensorFields {
  private name = "";
  private readonly dims: bigint[] = [];
  private dataType = 0;
  private raw?: Piece;
  private typed?: Piece[];
  /** Values in memory, from which short tensors of whole numbers are read. */
  private nearRaw?: Uint8Array;
  private readonly nearTyped: Uint8Array[] = [];
  private isExternal = false;
  /** Texts of external data, by key. */
  private readonly entries = new Map<string, string>();

  /** Adds a field of anything but values. */
  add(part: FieldReader): void {
    if (part.number === TENSOR.dims) part.addIntegers(this.dims, MAX_DIMS);
    else if (part.number === TENSOR.dataType) this.dataType = part.unsigned();
    else if (part.number === TENSOR.name) this.name = part.text();
    else if (part.number === TENSOR.dataLocation) this.isExternal = part.unsigned() === 1;
    else if (part.number === TENSOR.externalData) {
      let [key, value] = ["", ""];
      part.eachInside(() => {
        if (part.number === ENTRY.key) key = part.text();
        else if (part.number === ENTRY.value) value = part.text();
      });
      if (["location", "offset", "length"].includes(key)) this.entries.set(key, value);
    }
  }

  /**
   * Adds values, as views or spans. A field of their own type may come once for each value; neighbors become one piece.
   *
   * @param near views, where the values are in memory.
   */
  addValues(part: FieldReader, piece: PieceOf, near?: (start: number, end: number) => Uint8Array): void {
    const isRaw = part.number === TENSOR.rawData;
    if (isRaw) {
      part.expect(BYTES, "a message");
      this.raw = piece(part.start, part.end);
    } else {
      this.typed ??= [];
      addPiece(this.typed, piece(part.at, part.end));
    }
    if (near === undefined) return;
    if (isRaw) this.nearRaw = near(part.start, part.end);
    else if (this.nearTyped.length <= MAX_INTEGERS) this.nearTyped.push(near(part.at, part.end));
  }

  /** The tensor of these fields. @throws OnnxFormatError for lengths or external data that do not fit. */
  tensor(pieces: readonly Piece[]): OnnxTensor {
    const { name, dataType } = this;
    const dims = this.dims.map(Number);
    if (dims.every(isPlace)) {
      const data = this.data();
      const integers = integersOf({ dims, dataType }, this.nearRaw ?? (() => typedIntegers(this.nearTyped)));
      return { name, dims, dataType, data, pieces, ...(integers && { integers }) };
    }
    throw malformed(`lengths from 0 in tensor ${name}`, dims.join(" x "));
  }

  private data(): TensorData {
    if (this.isExternal) return externalData(this.name, this.entries);
    if (this.raw !== undefined) return { kind: "raw", piece: this.raw };
    return this.typed === undefined ? { kind: "none" } : { kind: "typed", pieces: this.typed };
  }
}

/** The whole numbers in fields of their own type. */
function typedIntegers(fields: readonly Uint8Array[]): bigint[] {
  const numbers: bigint[] = [];
  for (const field of fields) {
    const part = new FieldReader().open(field);
    while (part.next()) part.addIntegers(numbers, MAX_INTEGERS);
  }
  return numbers;
}

function externalData(name: string, entries: ReadonlyMap<string, string>): TensorData {
  const location = entries.get("location");
  const offset = Number(entries.get("offset") ?? 0);
  const length = entries.has("length") ? Number(entries.get("length")) : undefined;
  if (!location || !isPlace(offset) || !isPlace(length ?? 0)) {
    const expected = `a location, and an offset and length from 0, of the external data of tensor ${name}`;
    throw malformed(expected, JSON.stringify(Object.fromEntries(entries)).slice(0, 200));
  }
  if (isInside(location)) return { kind: "external", location, offset, length };
  const got = JSON.stringify(location.slice(0, 200));
  throw malformed(`external data of tensor ${name} within the model's folder`, got);
}

/** Whether a location lies in the model's folder or below: no absolute path, no step up. Callers that open files check links. */
export function isInside(location: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(location) && !location.split(/[\\/]/).includes("..") && !location.includes("\0");
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

type TensorType = Pick<ValueInfo, "dataType" | "shape">;

/** Types by their bytes, each distinct one once: most tensors of a graph have one of a few. */
export type TensorTypes = Map<string, TensorType>;

/** The name and type in the field that `part` came to. @param types shared by the tensors of a file. */
export function readValueInfo(part: FieldReader, types: TensorTypes): ValueInfo {
  const bytes = part.whole();
  let name = "";
  let type: TensorType = {};
  part.eachInside(() => {
    if (part.number === VALUE_INFO.name) name = part.text();
    else if (part.number === VALUE_INFO.type) type = shared(types, part.content(), () => readType(part));
  });
  return { name, dataType: type.dataType, shape: type.shape, bytes };
}

/** Bytes of a value to be shared at most; longer ones are rarely alike. */
const MAX_KEY = 128;

/** The value for these bytes: the one that is known, or a new one. Of a graph's thousands of values few are distinct. */
export function shared<T>(known: Map<string, T>, bytes: Uint8Array, make: () => T): T {
  if (bytes.length > MAX_KEY) return make();
  const key = String.fromCharCode(...bytes);
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function readType(part: FieldReader): TensorType {
  const type: { -readonly [K in keyof TensorType]: TensorType[K] } = {};
  part.eachInside(() => {
    if (part.number !== TYPE.tensor) return;
    part.eachInside(() => {
      if (part.number === TENSOR_TYPE.elementType) type.dataType = part.unsigned();
      else if (part.number === TENSOR_TYPE.shape) type.shape = readShape(part);
    });
  });
  return type;
}

function readShape(part: FieldReader): (number | string | undefined)[] {
  const shape: (number | string | undefined)[] = [];
  part.eachInside(() => {
    if (part.number !== SHAPE.dimension) return;
    let length: number | string | undefined;
    part.eachInside(() => {
      if (part.number === DIMENSION.value) length ??= lengthOf(part.int64());
      else if (part.number === DIMENSION.parameter) length ??= part.text();
    });
    shape.push(length);
  });
  return shape.slice();
}

/** Some converters write -1 for a length that is not known. */
function lengthOf(value: bigint): number | undefined {
  return value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}
