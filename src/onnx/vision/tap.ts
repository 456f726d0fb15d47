/** @file Adds outputs to a model: tensors that it computes anyway, by stable names, and the few nodes that they need. */

import { newDraft } from "../graph/graph-draft.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { makeValueInfo } from "../proto/write-model.js";
import { type Layer, type Located, locate } from "./locate.js";
import { makeSignal, TAP_SIGNALS, type TapSignal } from "./tap-signals.js";

export interface TapOptions {
  /** Default: all that the layer has, in the order of `TAP_SIGNALS`. */
  readonly signals?: readonly TapSignal[];
  /** Position in the layers that are found, from the end if negative. Default: -1, the last. */
  readonly layer?: number;
  /** Before each new name. Default: "recoup.". */
  readonly prefix?: string;
}

export interface Tapped {
  readonly model: OnnxModel;
  /** Name of the new output of each signal. */
  readonly outputs: Readonly<Partial<Record<TapSignal, string>>>;
}

/**
 * The model with more outputs; everything else is as it was. Weights are not touched, so of a file only some hundred bytes are new.
 *
 * @throws OnnxUnsupportedError if the tower is not found or a signal cannot be had from it; OnnxInputError for a layer that there is
 *   none of, or names that are taken.
 */
export function tap(model: OnnxModel, options: TapOptions = {}): Tapped {
  const { layer = -1, prefix = "recoup." } = options;
  const unknown = options.signals?.find((signal) => !TAP_SIGNALS.includes(signal));
  if (unknown !== undefined) throw refusal(`signals of ${TAP_SIGNALS.join(", ")}`, String(unknown));
  const located = locate(model);
  const chosen = Number.isInteger(layer) ? located.layers.at(layer) : undefined;
  if (chosen === undefined) {
    const { length } = located.layers;
    throw refusal(`a layer from ${-length} to ${length - 1}`, String(layer));
  }
  const { signals = tappable(located, chosen).taps } = options;
  const draft = newDraft(prefix, located.opset);
  const infos: ValueInfo[] = [];
  const outputs: Partial<Record<TapSignal, string>> = {};
  for (const signal of new Set(signals)) {
    const { tensor, dataType, rank } = makeSignal(draft, located.view, chosen, signal);
    // A node of its own gives a stable name, and the tensor keeps the one that it has.
    const [name] = draft.add("Identity", [tensor], { outputs: [prefix + signal] });
    outputs[signal] = name;
    infos.push(makeValueInfo(name, dataType, shapeOf(dataType, rank)));
  }
  const added = [...draft.nodes.flatMap((node) => node.outputs), ...draft.initializers.keys()];
  assertFree(located, added, prefix);
  const { graph } = model;
  const tapped: OnnxModel = {
    ...model,
    graph: {
      ...graph,
      // In an order in which they can be computed, which some converters' files lack: checkers want it.
      nodes: [...located.view.nodes, ...draft.nodes],
      initializers: [...graph.initializers, ...draft.initializers.values()],
      outputs: [...graph.outputs, ...infos],
    },
  };
  return { model: tapped, outputs };
}

/** Lengths that are not said; no shape where not even their number is known. */
function shapeOf(dataType: number | undefined, rank: number | undefined): undefined[] | undefined {
  return dataType === undefined || rank === undefined ? undefined : Array(rank).fill(undefined);
}

/** The signals that a layer has, and why it lacks the others. */
export interface Tappable {
  readonly taps: readonly TapSignal[];
  readonly refused: Readonly<Partial<Record<TapSignal, string>>>;
}

/** What can be tapped of a layer. */
export function tappable({ view, opset }: Located, layer: Layer): Tappable {
  const taps: TapSignal[] = [];
  const refused: Partial<Record<TapSignal, string>> = {};
  for (const signal of TAP_SIGNALS) {
    try {
      makeSignal(newDraft("", opset), view, layer, signal);
      taps.push(signal);
    } catch (error) {
      if (!(error instanceof OnnxUnsupportedError)) throw error;
      refused[signal] = error.got;
    }
  }
  return { taps, refused };
}

function assertFree({ view }: Located, names: readonly string[], prefix: string): void {
  const taken = names.find((name) => view.producer.has(name) || view.given.has(name) || view.declared.has(name));
  if (taken !== undefined) throw refusal(`names with ${prefix} to be free`, `a tensor ${taken}`);
}

function refusal(expected: string, got: string): OnnxInputError {
  return new OnnxInputError({ operation: "tap", expected, got });
}
