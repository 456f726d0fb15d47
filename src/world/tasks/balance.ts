/** @file The choice of questions that keeps the answers even. */
import type { RandomSource } from "../../math/index.js";
import { shuffle } from "../draws.js";
import { answersOf, type Candidate } from "../questions.js";

/**
 * Picks questions so that answers stay even. Of the candidates it takes one whose answer was given least so far for its type. Among
 * those it prefers one whose wording was asked before with another answer, so that wording alone tells nothing.
 */
export class Balancer {
  /** Numbers by type and answer, and by type, blanks and answer. */
  private readonly given = new Map<string, number>();

  /** Takes one of the candidates; undefined if there is none. */
  pick(random: RandomSource, candidates: readonly Candidate[]): Candidate | undefined {
    const shuffled = shuffle(random, candidates);
    if (shuffled.length === 0) return undefined;
    const costs = shuffled.map((candidate) => this.cost(candidate));
    const best = shuffled[costs.indexOf(Math.min(...costs))];
    for (const key of keys(best, best.answer)) this.given.set(key, this.count(key) + 1);
    return best;
  }

  /** Lower is better: first the answer's count, then how far this answer leads among those of the same blanks. */
  private cost(candidate: Candidate): number {
    const [given, own] = keys(candidate, candidate.answer).map((key) => this.count(key));
    // Of all levels: an answer that none of the questions has was given to none, and changes nothing.
    const others = answersOf(candidate.type, { hard: true }).filter((answer) => answer !== candidate.answer);
    return given + 4 * (own - Math.max(...others.map((answer) => this.count(keys(candidate, answer)[1]))));
  }

  private count(key: string): number {
    return this.given.get(key) ?? 0;
  }
}

function keys({ type, blanks }: Candidate, answer: string): readonly [ofType: string, ofWording: string] {
  return [`${type}/${answer}`, `${type}/${blanks.join("/")}/${answer}`];
}
