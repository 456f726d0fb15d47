/** @file A model's chat template, brought into one form: messages of parts go in, one placeholder per picture comes out. */
import { InvalidInputError } from "../../core/index.js";
import type { Message, RenderChat } from "./loaded-model.js";

export interface TemplateOptions {
  /** What messages call the model. */
  readonly name: string;
  /** The placeholder as text. */
  readonly imageText: string;
  /** What the template has for a picture. Default: the placeholder. */
  readonly slot?: string;
}

/** The host's rendering, by the model's own template or by its family's. */
export type HostTemplate = (messages: readonly unknown[], options: { add_generation_prompt: boolean }) => string;

/** How a message's content is handed to a template. */
type Content = (content: Message["content"]) => unknown;

/**
 * Some templates take a message's parts, others a text only and write whatever they get: which of the two a model has is tried with a
 * question about a picture. In a text a picture stands at the start, on a line of its own, as in LLaVA's code (haotian-liu/LLaVA,
 * llava/eval/run_llava.py).
 *
 * @throws InvalidInputError for a model without a chat template; what comes back throws it for messages that the template refuses.
 */
export function chatTemplate(apply: HostTemplate, { name, imageText, slot = imageText }: TemplateOptions): RenderChat {
  const render =
    (content: Content): RenderChat =>
    (messages, options) =>
      apply(
        messages.map((message) => ({ ...message, content: content(message.content) })),
        options,
      ).replaceAll(slot, imageText);
  const forms: readonly Content[] = [(parts) => parts, (parts) => asText(parts, slot)];
  const probes = forms.map((form) => probe(render(form), imageText));
  const chosen = forms.find((_, i) => probes[i] === undefined);
  if (chosen === undefined) {
    const [cause] = probes as [Error];
    throw refusal("loadVlm", `a chat template in ${name}`, cause);
  }
  return (messages, options) => {
    try {
      return render(chosen)(messages, options);
    } catch (cause) {
      throw refusal("ask", `messages that the chat template in ${name} takes`, cause as Error);
    }
  };
}

/** Undefined where a question about one picture comes out with one placeholder and the question; what is wrong where not. */
function probe(render: RenderChat, imageText: string): Error | undefined {
  const content = [{ type: "image" as const }, { type: "text" as const, text: "what?" }];
  try {
    const prompt = render([{ role: "user", content }], { add_generation_prompt: true });
    if (prompt.split(imageText).length === 2 && prompt.includes("what?")) return undefined;
    return new Error("one that does not place a picture and a question");
  } catch (cause) {
    return cause as Error;
  }
}

function asText(parts: Message["content"], slot: string): string {
  return parts.map((part) => (part.type === "image" ? `${slot}\n` : part.text)).join("");
}

function refusal(operation: string, expected: string, cause: Error): InvalidInputError {
  return new InvalidInputError({ operation, expected, got: cause.message, cause });
}
