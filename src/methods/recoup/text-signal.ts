/** @file What a model's text similarity is worth, over several pictures. */
import { refusalFor, shape } from "../../core/index.js";
import { median } from "../../math/index.js";
import type { EvidenceStrength } from "./evidence.js";

/** What a model's text similarity is worth, over several pictures. */
export interface TextSignal {
  /** Questions that it is about. */
  readonly count: number;
  /** Median of their peaks, in robust z. */
  readonly peak: number;
  /** Median of their confidences, 0 to 1. */
  readonly confidence: number;
  /** Whether the peak is below 4, of which noise has 2.5: most of the text is not trusted. */
  readonly isWeak: boolean;
}

/** Fewer say nothing of a model: one question in twenty points at nothing in a picture that has what it asks for. */
const LEAST_COUNT = 10;

/** White noise has 2.5, real questions of the bundled tower 5 to 21. At 4 a third of the text is trusted. */
const WEAK_PEAK = 4;

/**
 * Whether a model's text similarity says anything, from the evidence of ten questions or more, best of a picture each.
 *
 * @returns undefined for fewer than ten.
 * @throws InvalidInputError for peaks or confidences that are not finite.
 */
export function textSignal(evidence: readonly EvidenceStrength[]): TextSignal | undefined {
  const given = shape.shaped(evidence, EVIDENCE, refusalFor("textSignal"));
  if (given.length < LEAST_COUNT) return undefined;
  const [peak, confidence] = [median(given.map((one) => one.peak)), median(given.map((one) => one.confidence))];
  return { count: given.length, peak, confidence, isWeak: peak < WEAK_PEAK };
}

const EVIDENCE = shape.list(shape.object({ peak: shape.number, confidence: shape.number }));
