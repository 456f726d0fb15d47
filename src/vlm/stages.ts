/** @file Milliseconds by stage. */

/** The stages of an answer in their order; `decode` is the time of all tokens after the first. */
export const STAGES = [
  "decodeImage",
  "preprocess",
  "vision",
  "text",
  "signals",
  "select",
  "project",
  "splice",
  "prefill",
  "decode",
] as const;
/** Name of a stage. */
export type Stage = (typeof STAGES)[number];

/** Milliseconds by stage. */
export type StageTimes = Readonly<Record<Stage, number>>;

/** Adds up the times of stages. */
export interface StageClock {
  readonly timings: StageTimes;
  /** Adds the time of some work to a stage. */
  time<T>(stage: Stage, work: () => T | Promise<T>): Promise<T>;
  add(stage: Stage, milliseconds: number): void;
}

/** A clock at zero. */
export function stageClock(): StageClock {
  const timings = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  return {
    timings,
    async time(stage, work) {
      const start = performance.now();
      try {
        return await work();
      } finally {
        timings[stage] += performance.now() - start;
      }
    },
    add(stage, milliseconds) {
      timings[stage] += milliseconds;
    },
  };
}
