/** @file Reference data of prompts. */
import {
  IMAGE_MARK,
  mmbenchPrompt,
  multipleChoiceQuestion,
  scienceQaPrompt,
  shortAnswerQuestion,
  textVqaPrompt,
  vicunaPrompt,
} from "../../../src/benchmarks/index.js";
import { mmbenchOptions } from "../../../src/eval/metrics/mmbench-letter.js";
import { compared, type Json, type MetricResult } from "./case.js";

/** `metric-golden/prompts/1` */
export function checkPrompts({ cases }: Json): MetricResult[] {
  return cases.map(({ task, input, question_text, full_prompt }: Json, i: number) =>
    compared(`${task} ${i}`, () => {
      const { stored, asked, hasImage } = built(task, input);
      return {
        question_text: [stored, question_text],
        full_prompt: [vicunaPrompt(asked, hasImage ? IMAGE_MARK : undefined), full_prompt],
      };
    }),
  );
}

/** What the answers file stores, and what the model is asked. */
function built(task: string, input: Json): { stored: string; asked: string; hasImage: boolean } {
  if (task.startsWith("textvqa")) {
    const stored = textVqaPrompt(input.question, input.ocr_tokens);
    return { stored, asked: stored, hasImage: true };
  }
  if (task.startsWith("scienceqa")) {
    const hasImage = task.endsWith("img");
    const asked = scienceQaPrompt(input);
    return { stored: hasImage ? `<image>\n${asked}` : asked, asked, hasImage };
  }
  if (task === "mmbench") {
    const stored = mmbenchPrompt(input.hint, input.question, mmbenchOptions(input));
    return { stored, asked: multipleChoiceQuestion(stored), hasImage: true };
  }
  const stored = shortAnswerQuestion(task === "mme" ? input.replace(" Please answer yes or no.", "") : input);
  return { stored, asked: stored, hasImage: true };
}
