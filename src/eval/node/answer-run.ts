/** @file The answers of a run on disk: asks what is not answered yet, writes each answer down. */
import { join } from "node:path";
import { InvalidInputError, refusalFor, shape } from "../../core/index.js";
import { type FolderLock, openOutputFolder } from "../../files/index.js";
import type { Vlm } from "../../vlm/index.js";
import { type AnswerRecord, isAnswered, keyText, type Records } from "../run/answer-record.js";
import { type AnswerOptions, type AskedTask, answerSamples, once } from "../run/answer-samples.js";
import { HOPELESS } from "../run/own-hopes.js";
import { requestDifference } from "../run/request-words.js";
import { type RunMachine, type RunState, runStateShape } from "../run/run-folder.js";
import { REFERENCE } from "../run/settings.js";
import { LOG_FILE, openAnswerLog } from "./answer-log.js";
import { checkPictures, PRINTS_FILE } from "./picture-prints.js";
import { samplePicture, shrinkPicture } from "./sample-picture.js";

/** Files of a run on questions without right answers: its page, and its numbers. */
export const AGREEMENT_FILES = { page: "report.html", numbers: "agreement.json" } as const;

/** Files of a run beside its state, or made of it. */
const OUTPUTS = [LOG_FILE, "machine.json", "report.html", "report.md", "report.csv", "report.tex"];
const OUTPUTS_2 = [...OUTPUTS, PRINTS_FILE, "tasks", "settings", ...Object.values(AGREEMENT_FILES)];
/** Of layout 1, for `force`. */
const OUTPUTS_1 = [...OUTPUTS, "cells", "loyalty.html", "loyalty.json"];

/** Tasks of a run, and its request as `run.json` has it. */
export interface RunPlan<T extends AskedTask = AskedTask> {
  readonly tasks: readonly T[];
  readonly state: RunState;
}

/** A run to start or to resume: its model, plan and folder. */
export interface AnswerRunRequest<T extends AskedTask = AskedTask>
  extends Pick<AnswerOptions, "own" | "strict" | "signal"> {
  readonly vlm: Vlm;
  /** Called once the folder is locked: it may make pictures there. */
  prepare(): Promise<RunPlan<T>>;
  /** Output folder: missing, empty, or of the same request, which then resumes. */
  readonly out: string;
  /** Removes the files of another run. */
  readonly force?: boolean;
  /** Names in the folder that count as nothing (the pictures that were made for the run). */
  readonly keep?: readonly string[];
}

/** An answer is written down. */
export interface AnswerEvent {
  readonly status: "answer";
  readonly record: AnswerRecord;
  /** Answers written so far, those of earlier sessions too. */
  readonly done: number;
  /** Answers that the run will have. */
  readonly total: number;
  /** Failed answers of this session. */
  readonly failed: number;
}

/** All answers are written down. */
export interface AnsweredEvent<T extends AskedTask = AskedTask> {
  readonly status: "answered";
  readonly plan: RunPlan<T>;
  /** All of them, those of earlier sessions too. */
  readonly records: Records;
  readonly total: number;
  /** Answers of this session. */
  readonly asked: number;
  readonly failed: number;
  /** The first reason of a failure. */
  readonly reason?: string;
  readonly timing: RunTiming;
}

/** Time of a session, and the part of it that was overhead. */
export type RunTiming = Pick<RunMachine, "seconds" | "harness_share">;

const REQUEST = {
  vlm: shape.object({}),
  out: shape.text,
  prepare: shape.value<() => void>("a function", (given) => typeof given === "function"),
  force: shape.optional(shape.flag),
  keep: shape.optional(shape.list(shape.text)),
  strict: shape.optional(shape.flag),
};

const PLAN = shape.object({
  tasks: shape.list(shape.object({ id: shape.text, samples: shape.list(shape.object({ docId: shape.count })) })),
  state: runStateShape,
});

/**
 * Asks, or resumes a run that was stopped, also by kill -9: the same request gives the same answers, times aside. Failed answers are
 * asked again. The folder is locked until the last event is dealt with.
 *
 * @throws InvalidInputError for a folder with another run, or one that another process writes or that is removed meanwhile.
 *   Likewise for pictures other than those that answers are about, and for a full disk: answers written before stay, and the same request resumes there. Likewise when the first questions
 *   all fail, with the reason. If `strict`, the first failure itself.
 */
