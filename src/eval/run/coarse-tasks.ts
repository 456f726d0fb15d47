/** @file Tasks of so few groups that one of them moves the mean over the tasks: a difference of that size may be one answer. */
import { groupBy } from "../../core/index.js";
import type { Combination, ScoredSample } from "../task.js";

/** A task whose number one group moves far. */
export interface CoarseTask {
  /** Id of the task. */
  readonly task: string;
  /** Samples that are judged together count once: MME's pair, MMBench's rotations. */
  readonly groups: number;
  /** The most that one group moves the mean over the tasks of the scores relative to all tokens, points. */
  readonly moves: number;
}

/** A task with its answers of all tokens. */
interface AnsweredTask {
  readonly id: string;
  readonly combination: Combination;
  readonly samples: readonly ScoredSample[];
}

/** Points of the mean from which on a reader must know: differences between good methods are of that size. */
const FAR = 1;

/** The tasks in which a group that turns wrong moves the mean over all of them by a point or more. */
export function coarseTasks(tasks: readonly AnsweredTask[]): CoarseTask[] {
  return tasks
    .map((task) => ({ task: task.id, ...farthestMove(task, tasks.length) }))
    .filter(({ moves }) => moves >= FAR);
}

/** What becomes of the task's number where one group has no right answer any more. @param count of tasks. */
function farthestMove({ combination, samples }: AnsweredTask, count: number): Omit<CoarseTask, "task"> {
  const groups = [...groupBy(samples, ({ group }) => group).values()];
  const sums = summed(combination, samples);
  const value = combination.value(sums) ?? 0;
  const moves = groups.map((own) => {
    const wrong = own.map((sample): ScoredSample => ({ ...sample, answer: undefined, score: 0 }));
    const [before, after] = [summed(combination, own), summed(combination, wrong)];
    const without = combination.value(sums.map((sum, i) => sum - before[i] + after[i]));
    // A metric without a value has moved to nowhere.
    return without === null || value === 0 ? 0 : (100 * Math.abs(value - without)) / value / count;
  });
  return { groups: groups.length, moves: moves.reduce((most, each) => Math.max(most, each), 0) };
}

/** Sums of the counts of samples. Groups are whole: what one gives stands at its first sample. */
function summed(combination: Combination, samples: readonly ScoredSample[]): number[] {
  const [first, ...rest] = combination.counts(samples);
  return rest.reduce<number[]>((sums, own) => sums.map((sum, i) => sum + own[i]), [...first]);
}

/** Undefined for none. */
export function coarseSentence(coarse: readonly CoarseTask[]): string | undefined {
  if (coarse.length === 0) return undefined;
  const parts = coarse.map(({ task, groups, moves }) => {
    return `${task} (${groups} ${groups === 1 ? "group" : "groups"}, up to ${moves.toFixed(1)} points)`;
  });
  return `One group (a question, or those that are judged together) moves the mean over the tasks by a point or more: ${parts.join(", ")}. Differences of that size may be one answer; same answers, the KL of first tokens and intervals say more.`;
}
