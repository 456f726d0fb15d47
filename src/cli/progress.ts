/** @file Progress of long jobs, and their interruption. */
import type { CommandIo } from "./command.js";

/** Shortest time between two lines of progress on a terminal, in milliseconds: as fast as anybody reads. */
const REFRESH = 100;

/** Time between two lines elsewhere, in milliseconds: a log stays short, and its reader sees that the job goes on. */
const LOG_EVERY = 30_000;

/** Called with a label, the number done, of all, and something to be said beside. Parts with a label each come one after another. */
type Progress = (label: string, done: number, total: number, aside?: string) => void;

/**
 * Shows how far a long job is: in one line that is written over on a terminal; elsewhere in a line every 30 seconds, and one at the end of
 * each part.
 *
 * @param rated adds the rate and the time left, from what was done since the first call.
 */
export function progressLine(io: CommandIo, { rated = false }: { rated?: boolean } = {}): Progress {
  const began = performance.now();
  let first: number | undefined;
  let shownAt = io.overwrite ? -Infinity : began;
  return (label, done, total, aside) => {
    first ??= done - 1;
    const now = performance.now();
    const isLast = done === total;
    if (!isLast && now - shownAt < (io.overwrite ? REFRESH : LOG_EVERY)) return;
    shownAt = isLast && io.overwrite ? -Infinity : now;
    const facts = [`${label}: ${done} of ${total}`];
    if (rated) {
      const rate = (done - first) / ((now - began) / 1000);
      facts.push(`${rate.toFixed(rate < 10 ? 1 : 0)}/s`);
      if (!isLast) facts.push(`${duration((total - done) / rate)} left`);
    }
    if (aside !== undefined) facts.push(aside);
    (io.overwrite ?? io.note)(facts.join(", "), isLast);
  };
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Means of work that can be interrupted. */
export type WorkIo = CommandIo & { readonly signal: AbortSignal };

/** Runs work that Ctrl-C or a request to end stops. @param stopped noted when that has ended it. */
export async function interruptible<T>(io: CommandIo, work: (io: WorkIo) => Promise<T>, stopped?: string): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await work({ ...io, signal: controller.signal });
  } catch (error) {
    // A line of progress that stands half.
    io.overwrite?.("", false);
    if (controller.signal.aborted && stopped !== undefined) io.note(stopped);
    throw error;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
