import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import type { TemplateMessage } from "../messages.js";
import type { HostTemplate } from "./host.js";
import { chatTemplate } from "./prompt-writer.js";

type Content = string | { type: string; text?: string }[];
const contents = (messages: readonly unknown[]) => (messages as { content: Content }[]).map(({ content }) => content);

/** As templates that know parts. */
const ofParts: HostTemplate = (messages, { add_generation_prompt }) =>
  contents(messages)
    .map((content) =>
      (content as { type: string; text?: string }[])
        .map(({ type, text }) => (type === "image" ? "<start>" : text))
        .join(""),
    )
    .join("|") + (add_generation_prompt ? ">" : "");
/** As templates that put whatever they get into a text: a list becomes JSON, without an error. */
const ofTexts: HostTemplate = (messages, { add_generation_prompt }) =>
  contents(messages)
    .map((content) => (typeof content === "string" ? content : JSON.stringify(content)))
    .join("|") + (add_generation_prompt ? ">" : "");

const asked: TemplateMessage[] = [
  { role: "user", content: [{ type: "image" }, { type: "text", text: "is it?" }] },
  { role: "assistant", content: [{ type: "text", text: "yes" }] },
];
const prompt = true;
const options = { name: "m", imageText: "<image>" };

describe("chatTemplate", () => {
  it("hands parts to a template that takes them, and writes the placeholder for its own mark of a picture", () => {
    expect(chatTemplate(ofParts, { ...options, ownText: "<start>" })(asked, prompt)).toBe("<image>is it?|yes>");
    const none = false;
    expect(chatTemplate(ofParts, { ...options, ownText: "<start>" })(asked, none)).toBe("<image>is it?|yes");
  });

  it("hands texts to a template that would write parts as JSON, pictures first, on lines of their own", () => {
    expect(chatTemplate(ofTexts, options)(asked, prompt)).toBe("<image>\nis it?|yes>");
    const two: TemplateMessage[] = [
      { role: "user", content: [{ type: "image" }, { type: "image" }, { type: "text", text: "which?" }] },
    ];
    expect(chatTemplate(ofTexts, options)(two, prompt)).toBe("<image>\n<image>\nwhich?>");
  });

  it("hands texts to a template that fails at parts", () => {
    const strict: HostTemplate = (messages, more) => {
      if (contents(messages).some((content) => typeof content !== "string")) throw new Error("no filter for lists");
      return ofTexts(messages, more);
    };
    expect(chatTemplate(strict, options)(asked, prompt)).toBe("<image>\nis it?|yes>");
  });

  it("refuses a model without a template, with the host's reason, and one whose template drops what is asked", () => {
    const none: HostTemplate = () => {
      throw new Error("chat_template is not set");
    };
    expect(() => chatTemplate(none, options)).toThrow(InvalidInputError);
    expect(() => chatTemplate(none, options)).toThrow(
      /loadVlm: expected a chat template in m, got chat_template is not/,
    );
    expect(() => chatTemplate(() => "hello", options)).toThrow(/does not place an image and a question/);
  });

  it("says which model's template refuses messages", () => {
    const single: HostTemplate = (messages, more) => {
      if (messages.length > 1) throw new Error("one message");
      return ofTexts(messages, more);
    };
    const render = chatTemplate(single, options);
    expect(render(asked.slice(0, 1), prompt)).toBe("<image>\nis it?>");
    expect(() => render(asked, prompt)).toThrow(InvalidInputError);
    expect(() => render(asked, prompt)).toThrow(/the chat template in m takes, got one message/);
  });
});
