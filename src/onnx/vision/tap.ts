/** @file Chooses a layer of a tower and the signals that become outputs of its model, by stable names. */
import { refusalFor, shape } from "../../core/index.js";
import { newDraft } from "../graph/graph-draft.js";
import { assertModel, onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel } from "../proto/model.js";
import type { Layer } from "./attention.js";
import { type Located, locate } from "./locate.js";
import { makeSignal, TAP_SIGNALS, type Tapped, type TapSignal, withSignals } from "./signals.js";

/** The layer to tap, and its signals. */
export interface TapOptions {
  /** Default: all that the layer has, in the order of `TAP_SIGNALS`. */
  readonly signals?: readonly TapSignal[];
  /** Position among the layers that were found, from the end if negative. Default: -1, the last. */
  readonly layer?: number;
  /** Before each new name. Default: "recoup.". */
  readonly prefix?: string;
}

const refusal = refusalFor("tap", OnnxInputError);
const OPTIONS = { signals: shape.optional(shape.list(shape.text)), prefix: shape.optional(shape.text) };

/**
 * The model with more outputs, otherwise unchanged. Weights are not touched, so of a file only some hundred bytes are new.
 *
 * @throws OnnxUnsupportedError for a tower that is not found or lacks a signal. OnnxInputError for a layer out of range or taken names.
 */
export function tap(model: OnnxModel, given: TapOptions = {}): Tapped {
  assertModel("tap", model);
  const options = onnxOptions("tap", given, OPTIONS);
  const { layer = -1, prefix } = options;
  const unknown = options.signals?.find((signal) => !TAP_SIGNALS.includes(signal));
  if (unknown !== undefined) throw refusal(`signals of ${TAP_SIGNALS.join(", ")}`, unknown);
  const located = locate(model);
  const chosen = Number.isInteger(layer) ? located.layers.at(layer) : undefined;
  if (chosen === undefined) {
    const { length } = located.layers;
    throw refusal(`a layer from ${-length} to ${length - 1}`, layer);
  }
  const { signals = tappable(located, chosen).taps } = options;
  return withSignals(model, { ...located, layer: chosen }, signals, prefix);
}

/** The signals that a layer has, and the reasons for the others. */
export interface Tappable {
  /** Signals that the layer has. */
  readonly taps: readonly TapSignal[];
  /** Reason for each signal that it lacks. */
  readonly refused: Readonly<Partial<Record<TapSignal, string>>>;
}

/** Tries every signal of a layer. */
export function tappable({ view, opset }: Located, layer: Layer): Tappable {
  const taps: TapSignal[] = [];
  const refused: Partial<Record<TapSignal, string>> = {};
  for (const signal of TAP_SIGNALS) {
    try {
      makeSignal({ draft: newDraft("", opset), view, layer, signal });
      taps.push(signal);
    } catch (error) {
      if (!(error instanceof OnnxUnsupportedError)) throw error;
      refused[signal] = error.got;
    }
  }
  return { taps, refused };
}
