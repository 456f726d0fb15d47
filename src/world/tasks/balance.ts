/** @file The choice of questions that keeps the answers even. */
import type { RandomSource } from "../../math/index.js";
import { shuffle } from "../draws.js";
import type { Candidate } from "../questions.js";

/**
 * Picks questions so that answers stay even. Of the candidates it takes one whose answer was given least so far for its type. Among
 * those it prefers one whose wording was asked before with another answer, so that wording alone tells nothing.
 */
export class Balancer {
  private readonly given = new Map<string, number>();
  private readonly answers = new Map<string, Map<string, number>>();

  /** Takes one of the candidates; undefined if there is none. */
  pick(random: RandomSource, candidates: readonly Candidate[]): Candidate | undefined {
    const shuffled = shuffle(random, candidates);
    const costs = shuffled.map((candidate) => this.cost(candidate));
    if (costs.length === 0) return undefined;
    const best = shuffled[costs.indexOf(Math.min(...costs))];
    this.note(best);
    return best;
  }

  /** Lower is better: first the answer's count, then how far this answer leads among those of the same blanks. */
  private cost({ type, blanks, answer }: Candidate): number {
    const given = this.given.get(`${type}/${answer}`) ?? 0;
    const same = this.answers.get(`${type}/${blanks.join("/")}`);
    const own = same?.get(answer) ?? 0;
    let others = 0;
    for (const [other, count] of same ?? []) if (other !== answer) others = Math.max(others, count);
    return given + 4 * (own - others);
  }

  private note({ type, blanks, answer }: Candidate): void {
    const key = `${type}/${answer}`;
    this.given.set(key, (this.given.get(key) ?? 0) + 1);
    const wording = `${type}/${blanks.join("/")}`;
    const same = this.answers.get(wording) ?? new Map<string, number>();
    same.set(answer, (same.get(answer) ?? 0) + 1);
    this.answers.set(wording, same);
  }
}
