/** @file Nodes and their attributes, read from memory. */
import { type FieldReader, malformed } from "./fields.js";
import {
  consumed,
  type ExternalData,
  type InnerGraph,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxNode,
} from "./model.js";
import { readTensor, shared, sparseName } from "./read-tensor.js";
import { ATTRIBUTE, FUNCTION, GRAPH, NODE, VALUE_INFO } from "./schema.js";

type Attributes = ReadonlyMap<string, OnnxAttribute>;

/** Attributes by their bytes, each distinct set once. A graph has a few dozen; a map per node would outweigh the bytes. */
export type AttributeSets = Map<string, Attributes>;

const NO_ATTRIBUTES: Attributes = new Map();

/** Numbers in a list of an attribute at most. */
const MAX_INTS = 2 ** 20;

/** Graphs within graphs: more than this is no model. */
const MAX_DEPTH = 16;

/** The node in the field that `part` came to. @param sets shared by the nodes of a file. */
export function readNode(part: FieldReader, sets: AttributeSets, depth = 0): OnnxNode {
  const bytes = part.whole();
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  let [from, to] = [0, 0];
  let name = "";
  let opType = "";
  let domain = "";
  part.eachInside(() => {
    if (part.number === NODE.input) inputs.push(part.text());
    else if (part.number === NODE.output) outputs.push(part.text());
    else if (part.number === NODE.name) name = part.text();
    else if (part.number === NODE.opType) opType = part.text();
    else if (part.number === NODE.domain) domain = part.text();
    else if (part.number === NODE.attribute) {
      if (attributes.size === 0) from = part.at;
      attributes.set(...readAttribute(part, sets, depth));
      to = part.end;
    }
  });
  if (opType === "") throw malformed("an operator in every node", "a node without");
  return {
    name,
    opType,
    // "ai.onnx" is the long name of the domain that "" stands for.
    domain: domain === "ai.onnx" ? "" : domain,
    // Copies, as a list that was pushed to holds room for sixteen more.
    inputs: inputs.slice(),
    outputs: outputs.slice(),
    attributes: attributes.size === 0 ? NO_ATTRIBUTES : shared(sets, part.view(from, to), () => attributes),
    bytes,
  };
}

function readAttribute(part: FieldReader, sets: AttributeSets, depth: number): [name: string, value: OnnxAttribute] {
  let name = "";
  const value: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = { type: 0 };
  const ints: bigint[] = [];
  const captured: string[] = [];
  const external: ExternalData[] = [];
  const inner: InnerGraph[] = [];
  part.eachInside(() => {
    if (part.number === ATTRIBUTE.name) name = part.text();
    else if (part.number === ATTRIBUTE.type) value.type = part.unsigned();
    else if (part.number === ATTRIBUTE.float) value.float = part.float();
    else if (part.number === ATTRIBUTE.int) value.int = part.int64();
    else if (part.number === ATTRIBUTE.text) value.text = part.text();
    else if (part.number === ATTRIBUTE.ints) part.addIntegers(ints, MAX_INTS);
    else if (part.number === ATTRIBUTE.tensor || part.number === ATTRIBUTE.tensors) {
      const isOne = part.number === ATTRIBUTE.tensor;
      const tensor = readTensor(part);
      if (isOne) value.tensor = tensor;
      if (tensor.data.kind === "external") external.push(tensor.data);
    } else if (part.number === ATTRIBUTE.graph || part.number === ATTRIBUTE.graphs) {
      const subgraph = readSubgraph(part, sets, depth + 1);
      for (const each of subgraph.captured) captured.push(each);
      for (const each of subgraph.external) external.push(each);
      inner.push(subgraph.inner);
    }
  });
  if (captured.length > 0) value.captured = captured;
  if (external.length > 0) value.external = external;
  if (inner.length > 0) value.inner = inner;
  if (ints.length > 0) value.ints = ints.slice();
  return [name, value];
}

/** Names that a subgraph uses and does not make itself, and the external data in it. */
function readSubgraph(part: FieldReader, sets: AttributeSets, depth: number) {
  if (depth > MAX_DEPTH) throw malformed(`at most ${MAX_DEPTH} graphs in each other`, "more");
  const used = new Set<string>();
  const made = new Set<string>();
  const external: ExternalData[] = [];
  const inner = new InnerCount();
  part.eachInside(() => {
    if (part.number === GRAPH.node) {
      const node = readNode(part, sets, depth);
      inner.add(node);
      for (const name of consumed(node)) used.add(name);
      for (const name of node.outputs) made.add(name);
      for (const attribute of node.attributes.values()) {
        for (const each of attribute.external ?? []) external.push(each);
      }
    } else if (part.number === GRAPH.input) made.add(part.textInside(VALUE_INFO.name));
    else if (part.number === GRAPH.output) used.add(part.textInside(VALUE_INFO.name));
    else if (part.number === GRAPH.initializer) {
      const { name, data, dims, dataType } = readTensor(part);
      made.add(name);
      inner.addTensor(dims, dataType);
      if (data.kind === "external") external.push(data);
    } else if (part.number === GRAPH.sparse) made.add(sparseName(part));
  });
  return { captured: [...used].filter((name) => !made.has(name)), external, inner };
}

/** The function in the field that `part` came to. @param sets shared by the nodes of a file. */
export function readFunction(part: FieldReader, sets: AttributeSets): OnnxFunction {
  const inner = new InnerCount();
  let [domain, name] = ["", ""];
  part.eachInside(() => {
    if (part.number === FUNCTION.node) inner.add(readNode(part, sets));
    else if (part.number === FUNCTION.name) name = part.text();
    else if (part.number === FUNCTION.domain) domain = part.text();
  });
  return { domain, name, inner };
}

/** What is in a graph, while its nodes are read. */
class InnerCount implements InnerGraph {
  nodes = 0;
  readonly opTypes = new Set<string>();
  readonly parameters = new Map<number, number>();

  add({ opType, attributes }: OnnxNode): void {
    this.nodes++;
    this.opTypes.add(opType);
    for (const { tensor, inner = [] } of attributes.values()) {
      if (tensor !== undefined) this.addTensor(tensor.dims, tensor.dataType);
      for (const each of inner) {
        this.nodes += each.nodes;
        for (const name of each.opTypes) this.opTypes.add(name);
        for (const [type, count] of each.parameters)
          this.parameters.set(type, (this.parameters.get(type) ?? 0) + count);
      }
    }
  }

  addTensor(dims: readonly number[], dataType: number): void {
    const count = dims.reduce((product, length) => product * length, 1);
    this.parameters.set(dataType, (this.parameters.get(dataType) ?? 0) + count);
  }
}
