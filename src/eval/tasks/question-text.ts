/** @file Parts of stored prompts. */

/** The sentence that MME's own questions end with. */
export const YES_OR_NO = "Please answer yes or no.";

/** A prompt without its last line, if that is the given one. */
export function withoutLine(prompt: string, last: string): string {
  return prompt.endsWith(`\n${last}`) ? prompt.slice(0, -last.length - 1) : prompt;
}

/** The text that is there most often, the first of equals; empty of none. */
export function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  let [best, most] = ["", 0];
  for (const [text, count] of counts) if (count > most) [best, most] = [text, count];
  return best;
}

/** Options by their letters, from A on. */
export function byLetter(options: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(options.map((option, i) => [String.fromCharCode(65 + i), option]));
}
