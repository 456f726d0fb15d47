/**
 * @file What places and mass are worth: first-token logits of the bundled model with fewer rows, told where they stand, how loudly they
 * speak, both or nothing, against those with all tokens. Questions of `recoup synth`.
 */
import type { CompressionMethod, MassMeasure } from "../src/core/index.js";
import { groupBy } from "../src/core/index.js";
import { findMethod, METHODS } from "../src/methods/index.js";
import { loadVlm } from "../src/vlm/transformers/node/index.js";
import {
  type Answer,
  type Answered,
  type Asked,
  answerTo,
  besideAll,
  type Ends,
  mean,
  overPictures,
  pictureName,
  pictureOf,
  readQuestions,
  type Way,
} from "./synthetic-answers.js";

/** All that the bundled tower has the signals for: `mmtok` needs words. */
export const ROW_FACTS_METHODS = METHODS.map(({ id }) => id).filter((id) => id !== "none" && id !== "mmtok");

/** What is measured. */
export interface RowFactsRequest {
  /** Folder of `recoup synth --tasks all`. */
  readonly data: string;
  /** Questions per task, drawn by seed 1. */
  readonly limit: number;
  readonly methods: readonly string[];
  readonly budgets: readonly number[];
  /** Strengths of mass beside none; 1 is the method's own. */
  readonly alphas: readonly number[];
  /** In place of the methods' own measures. Methods without one get `count` else, to see what it would be worth. */
  readonly measure?: MassMeasure;
}

/** Questions of one kind. */
interface KindRow {
  readonly questions: number;
  readonly right: number;
  readonly kl: number;
}

/** One method at one budget, told or not. */
export interface RowFactsRow {
  readonly method: string;
  readonly budget: number | "all";
  readonly positions: "compact" | "original";
  /** Alpha; 0: none. */
  readonly mass: number;
  /** How mass was measured; `forced` where the method gives its rows none by itself. */
  readonly measure?: string;
  readonly questions: number;
  /** Mean score of the answers by their tasks' rules, 0 to 1. */
  readonly score: number;
  /** Mean of KL(all tokens || these), first answer token, nats; its bootstrap interval over pictures. */
  readonly kl: number;
  readonly kl_interval: Ends;
  /** KL over that of the same method with compact positions and no mass; its paired interval. */
  readonly ratio?: number;
  readonly ratio_interval?: Ends;
  /** Share of questions whose first token is that of all tokens. */
  readonly same: number;
  readonly kinds: Readonly<Record<string, KindRow>>;
}

interface Cell extends Pick<RowFactsRow, "method" | "budget" | "positions" | "mass" | "measure"> {
  readonly way: Way;
}

/** Rows in the order of the request, all tokens first. @param heard after each question. */
export async function benchRowFacts(
  request: RowFactsRequest,
  heard: (done: number, of: number) => void,
): Promise<RowFactsRow[]> {
  const vlm = await loadVlm("tiny");
  try {
    const asked = await readQuestions(request.data, request.limit);
    const cells = cellsOf(request);
    const answers = cells.map((): Answered[] => []);
    for (const [i, one] of asked.entries()) {
      const image = await vlm.encodeImage(await pictureOf(one));
      let whole: Answer | undefined;
      for (const [at, { way }] of cells.entries()) {
        const answer = await answerTo(vlm, one, image, way);
        whole ??= answer;
        answers[at].push(besideAll(whole, answer));
      }
      heard(i + 1, asked.length);
    }
    return rowsOf(cells, answers, asked);
  } finally {
    await vlm.dispose();
  }
}

function cellsOf({ methods, budgets, alphas, measure }: RowFactsRequest): Cell[] {
  const told = { positions: "compact", mass: 0 } as const;
  const all: Cell = { method: "none", budget: "all", ...told, way: { ...told, compression: { method: "none" } } };
  const cells = methods.flatMap((id) => {
    // One vector per question is all that the bundled tower gives.
    const options = id === "facility" ? { relevance: "sentence" as const } : {};
    const known: CompressionMethod = findMethod(id);
    const by = measure ?? known.mass ?? "count";
    const method = { ...known, mass: by };
    return budgets.flatMap((budget) =>
      (["compact", "original"] as const).flatMap((positions) =>
        [0, ...alphas].map((mass): Cell => {
          const named = known.mass === by ? by : `${by}, forced`;
          const way: Way = { positions, mass, compression: { method, budget, ...options } };
          return { method: id, budget, positions, mass, ...(mass > 0 && { measure: named }), way };
        }),
      ),
    );
  });
  return [all, ...cells];
}

function rowsOf(
  cells: readonly Cell[],
  answers: readonly (readonly Answered[])[],
  asked: readonly Asked[],
): RowFactsRow[] {
  const bootstrap = overPictures(asked.map(pictureName));
  const klOf = (at: number) => answers[at].map(({ kl }) => kl);
  return cells.map(({ way: _, ...cell }, at) => {
    const own = answers[at];
    const kl = mean(klOf(at));
    const isToday = (other: Cell) =>
      other.method === cell.method && other.budget === cell.budget && other.positions === "compact" && other.mass === 0;
    const today = cells.findIndex(isToday);
    return {
      ...cell,
      questions: own.length,
      score: mean(own.map(({ score }) => score)),
      kl,
      kl_interval: bootstrap.mean(klOf(at)),
      ...(today !== at &&
        at > 0 && {
          ratio: kl / mean(klOf(today)),
          ratio_interval: bootstrap.ratio(klOf(at), klOf(today)),
        }),
      same: mean(own.map(({ same }) => Number(same))),
      kinds: Object.fromEntries(
        [...groupBy([...own.keys()], (i) => asked[i].sample.region?.type ?? "other")].map(([kind, ids]) => [
          kind,
          {
            questions: ids.length,
            right: mean(ids.map((i) => own[i].score)),
            kl: mean(ids.map((i) => own[i].kl)),
          },
        ]),
      ),
    };
  });
}
