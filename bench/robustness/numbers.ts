/** @file What the answers say: figures of each cell, and two bars as paired differences. */
import { type Answered, type Ends, mean, overPictures } from "../synthetic-answers.js";

/** One method at one budget under one condition. */
export interface Cell {
  readonly method: string;
  readonly readsText: boolean;
  /** Null where no text is read. */
  readonly condition: string | null;
  readonly budget: number;
  /** Of all questions, in one order for all cells. */
  readonly answers: readonly Answered[];
}

/** Figures of a cell, intervals by a bootstrap over pictures. */
export interface AnswerRow extends Omit<Cell, "answers" | "readsText"> {
  readonly part: "answers";
  readonly questions: number;
  /** Mean score by the rules of the tasks, 0 to 1. */
  readonly score: number;
  readonly score_interval: Ends;
  /** Mean of KL(all tokens || these), first token, nats. */
  readonly kl: number;
  readonly kl_interval: Ends;
  /** Share of questions whose likeliest first token is that of all tokens. */
  readonly same: number;
  readonly same_interval: Ends;
}

/** `recoup` under a condition less another method, question by question; the intervals are of paired differences. */
export interface BarRow {
  readonly part: "bars";
  readonly condition: string;
  readonly budget: number;
  readonly against: string;
  /** KL of `recoup` less that of `against`, nats: negative where `recoup` is better. */
  readonly kl: number;
  readonly kl_interval: Ends;
  /** Score of `recoup` less that of `against`: positive where `recoup` is better. */
  readonly score: number;
  readonly score_interval: Ends;
}

/** Figures of all cells. @param pictures name of each question's picture. */
export function answerRows(cells: readonly Cell[], pictures: readonly string[]): AnswerRow[] {
  const bootstrap = overPictures(pictures);
  return cells.map(({ method, condition, budget, answers }) => {
    const [scores, kls, sames] = [of(answers, "score"), of(answers, "kl"), of(answers, "same")];
    return {
      part: "answers",
      method,
      condition,
      budget,
      questions: answers.length,
      score: mean(scores),
      score_interval: bootstrap.mean(scores),
      kl: mean(kls),
      kl_interval: bootstrap.mean(kls),
      same: mean(sames),
      same_interval: bootstrap.mean(sames),
    };
  });
}

/**
 * The two bars at each budget: under noise `recoup` against every method without text, the best by KL first; under another picture's map against
 * `cdpruner`. The best is chosen on the same questions, which is against `recoup`.
 *
 * @param pictures name of each question's picture.
 */
export function barRows(cells: readonly Cell[], pictures: readonly string[]): BarRow[] {
  const bootstrap = overPictures(pictures);
  const row = (ours: Cell, theirs: Cell): BarRow => {
    const less = (field: "kl" | "score") => ours.answers.map((one, i) => one[field] - theirs.answers[i][field]);
    const [kl, score] = [less("kl"), less("score")];
    return {
      part: "bars",
      condition: String(ours.condition),
      budget: ours.budget,
      against: theirs.method,
      kl: mean(kl),
      kl_interval: bootstrap.mean(kl),
      score: mean(score),
      score_interval: bootstrap.mean(score),
    };
  };
  return [...new Set(cells.map(({ budget }) => budget))].flatMap((budget) => {
    const here = cells.filter((cell) => cell.budget === budget);
    const under = (method: string, condition: string) => {
      const found = here.find((cell) => cell.method === method && cell.condition === condition);
      if (found === undefined) throw new RangeError(`barRows: no ${method} under ${condition} at ${budget} rows`);
      return found;
    };
    const silent = here.filter(({ readsText }) => !readsText).sort((a, b) => klOf(a) - klOf(b));
    return [
      ...silent.map((cell) => row(under("recoup", "noise"), cell)),
      row(under("recoup", "another"), under("cdpruner", "another")),
    ];
  });
}

function klOf({ answers }: Cell): number {
  return mean(of(answers, "kl"));
}

function of(answers: readonly Answered[], field: keyof Answered): number[] {
  return answers.map((one) => Number(one[field]));
}
