/** @file Prompts as LLaVA-1.5's evaluation has them (LLaVA docs/Evaluation; its question files and model_vqa_*.py). */
import type { shape } from "../core/index.js";
import type { SCIENCEQA } from "./files.js";

/** Last sentence of MME's own questions. */
export const YES_OR_NO = "Please answer yes or no.";
/** Closing line of questions that want a word. */
export const SHORT_ANSWER = "Answer the question using a single word or phrase.";
/** Closing line of questions with lettered options. */
export const OPTION_LETTER = "Answer with the option's letter from the given choices directly.";

/** Start of TextVQA's line of OCR tokens. */
export const OCR_TOKENS = "Reference OCR token: ";
/** Stands where the image is, in stored prompts. */
export const IMAGE_MARK = "<image>";

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";

/** Frames around a question that benchmarks fix, by LLaVA's names. */
export const CONVERSATIONS = ["vicuna_v1"] as const;
/** Name of one of these frames. */
export type Conversation = (typeof CONVERSATIONS)[number];

/** The whole prompt of template `vicuna_v1`, without a blank at its end. */
export function vicunaPrompt(question: string, image?: string): string {
  return `${SYSTEM} USER: ${image === undefined ? "" : `${image}\n`}${question} ASSISTANT:`;
}

/** A question with the closing line for short answers. */
export function shortAnswerQuestion(question: string): string {
  return `${question}\n${SHORT_ANSWER}`;
}

/** A question with options, and the closing line for letters. */
export function multipleChoiceQuestion(question: string): string {
  return `${question}\n${OPTION_LETTER}`;
}

/** A prompt without its last line, if that is the given one. */
export function withoutLine(prompt: string, last: string): string {
  return prompt.endsWith(`\n${last}`) ? prompt.slice(0, -last.length - 1) : prompt;
}

/** TextVQA. @param ocrTokens undefined for the prompt without them; an empty list leaves the line with its blank. */
export function textVqaPrompt(question: string, ocrTokens?: readonly string[]): string {
  const tokens = ocrTokens === undefined ? "" : `\n${OCR_TOKENS}${ocrTokens.join(", ")}`;
  return shortAnswerQuestion(question + tokens);
}

type ChoiceQuestion = Pick<shape.TypeOf<typeof SCIENCEQA.problem>, "hint" | "question" | "choices">;

/** ScienceQA, without the placeholder that stored prompts with an image begin with. */
export function scienceQaPrompt({ hint, question, choices }: ChoiceQuestion): string {
  const context = hint === "" ? "" : `Context: ${hint}\n`;
  return multipleChoiceQuestion(`${context}${question}\n${lettered(choices)}`);
}

/** MMBench as it is stored: without the closing line, which is added when it is asked. */
export function mmbenchPrompt(hint: string | null | undefined, question: string, options: readonly string[]): string {
  const context = hint === null || hint === undefined || /^(nan|none)$/i.test(hint) ? "" : `${hint}\n`;
  return `${context}${question}${options.length > 0 ? `\n${lettered(options)}` : ""}`;
}

/** `A. …` in lines. */
export function lettered(options: readonly string[]): string {
  return options.map((option, i) => `${optionLetter(i)}. ${option}`).join("\n");
}

/** The letter of an option, from its place. */
export function optionLetter(place: number): string {
  return String.fromCharCode(65 + place);
}
