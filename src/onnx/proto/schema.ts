/**
 * @file Field numbers and enumerations of onnx.proto (onnx/onnx.proto, IR version 13) that the graph tools use, and whole numbers by
 * their element type.
 */

/** Fields of ModelProto. */
export const MODEL = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, functions: 25 } as const;
/** Fields of OperatorSetIdProto. */
export const OPSET = { domain: 1, version: 2 } as const;
/** Fields of GraphProto. */
export const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13, sparse: 15 } as const;
/** Fields of FunctionProto. */
export const FUNCTION = { name: 1, node: 7, domain: 10 } as const;
/** Fields of NodeProto. */
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;
/** Fields of AttributeProto. */
export const ATTRIBUTE = {
  name: 1,
  float: 2,
  int: 3,
  text: 4,
  tensor: 5,
  graph: 6,
  ints: 8,
  tensors: 10,
  graphs: 11,
  type: 20,
} as const;
/** Fields of TensorProto. */
export const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
/** Those with values of one type: floats, int32, strings, int64, doubles, uint64. */
export const TYPED_DATA: readonly number[] = [4, 5, 6, 7, 10, 11];
/** Fields of StringStringEntryProto. */
export const ENTRY = { key: 1, value: 2 } as const;
/** Fields of ValueInfoProto. */
export const VALUE_INFO = { name: 1, type: 2 } as const;
/** Fields of TypeProto. */
export const TYPE = { tensor: 1 } as const;
/** Fields of TypeProto.Tensor. */
export const TENSOR_TYPE = { elementType: 1, shape: 2 } as const;
/** Fields of TensorShapeProto. */
export const SHAPE = { dimension: 1 } as const;
/** Fields of TensorShapeProto.Dimension. */
export const DIMENSION = { value: 1, parameter: 2 } as const;

/** AttributeProto.type. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, text: 3, ints: 7 } as const;

/** TensorProto.DataType by name, with the bits of an element; 0 bits for text. */
export const DATA_TYPES = {
  float32: { id: 1, bits: 32 },
  uint8: { id: 2, bits: 8 },
  int8: { id: 3, bits: 8 },
  uint16: { id: 4, bits: 16 },
  int16: { id: 5, bits: 16 },
  int32: { id: 6, bits: 32 },
  int64: { id: 7, bits: 64 },
  string: { id: 8, bits: 0 },
  bool: { id: 9, bits: 8 },
  float16: { id: 10, bits: 16 },
  float64: { id: 11, bits: 64 },
  uint32: { id: 12, bits: 32 },
  uint64: { id: 13, bits: 64 },
  complex64: { id: 14, bits: 64 },
  complex128: { id: 15, bits: 128 },
  bfloat16: { id: 16, bits: 16 },
  float8e4m3fn: { id: 17, bits: 8 },
  float8e4m3fnuz: { id: 18, bits: 8 },
  float8e5m2: { id: 19, bits: 8 },
  float8e5m2fnuz: { id: 20, bits: 8 },
  uint4: { id: 21, bits: 4 },
  int4: { id: 22, bits: 4 },
  float4e2m1: { id: 23, bits: 4 },
  float8e8m0: { id: 24, bits: 8 },
  uint2: { id: 25, bits: 2 },
  int2: { id: 26, bits: 2 },
  float6e2m3: { id: 27, bits: 6 },
  float6e3m2: { id: 28, bits: 6 },
} as const;
/** Name of an element type, as the tools write it. */
export type DataTypeName = keyof typeof DATA_TYPES;

/** Name of a TensorProto.DataType; undefined for one that is not known here. */
export function dataTypeName(id: number): DataTypeName | undefined {
  return (Object.keys(DATA_TYPES) as DataTypeName[]).find((name) => DATA_TYPES[name].id === id);
}

/** Elements that are read as numbers at most. */
export const MAX_INTEGERS = 64;

/**
 * The elements of a short tensor of whole numbers (int64 or int32), such as the lengths that Reshape takes; undefined for others, and
 * where the values are not as many.
 *
 * @param values little-endian elements, or what reads them.
 */
export function integersOf(
  { dims, dataType }: { readonly dims: readonly number[]; readonly dataType: number },
  values: Uint8Array | (() => readonly bigint[]),
): readonly number[] | undefined {
  const count = dims.reduce((product, length) => product * length, 1);
  const isLong = dataType === DATA_TYPES.int64.id;
  if (count > MAX_INTEGERS || !(isLong || dataType === DATA_TYPES.int32.id)) return undefined;
  const numbers = typeof values === "function" ? values().map(Number) : elements(values, isLong);
  return numbers.length === count ? numbers : undefined;
}

function elements({ buffer, byteOffset, byteLength }: Uint8Array, isLong: boolean): number[] {
  const view = new DataView(buffer, byteOffset, byteLength);
  const width = isLong ? 8 : 4;
  return Array.from({ length: Math.floor(byteLength / width) }, (_, i) =>
    isLong ? Number(view.getBigInt64(i * width, true)) : view.getInt32(i * width, true),
  );
}

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = "com.microsoft";
