/** @file Synthetic questions to the bundled model: their samples, one answer each with its first token, and bootstraps over pictures. */
import { type Sample, TASK_IDS, type Task } from "../src/eval/index.js";
import { readTask } from "../src/eval/node/read-task.js";
import { samplePicture } from "../src/eval/node/sample-picture.js";
import { divergence, logShares } from "../src/eval/run/first-token.js";
import { BOOTSTRAP, clusterSums, drawClusters, drawnSum, percentileInterval } from "../src/eval/stats/bootstrap.js";
import type { AskOptions, Compression, EncodedImage, RgbImage } from "../src/vlm/index.js";
import type { Vlm } from "../src/vlm/transformers/node/index.js";

/** One question of a folder of `recoup synth --tasks all`. */
export interface Asked {
  readonly task: Task;
  readonly sample: Sample;
}

/** The questions of all synthetic tasks, task after task. @param limit questions per task, drawn by seed 1. */
export async function readQuestions(data: string, limit: number): Promise<Asked[]> {
  const tasks: Task[] = [];
  for (const id of TASK_IDS.filter((name) => name.startsWith("syn_")))
    tasks.push(await readTask(id, { dataRoot: data, limit }));
  return tasks.flatMap((task) => task.samples.map((sample) => ({ task, sample })));
}

/** The picture that a question is about. */
export function pictureOf({ task, sample }: Asked): Promise<RgbImage> {
  return samplePicture(task, sample);
}

/** Name of the picture that a question is about: no two tasks share one. */
export function pictureName({ task, sample }: Asked): string {
  return `${task.id} ${sample.picture ?? sample.docId}`;
}

/** How a question is put. */
export interface Way extends Pick<AskOptions, "positions" | "mass"> {
  readonly compression: Compression;
}

/** An answer before it is compared. */
export interface Answer {
  /** Log-shares of its first token, `[V]`. */
  readonly logs: Float64Array;
  /** By the rule of its task, 0 to 1. */
  readonly score: number;
}

/** An answer beside that with all tokens. */
export interface Answered {
  readonly score: number;
  /** KL(all tokens || these), first token, nats. */
  readonly kl: number;
  /** Whether the likeliest first token is the same. */
  readonly same: boolean;
}

/** Puts one question one way. */
export async function answerTo(vlm: Vlm, { task, sample }: Asked, image: EncodedImage, way: Way): Promise<Answer> {
  const { question, relevanceText } = sample;
  const { answer, firstLogits = [] } = await vlm.ask({
    image,
    question,
    relevanceText,
    ...way,
    // Answers are words, letters and numbers.
    maxNewTokens: Math.min(task.maxNewTokens, 16),
    firstLogits: true,
  }).result;
  return { logs: logShares(firstLogits), score: task.sampleScore(sample, answer) };
}

/** The answer beside that with all tokens, `whole`. */
export function besideAll(whole: Answer, { logs, score }: Answer): Answered {
  return { score, kl: divergence(whole.logs, logs), same: likeliest(whole.logs) === likeliest(logs) };
}

function likeliest(logs: Float64Array): number {
  return logs.reduce((best, each, i) => (each > logs[best] ? i : best), 0);
}

/** Ends of a 95 % interval; null where nothing varied. */
export type Ends = readonly [low: number, high: number] | null;

/**
 * Bootstrap intervals over pictures, of values one per question. All calls draw the same pictures, so that differences are paired.
 *
 * @param pictures name of each question's picture.
 */
export function overPictures(pictures: readonly string[]) {
  const numbers = new Map([...new Set(pictures)].map((picture, i) => [picture, i]));
  const cluster = pictures.map((picture) => numbers.get(picture) as number);
  const sumsOf = (values: ArrayLike<number>) => clusterSums(values, cluster, numbers.size);
  const counted = sumsOf(cluster.map(() => 1));
  const interval = (of: (draw: Uint32Array) => number, estimate: number): Ends => {
    const drawn = Array.from(drawClusters([numbers.size], BOOTSTRAP), ([draw]) => of(draw));
    const found = percentileInterval(drawn, estimate);
    return found === undefined ? null : [found.low, found.high];
  };
  return {
    /** Of the mean. */
    mean(values: readonly number[]): Ends {
      const sums = sumsOf(values);
      return interval((draw) => drawnSum(draw, sums) / drawnSum(draw, counted), mean(values));
    },
    /** Of the mean over that of `base`, of the same questions. */
    ratio(values: readonly number[], base: readonly number[]): Ends {
      const [over, under] = [sumsOf(values), sumsOf(base)];
      return interval((draw) => drawnSum(draw, over) / drawnSum(draw, under), mean(values) / mean(base));
    },
  };
}

/** NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
