/** @file Progress of long jobs, and their interruption. */
import type { CommandIo } from "./command.js";

/** Shortest time between two lines of progress on a terminal, in milliseconds: as fast as anybody reads. */
const REFRESH = 100;

/** Called with a label, the number done, of all, and something to be said beside. Parts with a label each come one after another. */
type Progress = (label: string, done: number, total: number, aside?: string) => void;

/**
 * Shows how far a long job is: in one line that is written over on a terminal, in a line for every tenth elsewhere.
 *
 * @param rated adds the rate and the time left, from what was done since the first call.
 */
export function progressLine(io: CommandIo, { rated = false }: { rated?: boolean } = {}): Progress {
  const began = performance.now();
  let first: number | undefined;
  let shownTenth = 0;
  let shownAt = 0;
  return (label, done, total, aside) => {
    first ??= done - 1;
    const now = performance.now();
    const isLast = done === total;
    const tenth = Math.floor((10 * done) / total);
    const isDue = isLast || (io.overwrite ? now - shownAt >= REFRESH : tenth > shownTenth);
    shownTenth = isLast ? 0 : tenth;
    if (!isDue) return;
    shownAt = isLast ? 0 : now;
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
    if (controller.signal.aborted && stopped !== undefined) io.note(stopped);
    throw error;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
