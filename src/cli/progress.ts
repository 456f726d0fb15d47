import type { CommandIo } from "./command.js";

/**
 * Shows how far a long job is: one line that is written over on a terminal, a line for every tenth elsewhere.
 *
 * @returns called with the number done; the last call ends the line.
 */
export function progressLine(io: CommandIo, label: string): (done: number, total: number) => void {
  let shownTenth = 0;
  let shownAt = 0;
  return (done, total) => {
    const text = `${label}: ${done} of ${total}`;
    if (io.overwrite === undefined) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth > shownTenth || done === total) io.note(text);
      shownTenth = tenth;
      return;
    }
    // Ten times a second is as fast as anybody reads.
    const now = performance.now();
    if (done < total && now - shownAt < 100) return;
    shownAt = now;
    io.overwrite(text.slice(0, io.columns - 1), done === total);
  };
}

/**
 * As `progressLine`, with the rate and the time left, from what was done since the first call.
 *
 * @returns called with the number done, of all, and something to be said beside.
 */
export function ratedProgressLine(io: CommandIo, label: string): (done: number, total: number, aside?: string) => void {
  const began = performance.now();
  let before: number | undefined;
  let shownTenth = 0;
  let shownAt = 0;
  return (done, total, aside) => {
    before ??= done - 1;
    const now = performance.now();
    const rate = (done - before) / ((now - began) / 1000);
    const facts = [`${label}: ${done} of ${total}`, `${rate.toFixed(rate < 10 ? 1 : 0)}/s`];
    if (done < total) facts.push(`${duration((total - done) / rate)} left`);
    if (aside !== undefined) facts.push(aside);
    const text = facts.join(", ");
    if (io.overwrite === undefined) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth > shownTenth || done === total) io.note(text);
      shownTenth = tenth;
    } else if (done === total || now - shownAt >= 100) {
      shownAt = now;
      io.overwrite(text.slice(0, io.columns - 1), done === total);
    }
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
