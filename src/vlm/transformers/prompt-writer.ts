/** @file The writer of a model's prompts: its tokenizer, and its chat template brought into one form. */
import { refusalFor } from "../../core/index.js";
import type { TemplateMessage } from "../messages.js";
import type { PromptWriter } from "../model-parts.js";
import { type HostTemplate, textIds } from "./host.js";
import type { LoadedParts } from "./load-parts.js";

/** The prompts of one model. @param imageToken the placeholder's id. */
export function promptWriter(
  name: string,
  imageToken: number,
  { processor, imageText: ownText }: LoadedParts,
): PromptWriter {
  const { tokenizer, template } = processor;
  const imageText = tokenizer.decode([imageToken], { skip_special_tokens: false });
  return {
    imageToken,
    imageText,
    render: chatTemplate(template, { name, imageText, ownText }),
    // A template that writes the begin token itself gets no second one, as in transformers' ProcessorMixin.apply_chat_template (5.23).
    promptIds(text) {
      const { bos_token: begin } = tokenizer;
      return textIds(tokenizer, text, !begin || !text.startsWith(begin));
    },
    textIds: (text) => textIds(tokenizer, text, false),
    decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true }).trim(),
  };
}

/** How a message's content is handed to a template. */
type Content = (content: TemplateMessage["content"]) => unknown;

/**
 * Some templates take a message's parts, others a text only and write whatever they get: which of the two a model has is tried with a
 * question about an image. In a text an image stands at the start, on a line of its own, as in LLaVA's code (haotian-liu/LLaVA,
 * llava/eval/run_llava.py).
 *
 * @param names the model's name, the placeholder as text, and the template's own text for an image where that is another.
 * @throws InvalidInputError for a model without a chat template; what comes back throws it for messages that the template refuses.
 */
export function chatTemplate(
  apply: HostTemplate,
  { name, imageText, ownText = imageText }: { name: string; imageText: string; ownText?: string },
): PromptWriter["render"] {
  const render =
    (content: Content): PromptWriter["render"] =>
    (messages, ask) =>
      apply(
        messages.map((message) => ({ ...message, content: content(message.content) })),
        { add_generation_prompt: ask },
      ).replaceAll(ownText, imageText);
  const asText: Content = (parts) => parts.map((part) => (part.type === "image" ? `${ownText}\n` : part.text)).join("");
  const forms: readonly Content[] = [(parts) => parts, asText];
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
