/** @file The answers of a run on disk: asks what is not answered yet, writes each answer down. */
import { join } from "node:path";
import type { Vlm } from "../../vlm/index.js";
import { type AnswerOptions, type AnswerRecord, answerSamples, keyText, type RunState } from "../index.js";
import { openAnswerLog } from "./answer-log.js";
import { LOG_FILE, openRunFolder, type RunFolderOptions } from "./run-folder.js";
import { shrinkPicture } from "./sample-picture.js";

export interface AnswerRunRequest
  extends RunFolderOptions,
    Pick<AnswerOptions, "tasks" | "picture" | "strict" | "signal"> {
  readonly vlm: Vlm;
  readonly state: RunState;
  readonly out: string;
}

/** Progress: an answer is written down, or all are. */
export type AnswerRunEvent =
  | {
      readonly status: "answer";
      readonly record: AnswerRecord;
      readonly done: number;
      readonly total: number;
      readonly failed: number;
    }
  | {
      readonly status: "answered";
      /** All of them, those of earlier sittings too, by `keyText`. */
      readonly records: ReadonlyMap<string, AnswerRecord>;
      readonly total: number;
      /** How many of them in this sitting. */
      readonly asked: number;
      readonly failed: number;
      readonly timing: RunTiming;
    };

export interface RunTiming {
  /** Of this sitting. */
  readonly seconds: number;
  /** Share of the seconds that went into none of reading pictures, the tower, methods and the language model. */
  readonly harness_share: number;
}

/**
 * Asks, or goes on with a run that was stopped, also by kill -9: the same request gives the same answers, times aside.
 *
 * @throws InvalidInputError for a folder with another run, or a disk that is full (what was written before stays, and the same
 *   request goes on there); the first failure if `strict`.
 */
export async function* answerRun(request: AnswerRunRequest): AsyncGenerator<AnswerRunEvent> {
  const { tasks, state, out, picture, strict, signal } = request;
  const { cells, conversation } = state;
  await openRunFolder(out, state, request);
  const log = await openAnswerLog(join(out, LOG_FILE));
  const records = new Map(log.records);
  const total = cells.length * tasks.reduce((sum, { samples }) => sum + samples.length, 0);
  let failed = [...records.values()].filter(({ error }) => error !== undefined).length;
  const start = performance.now();
  const clock = workClock();
  const vlm = timedModel(request.vlm, clock);
  try {
    const done = new Set(records.keys());
    for await (const record of answerSamples({
      vlm,
      tasks,
      cells,
      done,
      picture: (task, sample) => clock.time(picture(task, sample)),
      shrink: (pixels, side) => clock.time(shrinkPicture(pixels, side)),
      conversation,
      strict,
      signal,
    })) {
      await log.append(record);
      records.set(keyText(record), record);
      if (record.error !== undefined) failed++;
      yield { status: "answer", record, done: records.size, total, failed };
    }
  } finally {
    await log.close();
  }
  const seconds = (performance.now() - start) / 1000;
  const timing = { seconds, harness_share: 1 - clock.seconds() / seconds };
  const asked = records.size - log.records.size;
  yield { status: "answered", records, total, asked, failed, timing };
}

/** Seconds of work that answering itself takes: pictures read and drawn smaller, the tower, methods, the language model. */
interface WorkClock {
  time<T>(work: Promise<T>): Promise<T>;
  seconds(): number;
}

function workClock(): WorkClock {
  let ms = 0;
  return {
    async time(work) {
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
