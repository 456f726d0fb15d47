/** @file How clearly a question points at something, in words. */
import { type EvidenceStrength, recoup } from "../methods/index.js";

/** @returns undefined where no text was held against the tokens. */
export function evidenceLine(method: string, evidence: EvidenceStrength | undefined): string | undefined {
  if (evidence === undefined) return undefined;
  const { peak, confidence } = evidence;
  const words = `peak ${peak.toFixed(1)} z`;
  if (confidence > 0) return `the question points at something here: ${words}, confidence ${confidence.toFixed(2)}`;
  return `the question points at nothing here (${words})${method === recoup.id ? ": coverage" : ""}`;
}
