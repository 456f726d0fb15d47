/** @file CLIP's projection into the text's space for every row: published files have it for the class token only. */

import { elementType } from "../graph/element-type.js";
import { isOf } from "../graph/walk.js";
import type { OnnxModel, OnnxNode, OnnxTensor } from "../proto/model.js";
import { makeNode, makeTensor, makeValueInfo, type NewNode, renameNode } from "../proto/write-model.js";
import { type Located, lastLayer } from "./locate.js";
import { nodesBetween, singleCuts } from "./locate-cut.js";
import { vectorLength } from "./tower-width.js";

/** Name of the new output, [B, L, D]. */
export const EMBEDDINGS = "recoup.embeddings";
const PREFIX = `${EMBEDDINGS}.`;

/** The projection as the file has it: from the last layer's states over the class token's row to the picture's embedding. */
interface Projection {
  readonly states: string;
  /** The class token's row after the cut, what the first of `nodes` reads. */
  readonly start: string;
  readonly nodes: readonly OnnxNode[];
  readonly output: string;
  /** C. */
  readonly width: number;
}

/**
 * The model with one output more, each row in the text's space. CLIP normalises and projects the class token only; the same nodes
 * are written once more for all rows, as a matrix [B * L, C], since a Gemm takes no more than two axes. Undefined where the file
 * has no projection.
 */
export function withEmbeddings(model: OnnxModel, located: Located): OnnxModel | undefined {
  const projection = findProjection(model, located);
  if (projection === undefined) return undefined;
  const { states, start, nodes, output, width } = projection;
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const rename = (name: string) => (name === start ? `${PREFIX}rows` : made.has(name) ? PREFIX + name : name);
  const constants = {
    rows: vector("row-shape", [-1, width]),
    rest: vector("rest", [-1]),
    two: vector("two", [2]),
    zero: vector("zero", [0]),
  };
  const { rows, rest, two, zero } = constants;
  const added = [
    make({ opType: "Reshape", inputs: [states, rows.name], outputs: [`${PREFIX}rows`] }),
    ...nodes.map((node) => renameNode(node, rename, PREFIX)),
    make({ opType: "Shape", inputs: [states], outputs: [`${PREFIX}states-shape`] }),
    make({ opType: "Slice", inputs: [`${PREFIX}states-shape`, zero.name, two.name], outputs: [`${PREFIX}lengths`] }),
    make({
      opType: "Concat",
      inputs: [`${PREFIX}lengths`, rest.name],
      outputs: [`${PREFIX}full-shape`],
      attributes: { axis: 0n },
    }),
    make({ opType: "Reshape", inputs: [PREFIX + output, `${PREFIX}full-shape`], outputs: [EMBEDDINGS] }),
  ];
  const info = makeValueInfo(EMBEDDINGS, elementType(located.view, output), [undefined, undefined, undefined]);
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...added],
      initializers: [...graph.initializers, ...Object.values(constants)],
      outputs: [...graph.outputs, info],
    },
  };
}

function findProjection({ graph }: OnnxModel, located: Located): Projection | undefined {
  const { view } = located;
  const layer = lastLayer(located);
  const output = graph.outputs.find(({ name }) => name.includes("embeds"))?.name;
  if (output === undefined || layer.after === undefined || !("tensor" in layer.after)) return undefined;
  const states = layer.after.tensor;
  const cut = singleCuts(view, states, output).find((name) => isOf(view.producer.get(name), "Gather", "Slice"));
  const width = vectorLength(view, layer.normed);
  if (cut === undefined || width === undefined) return undefined;
  // Over a Squeeze or Reshape that follows the cut at the class token.
  const [taker, ...more] = view.consumers.get(cut) ?? [];
  const start = more.length === 0 && isOf(taker, "Squeeze", "Reshape", "Flatten") ? taker.outputs[0] : cut;
  return { states, start, nodes: nodesBetween(view, start, output), output, width };
}

function make(node: NewNode): OnnxNode {
  return makeNode({ name: `${node.outputs[0]}/${node.opType}`, ...node });
}

function vector(name: string, values: readonly number[]): OnnxTensor {
  return makeTensor(PREFIX + name, "int64", [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}
