/** @file TextVQA's join of answers and annotations (LLaVA, eval_textvqa.py: `prompt_processor`). */
import { OCR_TOKENS } from "../../benchmarks/index.js";
import { refusalFor } from "../../core/index.js";

/**
 * The question in a stored prompt, lowered: with the picture's id the key to its annotation.
 *
 * @throws InvalidInputError for a prompt of any other shape, where the official script stops.
 */
export function textVqaQuestionKey(prompt: string): string {
  const lines = prompt.split("\n");
  if (prompt.startsWith("OCR tokens: ")) {
    const found = /Question: (.*?) Short answer:/s.exec(prompt)?.[1];
    if (found !== undefined) return found.toLowerCase();
  } else if (prompt.includes(OCR_TOKENS) && lines.length === 3) {
    return lines[prompt.startsWith(OCR_TOKENS.trimEnd()) ? 1 : 0].toLowerCase();
  } else if (lines.length === 2) return lines[0].toLowerCase();
  const expected = "a prompt of two lines, or of three with the OCR tokens";
  throw refusalFor("textVqaQuestionKey")(expected, JSON.stringify(prompt.slice(0, 120)));
}
