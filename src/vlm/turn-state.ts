/** @file A conversation between its turns. */
import type { CompressionPlan } from "../core/index.js";
import type { TemplateMessage } from "./messages.js";
import type { Sequence } from "./model-parts.js";
import type { ImageRows } from "./prompt.js";
import type { RowsInSequence } from "./row-biases.js";

/** A conversation after a turn. */
export interface TurnState {
  readonly messages: readonly TemplateMessage[];
  readonly images: readonly HeldImage[];
  readonly turn: number;
  /** Undefined before the first. */
  readonly tail?: Tail | undefined;
  /** Why positions are counted without gaps from some turn on, which nobody asked for. */
  readonly packed?: string | undefined;
}

/** The end of what the decoder has been fed. */
export interface Tail {
  readonly sequence: Sequence;
  /** The last token of the last answer, which the sequence lacks, and its position. */
  readonly lastToken: number;
  readonly nextPosition: number;
}

/** An image of a conversation, with its rows in the context. */
export interface HeldImage extends Required<ImageRows>, RowsInSequence {
  /** The plan as the method made it, and as recovery changed it: its mass is weighed anew at each turn. */
  readonly unweighed: CompressionPlan;
}

/** The state before the first turn. */
export const NEW_CONVERSATION: TurnState = { messages: [], images: [], turn: 0 };
