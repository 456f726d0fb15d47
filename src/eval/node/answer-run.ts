/** @file The answers of a run on disk: asks what is not answered yet, writes each answer down. */
import { join } from "node:path";
import { shape } from "../../core/index.js";
import { type FolderLock, openOutputFolder } from "../../files/index.js";
import type { Vlm } from "../../vlm/index.js";
import { type AnswerOptions, type AnswerRecord, answerSamples, keyText, type RunState } from "../index.js";
import { openAnswerLog } from "./answer-log.js";
import { shrinkPicture } from "./sample-picture.js";

/** Answers as they come. */
const LOG_FILE = "answers.jsonl";
/** Everything else that a run writes, or is made of it. */
const OUTPUTS = ["cells", "machine.json", "report.html", "report.md", "loyalty.html", "loyalty.json"];

export interface AnswerRunRequest extends Pick<AnswerOptions, "tasks" | "picture" | "strict" | "signal"> {
  readonly vlm: Vlm;
  readonly state: RunState;
  /** Output folder: missing, empty, or of the same request, which then resumes. */
  readonly out: string;
  /** Removes what another run left. */
  readonly force?: boolean;
  /** Names in the folder that count as nothing (the pictures that were made for the run). */
  readonly keep?: readonly string[];
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
 * Asks, or resumes a run that was stopped, also by kill -9: the same request gives the same answers, times aside. The folder is locked
 * until the last event is dealt with.
 *
 * @throws InvalidInputError for a folder with another run, or one that another process writes or that is removed meanwhile, or a disk
 *   that is full (what was written before stays, and the same request resumes there); the first failure if `strict`.
 */
export async function* answerRun(request: AnswerRunRequest): AsyncGenerator<AnswerRunEvent> {
  const { state, out, force, keep } = request;
  const folder = await openOutputFolder({
    operation: "eval",
    path: out,
    stateFile: "run.json",
    state,
    shape: shape.object({ format: shape.oneOf("recoup-eval") }),
    outputs: () => [LOG_FILE, ...OUTPUTS],
    force,
    keep,
  });
  try {
    yield* answers(request, folder);
  } finally {
    await folder.release();
  }
}

async function* answers(
  { tasks, state, out, picture, strict, signal, ...request }: AnswerRunRequest,
  folder: FolderLock,
): AsyncGenerator<AnswerRunEvent> {
  const { cells, conversation } = state;
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
      // An open file takes lines even when its folder is gone.
      await folder.assertHeld();
      await log.append(record);
      records.set(keyText(record), record);
      if (record.error !== undefined) failed++;
      yield { status: "answer", record, done: records.size, total, failed };
    }
  } finally {
    await log.close();
  }
  await folder.assertHeld();
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
