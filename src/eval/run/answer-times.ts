/** @file Times of an answer as if it had been asked alone: work that it shared with others counts in each. */
import type { AskResult, EncodedImage } from "../../vlm/index.js";
import type { Answer } from "./answer-record.js";

/** Milliseconds that a text took on its way through CLIP; the model keeps the vectors of the last ones. */
export type TextTimes = Map<string, number>;

/** The longest time that a text has taken: of later asks the model has its vector. */
export function textTime({ timings }: AskResult, texts: TextTimes, relevanceText: string): number {
  const longest = Math.max(timings.text, texts.get(relevanceText) ?? 0);
  texts.set(relevanceText, longest);
  return longest;
}

/** Times of an answer with those of the work that it shared with others. @param text milliseconds of the question's way through CLIP. */
export function timesAlone(
  { timings }: AskResult,
  encoded: Pick<EncodedImage, "timings"> | undefined,
  text: number,
): Answer["timings"] {
  const { decodeImage, preprocess, vision } = encoded?.timings ?? { decodeImage: 0, preprocess: 0, vision: 0 };
  const more = decodeImage + preprocess + vision + text - timings.text;
  const [firstToken, total] = [timings.firstToken + more, timings.total + more];
  return { ...timings, decodeImage, preprocess, vision, text, firstToken, total };
}