export async function* answerRun<T extends AskedTask>(
  request: AnswerRunRequest<T>,
): AsyncGenerator<AnswerEvent | AnsweredEvent<T>> {
  const { out, force, keep } = shape.options(request, REQUEST, refusalFor("eval"), "request");
  const prepared = once(async () => {
    const plan = await request.prepare();
    shape.shaped(plan, PLAN, refusalFor("eval"));
    return plan;
  });
  const folder = await openOutputFolder({
    operation: "eval",
    path: out,
    stateFile: "run.json",
    state: async () => (await prepared()).state,
    shape: shape.object({ format: shape.oneOf("recoup-eval"), version: shape.anything }),
    differing: (state, before) =>
      shape.fits(before, runStateShape) ? requestDifference(state as RunState, before) : undefined,
    outputs: ({ version }) => (version === 1 ? OUTPUTS_1 : OUTPUTS_2),
    force,
    keep,
  });
  try {
    yield* answers(request, await prepared(), folder);
  } finally {
    await folder.release();
  }
}

async function* answers<T extends AskedTask>(
  { vlm, out, own, strict, signal }: Pick<AnswerRunRequest, "vlm" | "out" | "own" | "strict" | "signal">,
  plan: RunPlan<T>,
  folder: FolderLock,
): AsyncGenerator<AnswerEvent | AnsweredEvent<T>> {
  const { tasks, state } = plan;
  const { settings, conversation, pad, logits } = state;
  const log = await openAnswerLog(join(out, LOG_FILE));
  const records = new Map(log.records);
  const answered = Array.from(records.values()).filter(isAnswered);
  // An answer lacks its KL where all tokens had none: both are asked again.
  const done = new Set(answered.filter(({ kl }) => !logits || kl !== undefined).map(keyText));
  const watch = hopeWatch(answered);
  const total = settings.length * tasks.reduce((sum, { samples }) => sum + samples.length, 0);
  let reason: string | undefined;
  let [asked, failed] = [0, 0];
  const clock = workClock();
  let start = performance.now();
  try {
    await checkPictures(out, tasks, records);
    start = performance.now();
    for await (const record of answerSamples({
      vlm: timedModel(vlm, clock),
      tasks,
      settings,
      own,
      done,
      picture: (task, sample) => clock.time(samplePicture(task, sample, pad)),
      shrink: (pixels, side) => clock.time(shrinkPicture(pixels, side)),
      conversation,
      logits,
      strict,
      signal,
    })) {
      // An open file takes lines even when its folder is gone.
      await folder.assertHeld();
      await log.append(record);
      records.set(keyText(record), record);
      asked++;
      if (!isAnswered(record)) failed++;
      reason ??= record.error;
      yield { status: "answer", record, done: done.size + asked, total, failed };
      watch(record);
    }
  } finally {
    await log.close();
  }
  await folder.assertHeld();
  const seconds = (performance.now() - start) / 1000;
  const timing = { seconds, harness_share: 1 - clock.seconds() / seconds };
  yield { status: "answered", plan, records, total, asked, failed, reason, timing };
}

/** Watches the answers of all tokens: while none is there, failures are counted; after `HOPELESS` the rest would fail, too. */
function hopeWatch(answered: readonly AnswerRecord[]): (record: AnswerRecord) => void {
  let reasons: string[] | undefined = answered.some(({ setting }) => setting === REFERENCE) ? undefined : [];
  return (record) => {
    if (record.setting !== REFERENCE || reasons === undefined) return;
    if (isAnswered(record)) reasons = undefined;
    else if (reasons.push(record.error) === HOPELESS) {
      const problem = `the first ${HOPELESS} questions all failed: ${reasons[0]}`;
      throw new InvalidInputError({ operation: "eval", problem });
    }
  };
}

type WorkClock = ReturnType<typeof workClock>;

/** Times the work itself: pictures read and drawn smaller, the tower, methods, the language model. */
function workClock() {
  let ms = 0;
  return {
    async time<T>(work: Promise<T>): Promise<T> {
      const start = performance.now();
      try {
        return await work;
      } finally {
        ms += performance.now() - start;
      }
    },
    seconds: () => ms / 1000,
  };
}

function timedModel(vlm: Vlm, clock: WorkClock): AnswerOptions["vlm"] {
  return {
    manifest: vlm.manifest,
    imageText: vlm.imageText,
    encodeImage: (image, options) => clock.time(vlm.encodeImage(image, options)),
    ask: (options) => {
      const answering = vlm.ask(options);
      // A failure is the caller's to handle.
      clock.time(answering.result).catch(() => {});
      return answering;
    },
  };
}
