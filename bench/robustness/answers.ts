/** @file Answers of the bundled model to rows chosen by a similarity that is wrong, at places and with mass as by default. */
import type { CompressionMethod, CompressionPlan, TokenTable } from "../../src/core/index.js";
import { randomSource } from "../../src/math/index.js";
import type { Vlm } from "../../src/vlm/transformers/node/index.js";
import { type Answered, type Asked, answerTo, besideAll, pictureName, pictureOf } from "../synthetic-answers.js";
import { CONDITIONS, strangers } from "./conditions.js";
import { CONTENDERS } from "./contenders.js";
import type { Cell } from "./numbers.js";

/** Of the draw of other questions; the noise of question i has this seed plus 1 + i. */
const SEED = 1;

/** All answers, and how many different plans they took. */
export interface Answers {
  /** Each with all questions in the order of `asked`. */
  readonly cells: readonly Cell[];
  /** Score of each question with all tokens. */
  readonly whole: readonly number[];
  /** Different plans of all questions: each was answered once. */
  readonly plans: number;
}

/** The answers of all cells to all questions, each different plan asked once. @param heard after each question. */
export async function answersOf(
  vlm: Vlm,
  asked: readonly Asked[],
  budgets: readonly number[],
  heard: (done: number) => void,
): Promise<Answers> {
  const others = strangers(asked.map(pictureName), randomSource(SEED));
  const series = budgets.flatMap((budget) =>
    CONTENDERS.flatMap(({ name, readsText, plan }) =>
      (readsText ? CONDITIONS.map(({ id }) => id) : [undefined]).map((condition) => {
        const cell = { method: name, readsText, condition: condition ?? null, budget, answers: [] as Answered[] };
        // What reads no text has the same plan on any of the tables.
        const planOf = (tables: Map<string, TokenTable>) => plan(tables.get(condition ?? "own") as TokenTable, budget);
        return { cell, planOf };
      }),
    ),
  );
  const wholes: number[] = [];
  let plans = 0;
  for (const [i, one] of asked.entries()) {
    const image = await vlm.encodeImage(await pictureOf(one));
    const table = await image.table(one.sample.relevanceText);
    const sources = { own: similarityIn(table), other: await similarityOf(vlm, asked[others[i]]) };
    const changed = CONDITIONS.map(({ id, change }): [string, TokenTable] => {
      const textSimilarity = change({ ...sources, random: randomSource(SEED + 1 + i) });
      return [id, { ...table, textSimilarity }];
    });
    const tables = new Map(changed);
    const whole = await answerTo(vlm, one, image, { compression: { method: "none" } });
    wholes.push(whole.score);
    const known = new Map<string, Answered>();
    for (const { cell, planOf } of series) {
      const plan = planOf(tables);
      const key = planKey(plan);
      const answer =
        known.get(key) ??
        besideAll(whole, await answerTo(vlm, one, image, { compression: { method: asPlanned(plan) } }));
      known.set(key, answer);
      cell.answers.push(answer);
    }
    plans += known.size;
    heard(i + 1);
  }
  return { cells: series.map(({ cell }) => cell), whole: wholes, plans };
}

/** The similarity of a question with its picture, `[N]`. */
async function similarityOf(vlm: Vlm, one: Asked): Promise<Float32Array> {
  const image = await vlm.encodeImage(await pictureOf(one));
  return similarityIn(await image.table(one.sample.relevanceText));
}

function similarityIn({ textSimilarity }: TokenTable): Float32Array {
  if (textSimilarity === undefined) throw new TypeError("the bundled model gives a similarity with every text");
  return textSimilarity;
}

/** Equal for plans that give the decoder the same rows. */
function planKey({ offsets, sources, weights, anchor, mass }: CompressionPlan): string {
  return [offsets, sources, weights, anchor, mass ?? []].join(";");
}

/** A method that has decided already. */
function asPlanned(plan: CompressionPlan): CompressionMethod {
  return {
    id: "planned",
    summary: "a plan made before",
    reference: "none",
    needs: [],
    dynamic: false,
    options: [],
    plan: () => plan,
  };
}
