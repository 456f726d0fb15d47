/** @file The formats of the six benchmarks: prompts, frames of conversations, files and their rows. */
export { jsonLines, MMBENCH, MME, POPE, REGIONS, SCIENCEQA, TEXTVQA, tableLine, VQAV2 } from "./files.js";
export {
  CONVERSATIONS,
  type Conversation,
  IMAGE_MARK,
  lettered,
  mmbenchPrompt,
  multipleChoiceQuestion,
  OCR_TOKENS,
  OPTION_LETTER,
  optionLetter,
  SHORT_ANSWER,
  scienceQaPrompt,
  shortAnswerQuestion,
  textVqaPrompt,
  vicunaPrompt,
  withoutLine,
  YES_OR_NO,
} from "./prompts.js";
