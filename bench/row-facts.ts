/**
 * @file What places and mass are worth: first-token logits of the bundled model with fewer rows, told where they stand, how loudly they
 * speak, both or nothing, against those with all tokens. Questions of `recoup synth`.
 */
import type { CompressionMethod, MassMeasure } from "../src/core/index.js";
import { groupBy } from "../src/core/index.js";
import { type Sample, TASK_IDS, type Task } from "../src/eval/index.js";
import { readTask } from "../src/eval/node/read-task.js";
import { samplePicture } from "../src/eval/node/sample-picture.js";
import { divergence, logShares } from "../src/eval/run/first-token.js";
import { BOOTSTRAP, clusterSums, drawClusters, drawnSum, percentileInterval } from "../src/eval/stats/bootstrap.js";
import { findMethod, METHODS } from "../src/methods/index.js";
import type { Compression, EncodedImage } from "../src/vlm/index.js";
import { loadVlm, type Vlm } from "../src/vlm/transformers/node/index.js";

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
  readonly kl_interval: readonly [low: number, high: number] | null;
  /** KL over that of the same method with compact positions and no mass; its paired interval. */
  readonly ratio?: number;
  readonly ratio_interval?: readonly [low: number, high: number] | null;
  /** Share of questions whose first token is that of all tokens. */
  readonly same: number;
  readonly kinds: Readonly<Record<string, KindRow>>;
}

interface Cell extends Pick<RowFactsRow, "method" | "budget" | "positions" | "mass" | "measure"> {
  readonly compression: Compression;
}

/** One question in one cell. */
interface Answered {
  readonly score: number;
  readonly kl: number;
  readonly same: boolean;
}

/** Rows in the order of the request, all tokens first. @param heard after each question. */
export async function benchRowFacts(
  request: RowFactsRequest,
  heard: (done: number, of: number) => void,
): Promise<RowFactsRow[]> {
  const vlm = await loadVlm("tiny");
  try {
    const tasks: Task[] = [];
    for (const id of TASK_IDS.filter((name) => name.startsWith("syn_")))
      tasks.push(await readTask(id, { dataRoot: request.data, limit: request.limit }));
    const asked = tasks.flatMap((task) => task.samples.map((sample) => ({ task, sample })));
    const cells = cellsOf(request);
    const answers = cells.map((): Answered[] => []);
    for (const [i, { task, sample }] of asked.entries()) {
      const image = await vlm.encodeImage(await samplePicture(task, sample));
      let whole: Float64Array | undefined;
      for (const [at, cell] of cells.entries()) {
        const { logs, score } = await answer(vlm, task, sample, image, cell);
        whole ??= logs;
        answers[at].push({ score, kl: divergence(whole, logs), same: likeliest(whole) === likeliest(logs) });
      }
      heard(i + 1, asked.length);
    }
    return rowsOf(cells, answers, asked);
  } finally {
    await vlm.dispose();
  }
}

function cellsOf({ methods, budgets, alphas, measure }: RowFactsRequest): Cell[] {
  const all: Cell = { method: "none", budget: "all", positions: "compact", mass: 0, compression: { method: "none" } };
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
          const compression = { method, budget, ...options } as Compression;
          return { method: id, budget, positions, mass, ...(mass > 0 && { measure: named }), compression };
        }),
      ),
    );
  });
  return [all, ...cells];
}

async function answer(
  vlm: Vlm,
  task: Task,
  sample: Sample,
  image: EncodedImage,
  { compression, positions, mass }: Cell,
): Promise<{ logs: Float64Array; score: number }> {
  const { question, relevanceText } = sample;
  const { answer: text, firstLogits = [] } = await vlm.ask({
    image,
    question,
    relevanceText,
    compression,
    positions,
    mass,
    // Answers are words, letters and numbers.
    maxNewTokens: Math.min(task.maxNewTokens, 16),
    firstLogits: true,
  }).result;
  return { logs: logShares(firstLogits), score: task.sampleScore(sample, text) };
}

function likeliest(logs: Float64Array): number {
  return logs.reduce((best, each, i) => (each > logs[best] ? i : best), 0);
}

function rowsOf(
  cells: readonly Cell[],
  answers: readonly (readonly Answered[])[],
  asked: readonly { task: Task; sample: Sample }[],
): RowFactsRow[] {
  const pictures = asked.map(({ task, sample }) => `${task.id} ${sample.picture ?? sample.docId}`);
  const numbers = new Map([...new Set(pictures)].map((picture, i) => [picture, i]));
  const cluster = pictures.map((picture) => numbers.get(picture) as number);
  const sums = answers.map((cell) =>
    clusterSums(
      cell.map(({ kl }) => kl),
      cluster,
      numbers.size,
    ),
  );
  const counted = clusterSums(
    cluster.map(() => 1),
    cluster,
    numbers.size,
  );
  const interval = (of: (draw: Uint32Array) => number, estimate: number) => {
    const drawn = Array.from(drawClusters([numbers.size], BOOTSTRAP), ([draw]) => of(draw));
    const found = percentileInterval(drawn, estimate);
    return found === undefined ? null : ([found.low, found.high] as const);
  };
  return cells.map(({ compression: _, ...cell }, at) => {
    const own = answers[at];
    const kl = mean(own.map((one) => one.kl));
    const isToday = (other: Cell) =>
      other.method === cell.method && other.budget === cell.budget && other.positions === "compact" && other.mass === 0;
    const today = cells.findIndex(isToday);
    const ratio = kl / mean(answers[today].map((one) => one.kl));
    return {
      ...cell,
      questions: own.length,
      score: mean(own.map(({ score }) => score)),
      kl,
      kl_interval: interval((draw) => drawnSum(draw, sums[at]) / drawnSum(draw, counted), kl),
      ...(today !== at &&
        at > 0 && {
          ratio,
          ratio_interval: interval((draw) => drawnSum(draw, sums[at]) / drawnSum(draw, sums[today]), ratio),
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
