/** @file PaliGemma: SigLIP's features; the prompt attends to itself in both directions, and has one question. */
import type { Family } from "./family.js";

/**
 * An image, the begin token, the text, a line's end: the prompt that PaliGemma was trained with (arXiv 2407.07726), as
 * transformers.js's PaliGemmaProcessor writes it. The line's end parts the prompt from the answer, so there is no second turn. The
 * braces keep it from the template engine, which drops a template's last one.
 */
const TEMPLATE = [
  "{% if messages | length > 1 %}{{ raise_exception('PaliGemma answers one question, without a conversation') }}{% endif %}",
  "{% for part in messages[0].content %}{% if part.type == 'image' %}<image>{% endif %}{% endfor %}{{ bos_token }}",
  "{% for part in messages[0].content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{{ '\\n' }}",
].join("");

/** PaliGemma: one question, its prompt read in both directions. */
export const paligemma: Family = {
  type: "paligemma",
  path: () => "features",
  template: TEMPLATE,
  // The default of transformers' GemmaConfig (5.23), which published files leave out.
  maxPositions: 8192,
  firstPosition: 1,
  prefix: true,
};
