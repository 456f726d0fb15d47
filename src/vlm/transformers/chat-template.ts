/** @file A model's chat template, brought into one form: messages of parts go in, one placeholder per image comes out. */
import { refusalFor } from "../../core/index.js";
import type { TemplateMessage } from "../messages.js";
import type { PromptWriter } from "../prompt.js";

export interface TemplateOptions {
  /** The model's. */
  readonly name: string;
  /** The placeholder as text. */
  readonly imageText: string;
  /** The template's own text for an image. Default: the placeholder. */
  readonly ownText?: string;
}

/** The library's rendering, by the model's own template or by its family's. */
export type HostTemplate = (messages: readonly unknown[], options: { add_generation_prompt: boolean }) => string;

/** How a message's content is handed to a template. */
type Content = (content: TemplateMessage["content"]) => unknown;

/**
 * Some templates take a message's parts, others a text only and write whatever they get: which of the two a model has is tried with a
 * question about an image. In a text an image stands at the start, on a line of its own, as in LLaVA's code (haotian-liu/LLaVA,
 * llava/eval/run_llava.py).
 *
 * @throws InvalidInputError for a model without a chat template; what comes back throws it for messages that the template refuses.
 */
export function chatTemplate(
  apply: HostTemplate,
  { name, imageText, ownText = imageText }: TemplateOptions,
): PromptWriter["render"] {
  const render =
    (content: Content): PromptWriter["render"] =>
    (messages, ask) =>
      apply(
        messages.map((message) => ({ ...message, content: content(message.content) })),
        { add_generation_prompt: ask },
      ).replaceAll(ownText, imageText);
  const forms: readonly Content[] = [(parts) => parts, (parts) => asText(parts, ownText)];
  const probes = forms.map((form) => probe(render(form), imageText));
  const chosen = forms.find((_, i) => probes[i] === undefined);
  if (chosen === undefined) {
    const [cause] = probes as [Error];
    throw refusalFor("loadVlm")(`a chat template in ${name}`, cause.message, cause);
  }
  return (messages, ask) => {
    try {
      return render(chosen)(messages, ask);
    } catch (cause) {
      throw refusalFor("ask")(`messages that the chat template in ${name} takes`, (cause as Error).message, cause);
    }
  };
}

/** Undefined where a question about one image comes out with one placeholder and the question; the reason where not. */
function probe(render: PromptWriter["render"], imageText: string): Error | undefined {
  const content = [{ type: "image" as const }, { type: "text" as const, text: "what?" }];
  try {
    const prompt = render([{ role: "user", content }], true);
    if (prompt.split(imageText).length === 2 && prompt.includes("what?")) return undefined;
    return new Error("one that does not place an image and a question");
  } catch (cause) {
    return cause as Error;
  }
}

function asText(parts: TemplateMessage["content"], ownText: string): string {
  return parts.map((part) => (part.type === "image" ? `${ownText}\n` : part.text)).join("");
}
