/** @file Progress of long jobs, and their interruption. */
import type { CommandIo } from "./command.js";

/** Shortest time between two lines of progress on a terminal, in milliseconds: as fast as anybody reads. */
const REFRESH = 100;

/** Shows a line of progress: written over on a terminal, one for every tenth elsewhere. The last call ends the line. */
function progress(io: CommandIo): (text: () => string, done: number, total: number) => void {
  let shownTenth = 0;
  let shownAt = 0;
  return (text, done, total) => {
    if (io.overwrite === undefined) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth > shownTenth || done === total) io.note(text());
      shownTenth = tenth;
    } else if (done === total || performance.now() - shownAt >= REFRESH) {
      shownAt = performance.now();
      io.overwrite(text(), done === total);
    }
  };
}

/**
 * Shows how far a long job is.
 *
 * @returns called with the number done, and of all.
 */
export function progressLine(io: CommandIo, label: string): (done: number, total: number) => void {
  const show = progress(io);
  return (done, total) => show(() => `${label}: ${done} of ${total}`, done, total);
}

/**
 * As `progressLine`, with the rate and the time left, from what was done since the first call.
 *
 * @returns called with the number done, of all, and something to be said beside.
 */
export function ratedProgressLine(io: CommandIo, label: string): (done: number, total: number, aside?: string) => void {
  const show = progress(io);
  const began = performance.now();
  let before: number | undefined;
  return (done, total, aside) => {
    const first = before ?? done - 1;
    before = first;
    const text = () => {
      const rate = (done - first) / ((performance.now() - began) / 1000);
      const left = done < total ? [`${duration((total - done) / rate)} left`] : [];
      const facts = [`${label}: ${done} of ${total}`, `${rate.toFixed(rate < 10 ? 1 : 0)}/s`, ...left];
      return [...facts, ...(aside === undefined ? [] : [aside])].join(", ");
    };
    show(text, done, total);
  };
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** An abort signal that follows Ctrl-C and a request to end, once; `dispose` when the job is over. */
export function interruption(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return {
    signal: controller.signal,
    dispose() {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}

/** Runs work that Ctrl-C stops. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, dispose } = interruption();
  try {
    return await work(signal);
  } finally {
    dispose();
  }
}
