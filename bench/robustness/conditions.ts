/** @file What is done to a question's similarity before methods read it. */
import type { RandomSource } from "../../src/math/index.js";

/** Where a changed similarity comes from. */
export interface Sources {
  /** The question's own similarity, `[N]`. */
  readonly own: Float32Array;
  /** That of another question about another picture, `[N]`. */
  readonly other: Float32Array;
  readonly random: RandomSource;
}

/** A way for a similarity to be wrong. */
export interface Condition {
  readonly id: string;
  /** What it stands for. */
  readonly about: string;
  /** The similarity that methods read instead, `[N]`. */
  change(sources: Sources): Float32Array;
}

/** All conditions, the similarity as it is first. */
export const CONDITIONS: readonly Condition[] = [
  { id: "own", about: "the similarity as the tower gives it", change: ({ own }) => own },
  ...[0.5, 1, 3].map((share) => ({
    id: `noise +${share} sd`,
    about: `white noise of ${share} of its standard deviations added: a weaker tower`,
    change: ({ own, random }: Sources) => {
      const scale = share * spreadOf(own).sd;
      return own.map((value) => value + scale * normal(random));
    },
  })),
  {
    id: "noise",
    about: "white noise of its mean and deviation in its place: a tower without a text space",
    change({ own, random }) {
      const { mean, sd } = spreadOf(own);
      return own.map(() => mean + sd * normal(random));
    },
  },
  {
    id: "another",
    about: "that of another question about another picture: a confident mistake, with nothing in it that says so",
    change: ({ other }) => other,
  },
  {
    id: "negative",
    about: "its negative: the wrong polarity in a manifest",
    change: ({ own }) => own.map((value) => -value),
  },
];

/** Mean and standard deviation (of the values given, not of what they are drawn from). */
function spreadOf(values: Float32Array): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

/** A number of the normal distribution (Box and Muller). */
export function normal(random: RandomSource): number {
  // 1 - unit is above 0, which the logarithm needs.
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

/** For each question one about another picture, drawn evenly. @param pictures name of each question's picture, at least two of them. */
export function strangers(pictures: readonly string[], random: RandomSource): number[] {
  if (new Set(pictures).size < 2) throw new RangeError("strangers: one picture alone has no other");
  return pictures.map((picture) => {
    let other = random.below(pictures.length);
    while (pictures[other] === picture) other = random.below(pictures.length);
    return other;
  });
}
