/** @file What a decoder is told about the rows of images: where they stand, and how loudly they speak. */
import { refusalFor } from "./errors.js";
import type { Positions } from "./splice.js";

/** What can be told to a decoder about a row. */
export type RowFact = "positions" | "mass";

/** Reason for each that a decoder cannot be, or was not, told. */
export type Untold = Readonly<Partial<Record<RowFact, string>>>;

/** What a decoder was told about its rows. */
export interface Told {
  readonly positions: Positions;
  /** Alpha; 0: all rows speak as loudly as one token. */
  readonly mass: number;
  /** Reason for each that it could not be told, where the caller did not want it told nothing. */
  readonly untold: Untold;
}

/** What a caller wants it to be told. */
export interface ToldOptions {
  /**
   * Positions of the tokens that stay. `original` (default): as with all tokens, a row at that of its anchor; needs a decoder that takes
   * positions. `compact`: counted up without gaps. Without a word of the caller's `compact` is also taken where the model has too few.
   */
  readonly positions?: Positions | undefined;
  /**
   * How loudly a row speaks that stands for several tokens: alpha, by which alpha · log(mass) is added to its scores as a key, in every layer
   * of the decoder. `true` (default): 1, as loudly as they all would. `false`: 0. Needs a decoder that takes it, and a method that gives rows a
   * mass.
   */
  readonly mass?: boolean | number | undefined;
}

/**
 * What a decoder is told where the caller does not say, and it can be: the one place of these defaults. Both bring the first token of the
 * bundled model nearer to that with all tokens, for every method that gives rows a mass (docs/results/places-and-mass.md).
 */
export const DEFAULT_TOLD = { positions: "original", mass: 1 } as const satisfies Omit<Told, "untold">;

/** What a decoder takes rows for that is told nothing: tokens like all others. */
const NOTHING_TOLD = { positions: "compact", mass: 0 } as const;

/** Most that alpha is: five times what is ever right. Louder rows would drown the question. */
export const MAX_ALPHA = 5;

/** Mass as alpha: `true` is 1, `false` 0. @throws InvalidInputError for anything else but a number from 0 to 5. */
export function checkedAlpha(operation: string, mass: unknown): number {
  const alpha = typeof mass === "boolean" || typeof mass === "number" ? Number(mass) : Number.NaN;
  if (alpha >= 0 && alpha <= MAX_ALPHA) return alpha;
  throw refusalFor(operation)(`mass true, false or a number from 0 to ${MAX_ALPHA}`, mass);
}

/**
 * What a decoder is told: what the caller says, else the defaults as far as it can be told them. Who says nothing hears what is lacking;
 * who says `compact` or `false` has it.
 *
 * @param decoder `name` of its model, for errors, and what it cannot be told.
 * @returns `untold`: reasons for what the caller does not say and it cannot be told.
 * @throws InvalidInputError for other values, and for what the caller says and the decoder cannot be told.
 */
export function checkedTold(
  operation: string,
  { name, untold }: { readonly name: string; readonly untold: Untold },
  given: ToldOptions,
): Told {
  const refuse = refusalFor(operation);
  const { positions = DEFAULT_TOLD.positions, mass = DEFAULT_TOLD.mass } = given;
  if (positions !== "compact" && positions !== "original") throw refuse("positions compact or original", positions);
  const wanted = { positions, mass: checkedAlpha(operation, mass) };
  const lacking = (["positions", "mass"] as const).flatMap((fact) => {
    const reason = untold[fact];
    const isEnough = given[fact] !== undefined && wanted[fact] === NOTHING_TOLD[fact];
    return reason === undefined || isEnough ? [] : [{ fact, reason }];
  });
  for (const { fact, reason } of lacking) {
    if (given[fact] === undefined) continue;
    const least = fact === "mass" ? "mass false" : "positions compact";
    throw refuse(least, `${given[fact]}, and the decoder of ${name} cannot be told: ${reason}`);
  }
  const kept = Object.fromEntries(lacking.map(({ fact }) => [fact, NOTHING_TOLD[fact]]));
  return { ...wanted, ...kept, untold: Object.fromEntries(lacking.map(({ fact, reason }) => [fact, reason])) };
}
