/** @file A model of new nodes alone. */

import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { GRAPH, MODEL, OPSET } from "../proto/schema.js";
import { field, numberField } from "../proto/wire.js";
import type { GraphDraft } from "./graph-draft.js";

/** The lowest IR version that lets operator sets 15 to 17 in; runtimes take models up to their own version only. */
const IR_VERSION = 8;
const NAME = "recoup";

/** A model of what a draft holds. */
export function newModel(
  { nodes, initializers, opset }: GraphDraft,
  { inputs, outputs }: { inputs: readonly ValueInfo[]; outputs: readonly ValueInfo[] },
): OnnxModel {
  const fields = [
    { number: MODEL.irVersion, piece: numberField(MODEL.irVersion, IR_VERSION) },
    { number: MODEL.producerName, piece: field(MODEL.producerName, NAME) },
    {
      number: MODEL.opsetImport,
      piece: field(MODEL.opsetImport, [field(OPSET.domain, ""), numberField(OPSET.version, opset)]),
    },
  ];
  return {
    irVersion: IR_VERSION,
    opsets: new Map([["", opset]]),
    producer: NAME,
    fields,
    graph: {
      name: NAME,
      nodes,
      initializers: [...initializers.values()],
      inputs,
      outputs,
      valueInfo: [],
      sparse: [],
      fields: [{ number: GRAPH.name, piece: field(GRAPH.name, NAME) }],
    },
  };
}
