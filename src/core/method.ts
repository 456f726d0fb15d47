/** @file A compression method: it looks at a token table and returns a plan. Callers know nothing else of it. */
import type { Kernels } from "../math/index.js";
import type { Budget } from "./budget.js";
import type { CompressionPlan } from "./plan.js";
import type { Signal, TokenTable } from "./token-table.js";

/** Options that every method understands. */
export interface MethodOptions {
  /** How many rows to keep; each method states its default. */
  readonly budget?: Budget;
}

/** An option of a method in words, for people. */
export interface OptionFacts {
  /** The values that it takes: `a number from 0 to 1`. */
  readonly values: string;
  /** Its meaning. */
  readonly about: string;
  /** The value where none is given; undefined where that follows from other values, which `about` then says. */
  readonly preset?: unknown;
}

/** All measures of mass. */
export const MASS_MEASURES = ["count", "cosine", "entries"] as const;

/**
 * How much each token adds to the mass of a row. `count`: 1 to the row whose anchor is most like it. `cosine`: that likeness, at least 0, so
 * that a row which must stand for unlike tokens gets less. `entries`: 1 to each row that it is an entry of, for rows that average
 * tokens.
 */
export type MassMeasure = (typeof MASS_MEASURES)[number];

/** Means of a method beside data and options. */
export interface MethodContext {
  /** Row kernels; all implementations give the same bits. Default: the fastest that the engine can run. */
  readonly kernels?: Kernels;
}

/** A training-free compression method that acts after the vision encoder. */
export interface CompressionMethod<O extends MethodOptions = MethodOptions> {
  /** Name in commands, files and reports. */
  readonly id: string;
  /** Its work in one line. */
  readonly summary: string;
  /** Where it comes from: paper and, if there is one, official code. */
  readonly reference: string;
  /** Signals without which it refuses to run (with default options). */
  readonly needs: readonly Signal[];
  /** Signals that it reads as well where a table has them, and does without where not. Of different tables it may then decide differently. */
  readonly uses?: readonly Signal[];
  /** Signals it needs with these options, where they may be others. */
  needsWith?(options: O): readonly Signal[];
  /** Whether `budget: "dynamic"` is understood. */
  readonly dynamic: boolean;
  /** Names of the options it understands beside `budget`; any other name is refused. */
  readonly options: readonly string[];
  /** Each of them in words, by its name. */
  readonly optionFacts?: Readonly<Record<string, OptionFacts>>;
  /**
   * How the mass of its rows adds up where a plan says none (see `representedMass`). Undefined: rows keep the attention of one token each, as for
   * methods whose rows do not stand for the others.
   */
  readonly mass?: MassMeasure;
  /**
   * Checks options as far as they can be without a table, for asking before a long computation; `plan` checks them, too.
   *
   * @throws BudgetError, InvalidInputError as `plan` does.
   */
  checkOptions?(options: O): void;
  /**
   * Decides what stays. Pure: same table and options, same plan, on every engine.
   *
   * @throws MissingSignalError, BudgetError, InvalidInputError (an option that does not fit, or that it does not know).
   */
  plan(table: TokenTable, options?: O, context?: MethodContext): CompressionPlan;
  /**
   * Which tokens a conversation lacks for a new question: the rows of `held` are its first picks, and it goes on from there. Without it,
   * what the plan of the new question keeps and `held` has no row of.
   *
   * @param table with the similarity of the new question.
   * @param held the rows that the conversation has, of the same tokens.
   * @returns distinct source ids, ascending; none where the question points at nothing.
   * @throws as `plan`.
   */
  recover?(table: TokenTable, options: O, held: CompressionPlan, context?: MethodContext): readonly number[];
}
