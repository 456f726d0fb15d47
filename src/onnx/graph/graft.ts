/** @file Joins a part of one model onto another: its inputs become tensors of the other, cast where the precision differs. */
import { refusalFor } from "../../core/index.js";
import { OnnxInputError } from "../proto/errors.js";
import { makeNode, makeValueInfo, withOpsets } from "../proto/make.js";
import { consumed, type OnnxModel, type OnnxNode } from "../proto/model.js";
import { MICROSOFT, MODEL } from "../proto/schema.js";
import { renameNode, renameTensor } from "../proto/write-model.js";
import { type GraphView, label, takenName, viewGraph } from "./graph-view.js";
import { elementType } from "./infer.js";
import { withAdded } from "./with-added.js";

const refusal = refusalFor("graft", OnnxInputError);

/** The seams of a graft, and the new names. */
export interface GraftOptions {
  /** For each input of the part, the tensor of the base that it becomes. */
  readonly connect: Readonly<Record<string, string>>;
  /** Before every tensor and node name of the part, so that none is taken. Default: "graft.". */
  readonly prefix?: string;
}

/**
 * The base with the part's nodes, weights and outputs added, all with `prefix` before their names.
 *
 * @throws OnnxInputError if the two have different versions of an operator set that the part uses. Likewise if an input of the part
 *   is not connected, or a name is taken. Likewise if the part has sparse weights, functions or subgraphs.
 */
export function graft(base: OnnxModel, part: OnnxModel, { connect, prefix = "graft." }: GraftOptions): OnnxModel {
  assertCarried(base, part);
  const used = new Set(part.graph.nodes.map(({ domain }) => domain));
  const opsets = [...part.opsets].filter(([domain]) => domain === "" || used.has(domain));
  assertSameOpsets(base, opsets);
  const view = viewGraph(base.graph);
  const partView = viewGraph(part.graph);
  const seams = part.graph.inputs.map(({ name }) => {
    const tensor = connect[name];
    if (tensor !== undefined) return seam(view, tensor, prefix + name, elementType(partView, name));
    throw refusal(`input ${name} of the part to be connected`, Object.keys(connect).join(", "));
  });
  const rename = (name: string) => prefix + name;
  const nodes = partView.nodes.map((node) => {
    if (consumed(node).length !== node.inputs.filter((name) => name !== "").length) {
      throw refusal("a part without subgraphs", label(node));
    }
    return renameNode(node, rename, prefix);
  });
  const initializers = part.graph.initializers.map((tensor) => renameTensor(tensor, rename(tensor.name)));
  const added = [...[...seams, ...nodes].flatMap(({ outputs }) => outputs), ...initializers.map(({ name }) => name)];
  const taken = takenName(view, added);
  if (taken !== undefined) throw refusal(`names with ${prefix} to be free`, `a tensor ${taken}`);
  const outputs = part.graph.outputs.map(({ name, dataType, shape }) => makeValueInfo(prefix + name, dataType, shape));
  const joined = withAdded(base, view, { nodes: [...seams, ...nodes], initializers, outputs });
  return withOpsets(joined, new Map([...opsets, ...base.opsets]));
}

/** The node that makes the part's input of the base's tensor, in the part's precision. */
function seam(view: GraphView, tensor: string, output: string, to: number | undefined): OnnxNode {
  if (!view.producer.has(tensor) && !view.given.has(tensor)) {
    throw refusal("tensors of the base", `${JSON.stringify(tensor)}, which it lacks`);
  }
  const from = elementType(view, tensor);
  const ends = { inputs: [tensor], outputs: [output] };
  if (from === undefined || to === undefined || from === to) {
    return makeNode({ opType: "Identity", name: `${output}/Identity`, ...ends });
  }
  return makeNode({ opType: "Cast", name: `${output}/Cast`, ...ends, attributes: { to: BigInt(to) } });
}

/** Refuses parts whose nodes use weights or functions that the whole would lack. */
function assertCarried(base: OnnxModel, { graph, fields }: OnnxModel): void {
  const sparse = new Set(graph.sparse);
  const lost = sparse.size === 0 ? undefined : graph.nodes.flatMap(consumed).find((name) => sparse.has(name));
  if (lost !== undefined) throw refusal("a part without sparse weights", lost);
  const functionsOf = (list: OnnxModel["fields"]) =>
    list.flatMap(({ number, piece }) => (number === MODEL.functions ? [String(piece)] : []));
  const known = new Set(functionsOf(base.fields));
  if (functionsOf(fields).every((content) => known.has(content))) return;
  const call = graph.nodes.find(({ domain }) => domain !== "" && domain !== MICROSOFT);
  if (call !== undefined) throw refusal("a part without functions of its own", `${call.domain} ${call.opType}`);
}

function assertSameOpsets(base: OnnxModel, opsets: readonly (readonly [string, number])[]): void {
  for (const [domain, version] of opsets) {
    const own = base.opsets.get(domain) ?? version;
    if (own !== version) throw refusal(`one version of ${domain || "ai.onnx"} in both models`, `${own} and ${version}`);
  }
}
