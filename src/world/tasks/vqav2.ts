/** @file VQAv2's mirror: open questions and yes/no, with its question and annotation files. Wordings come with several answers. */
import { VQAV2 } from "../../benchmarks/index.js";
import type { Candidate } from "../questions.js";
import { balancedQuestions, mirrorOf, questionLines, shortAnswer } from "./task.js";

/** Types asked about each picture, one question each where it has one; the last two only "hard" pictures have. */
const ASKED_TYPES = [
  "color",
  "shape",
  "count",
  "relation",
  "position",
  "ground",
  "presence",
  "shared",
  "beside",
] as const;

/** Fields that both of VQAv2's own files begin with. */
const HEAD = {
  info: { description: "recoup synthetic, layout of VQAv2" },
  data_type: "mscoco",
  data_subtype: "val2014",
};

/** Up to seven questions per picture, one of each type. */
export const vqav2Task = mirrorOf({
  id: "syn_vqav2",
  folder: VQAV2.folder,
  summary: "color, shape, count, relation, position, ground, presence",
  path: (i) => `${VQAV2.pictures.val}/COCO_val2014_${String(i + 1).padStart(12, "0")}.png`,
  ask(pictures) {
    const tests = ASKED_TYPES.map((type) => (candidate: Candidate) => candidate.type === type);
    // VQAv2 numbers the questions of an image after the image's own number.
    return balancedQuestions(pictures, ...tests).map(({ i, t, question }) => {
      return shortAnswer((i + 1) * 1000 + t, i, question);
    });
  },
  files: (asked, pictures) => ({
    [VQAV2.questions.val]: questionLines(asked, pictures, VQAV2.pictures.val),
    [VQAV2.ownQuestions]: JSON.stringify({
      ...HEAD,
      questions: asked.map(({ id, picture, question }) => {
        return { image_id: picture + 1, question: question.text, question_id: id };
      }),
    }),
    [VQAV2.annotations]: JSON.stringify({
      ...HEAD,
      annotations: asked.map(({ id, picture, question, answer }) => ({
        question_id: id,
        image_id: picture + 1,
        question_type: questionType(question.text),
        answer_type: answerType(question),
        multiple_choice_answer: answer,
        answers: Array.from({ length: 10 }, (_, a) => ({ answer, answer_confidence: "yes", answer_id: a + 1 })),
      })),
    }),
  }),
});

/** The first two words, as VQAv2 groups questions. */
function questionType(text: string): string {
  return text.toLowerCase().split(" ").slice(0, 2).join(" ");
}

function answerType({ type }: Candidate): string {
  if (type === "count") return "number";
  return ["relation", "position", "presence"].includes(type) ? "yes/no" : "other";
}
