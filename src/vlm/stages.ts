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

/** Adds up the times of stages, from zero. */
export class StageClock {
  readonly timings = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;

  /** Adds the time of some work to a stage. */
  async time<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.add(stage, performance.now() - start);
    }
  }

  add(stage: Stage, milliseconds: number): void {
    this.timings[stage] += milliseconds;
  }
}
