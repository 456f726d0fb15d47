/** @file Methods and controls in words: what each does, and its paper. */
import { METHODS } from "../../../methods/index.js";
import type { SettingNumbers } from "../numbers/setting-numbers.js";
import type { Inline, RichCell, Term } from "./document.js";
import { settingName } from "./format.js";

/** Controls that are no methods. */
const CONTROLS: Readonly<Record<string, { readonly summary: string; readonly reference: string }>> = {
  zero: { summary: "the question without its picture", reference: "no paper: what the model guesses" },
  downsample: {
    summary: "a smaller picture in the corner of an empty one, all of its tokens",
    reference: "arXiv 2510.07143",
  },
};

interface MethodWords {
  readonly summary: string;
  readonly reference: string;
}

/** Undefined for a method that recoup does not have. */
function wordsOf(method: string): MethodWords | undefined {
  if (Object.hasOwn(CONTROLS, method)) return CONTROLS[method];
  return METHODS.find(({ id }) => id === method);
}

/** A setting's name with its method explained: it leads to the method's entry. */
export function settingCell(setting: Pick<SettingNumbers, "id" | "method" | "members">, tag?: string): RichCell {
  const { method } = setting;
  return { text: settingName(setting), note: wordsOf(method)?.summary, href: `#${anchorOf(method)}`, tag };
}

function anchorOf(method: string): string {
  return `method-${method.replaceAll(/[^\w-]/g, "-")}`;
}

/** An entry per method, in the order of its first setting. */
export function methodTerms(settings: readonly Pick<SettingNumbers, "method" | "role">[]): Term[] {
  const methods = [...new Map(settings.map((setting) => [setting.method, setting])).values()];
  return methods.map(({ method, role }) => {
    const words = wordsOf(method);
    const name = method === "none" ? "all tokens (none)" : method === "zero" ? "no picture (zero)" : method;
    const meaning = words === undefined ? ["a method of its own, given to this run"] : entry(words);
    return { id: anchorOf(method), name: role === "control" ? `${name}, control` : name, meaning };
  });
}

function entry({ summary, reference }: MethodWords): Inline[] {
  const [paper] = /arXiv \d{4}\.\d{4,5}/.exec(reference) ?? [];
  if (paper === undefined) return [`${summary}. ${sentence(reference)}`];
  const [before, after] = reference.split(paper);
  const link = { text: paper, href: `https://arxiv.org/abs/${paper.slice("arXiv ".length)}` };
  return [`${summary}. ${sentence(before, "")}`, link, `${after}.`];
}

function sentence(text: string, end = "."): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
