/**
 * @file How far methods fall where what they read is wrong: answers of the bundled model by a wrong similarity, and plans of tables with something
 * odd in them. Questions of `recoup synth`.
 */
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { mean, pictureName, readQuestions } from "../synthetic-answers.js";
import { answersOf } from "./answers.js";
import { type AnswerRow, answerRows, type BarRow, barRows } from "./numbers.js";
import { type PlanFact, planFacts } from "./plans.js";

/** What is measured. */
export interface RobustnessRequest {
  /** Folder of `recoup synth --tasks all`. */
  readonly data: string;
  /** Questions per task, drawn by seed 1. */
  readonly limit: number;
  readonly budgets: readonly number[];
}

/** The score of the same questions with all tokens, and how many answers there were. */
export interface WholeRow {
  readonly part: "all tokens";
  readonly questions: number;
  readonly pictures: number;
  readonly score: number;
  /** Different plans answered; cells with an equal plan share its answer. */
  readonly answered: number;
}

/** All rows, those of all tokens first. @param heard after each question. */
export async function benchRobustness(
  { data, limit, budgets }: RobustnessRequest,
  heard: (done: number, of: number) => void,
): Promise<(WholeRow | AnswerRow | BarRow | PlanFact)[]> {
  const vlm = await loadVlm("tiny");
  try {
    const asked = await readQuestions(data, limit);
    const pictures = asked.map(pictureName);
    const planned = await planFacts(vlm, asked, budgets);
    const { cells, whole, plans } = await answersOf(vlm, asked, budgets, (done) => heard(done, asked.length));
    const all: WholeRow = {
      part: "all tokens",
      questions: asked.length,
      pictures: new Set(pictures).size,
      score: mean(whole),
      answered: plans,
    };
    return [all, ...answerRows(cells, pictures), ...barRows(cells, pictures), ...planned];
  } finally {
    await vlm.dispose();
  }
}
