/** @file Nodes and their attributes, read from memory. */
import { OnnxFormatError } from "./errors.js";
import type { FieldReader } from "./fields.js";
import type { OnnxAttribute, OnnxNode } from "./model.js";
import { readTensor, tensorName } from "./read-tensor.js";
import { infoName } from "./read-value-info.js";
import { ATTRIBUTE, GRAPH, NODE } from "./schema.js";

type Attributes = ReadonlyMap<string, OnnxAttribute>;

/**
 * Attributes of nodes by their bytes, each distinct set once: most nodes of a graph have one of a few dozen, and a map of each node's
 * own would outweigh its bytes.
 */
export type AttributeSets = Map<string, Attributes>;

const NO_ATTRIBUTES: Attributes = new Map();

/** Bytes of attributes that are kept by; longer ones are rarely alike. */
const MAX_KEY = 128;

/** Graphs within graphs: more than this is no model. */
const MAX_DEPTH = 16;

/** The node in the field that `part` came to. `sets` is what the nodes of a file share. */
export function readNode(part: FieldReader, sets: AttributeSets, depth = 0): OnnxNode {
  const bytes = part.whole();
  const inputs: string[] = [];
  const outputs: string[] = [];
  let attributes: Map<string, OnnxAttribute> | undefined;
  let [from, to] = [0, 0];
  let name = "";
  let opType = "";
  let domain = "";
  const outer = part.enter();
  while (part.next()) {
    if (part.number === NODE.input) inputs.push(part.text());
    else if (part.number === NODE.output) outputs.push(part.text());
    else if (part.number === NODE.name) name = part.text();
    else if (part.number === NODE.opType) opType = part.text();
    else if (part.number === NODE.domain) domain = part.text();
    else if (part.number === NODE.attribute) {
      if (attributes === undefined) from = part.at;
      attributes ??= new Map();
      addAttribute(attributes, part, sets, depth);
      to = part.end;
    }
  }
  part.leave(outer);
  if (opType === "") throw malformed("an operator in every node", "a node without");
  return {
    name,
    opType,
    // "ai.onnx" is the long name of the domain that "" stands for.
    domain: domain === "ai.onnx" ? "" : domain,
    // Copies, as a list that was pushed to holds room for sixteen more.
    inputs: inputs.slice(),
    outputs: outputs.slice(),
    attributes: attributes === undefined ? NO_ATTRIBUTES : shared(attributes, part.view(from, to), sets),
    bytes,
  };
}
function shared(attributes: Attributes, bytes: Uint8Array, sets: AttributeSets): Attributes {
  if (bytes.length > MAX_KEY) return attributes;
  const key = String.fromCharCode(...bytes);
  const known = sets.get(key);
  if (known === undefined) sets.set(key, attributes);
  return known ?? attributes;
}

function addAttribute(
  attributes: Map<string, OnnxAttribute>,
  part: FieldReader,
  sets: AttributeSets,
  depth: number,
): void {
  let name = "";
  const value: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = { type: 0 };
  const ints: bigint[] = [];
  let captured: string[] | undefined;
  const outer = part.enter();
  while (part.next()) {
    if (part.number === ATTRIBUTE.name) name = part.text();
    else if (part.number === ATTRIBUTE.type) value.type = part.unsigned();
    else if (part.number === ATTRIBUTE.float) value.float = part.float();
    else if (part.number === ATTRIBUTE.int) value.int = part.int64();
    else if (part.number === ATTRIBUTE.text) value.text = part.text();
    else if (part.number === ATTRIBUTE.ints) part.addIntegers(ints);
    else if (part.number === ATTRIBUTE.tensor) value.tensor = readTensor(part);
    else if (part.number === ATTRIBUTE.graph || part.number === ATTRIBUTE.graphs) {
      captured ??= [];
      for (const each of capturedNames(part, sets, depth + 1)) captured.push(each);
    }
  }
  part.leave(outer);
  if (captured !== undefined && captured.length > 0) value.captured = captured;
  if (ints.length > 0) value.ints = ints.slice();
  attributes.set(name, value);
}

/** Names that a subgraph uses and does not make itself. */
function capturedNames(part: FieldReader, sets: AttributeSets, depth: number): string[] {
  if (depth > MAX_DEPTH) throw malformed(`at most ${MAX_DEPTH} graphs in each other`, "more");
  const used = new Set<string>();
  const made = new Set<string>();
  const outer = part.enter();
  while (part.next()) {
    if (part.number === GRAPH.node) {
      const node = readNode(part, sets, depth);
      for (const name of consumed(node)) used.add(name);
      for (const name of node.outputs) made.add(name);
    } else if (part.number === GRAPH.input) made.add(infoName(part));
    else if (part.number === GRAPH.output) used.add(infoName(part));
    else if (part.number === GRAPH.initializer) made.add(tensorName(part));
  }
  part.leave(outer);
  return [...used].filter((name) => !made.has(name));
}

/** All names that a node takes: its inputs, and what its subgraphs take from outside. */
export function consumed({ inputs, attributes }: OnnxNode): readonly string[] {
  const captured = attributes.size === 0 ? [] : Array.from(attributes.values(), (value) => value.captured ?? []).flat();
  if (captured.length === 0 && !inputs.includes("")) return inputs;
  return [...inputs.filter((name) => name !== ""), ...captured];
}

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "openOnnx", expected, got });
}
