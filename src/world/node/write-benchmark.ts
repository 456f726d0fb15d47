/** @file Writes a synthetic benchmark: pictures, the task's files in the layout of the benchmark that it mirrors, a manifest. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, REGIONS } from "../../benchmarks/index.js";
import { refusalFor, shape } from "../../core/index.js";
import { type OutputFile, openOutputFolder, writeFileAtomic, writeFilesAtomic } from "../../files/index.js";
import {
  HARD,
  LEVELS,
  MaskCache,
  SYNTH_TASKS,
  type SynthTask,
  type TaskFiles,
  type TaskRequest,
  WORLD_VERSION,
} from "../index.js";
import { reportTask, type TaskReport } from "./task-report.js";
import { type PictureRecord, pngEncoder, recordLines, writePictures } from "./write-pictures.js";

/** A benchmark to write, and its folder. Seed and level are 1 by default. */
export interface BenchmarkRequest
  extends Pick<TaskRequest, "split" | "count">,
    Partial<Pick<TaskRequest, "seed" | "level">> {
  /** Ids of tasks. */
  readonly tasks: readonly string[];
  /** Output folder: missing, empty, or of the same request, which then resumes. */
  readonly out: string;
  /** Removes what a run of another request wrote there. */
  readonly force?: boolean;
  /** Stops between two pictures; the same request resumes there. */
  readonly signal?: AbortSignal;
}

/** Progress: a picture of a task is done, or all is done. */
export type BenchmarkEvent =
  | { readonly status: "picture"; readonly task: string; readonly done: number; readonly total: number }
  | { readonly status: "done"; readonly manifest: BenchmarkManifest };

/** Layout of the folder and wording of its questions; another layout or wording gets another number. */
const FORMAT_VERSION = 2;

/** `synth.json`: everything that the content of a folder follows from. */
export interface SynthState extends TaskRequest {
  readonly format: "recoup-synth";
  /** Layout of the folder. */
  readonly version: number;
  /** Version of the world that the pictures are from. */
  readonly world: number;
  /** Ids of tasks. */
  readonly tasks: readonly string[];
}

/** `manifest.json`. */
export interface BenchmarkManifest extends SynthState {
  /** Said wherever numbers from these pictures are shown. */
  readonly note: string;
  /** Reports by task. */
  readonly reports: Record<string, TaskReport>;
}

/** Said wherever numbers from synthetic pictures are shown. */
export const SYNTHETIC_NOTE =
  "Synthetic pictures made by recoup: they support claims about mechanism and ranking, not about real photographs.";

/** Most pictures of a task: their questions are planned together, in memory. */
const MOST_PICTURES = 100_000;

const refuse = refusalFor("synth");

/**
 * Writes the tasks one after another. The same request gives the same pixels and rows on every machine, also when it was
 * stopped and resumed.
 *
 * @throws InvalidInputError for an unknown task, split or level, or a count below 1. Likewise for a folder with another run or
 *   other files, or one that another process writes or that is removed meanwhile. Likewise for a full disk.
 */
export async function* writeBenchmark(request: BenchmarkRequest): AsyncGenerator<BenchmarkEvent> {
  const { split, count, seed = 1, level = 1, out, force, signal } = request;
  assertRequest(request);
  const tasks = request.tasks.map(findTask);
  const asked = { split, count, seed, level };
  const state: SynthState = {
    format: "recoup-synth",
    version: FORMAT_VERSION,
    world: WORLD_VERSION,
    tasks: request.tasks,
    ...asked,
  };
  const encode = await pngEncoder();
  const lock = await openOutputFolder({
    operation: "synth",
    path: out,
    stateFile: "synth.json",
    state,
    shape: shape.object({ format: shape.oneOf("recoup-synth"), tasks: shape.list(shape.text) }),
    outputs: (before) => [
      ...SYNTH_TASKS.filter(({ id }) => before.tasks.includes(id)).map(({ folder }) => folder),
      "manifest.json",
    ],
    force,
  });
  try {
    const reports: Record<string, TaskReport> = {};
    const masks = new MaskCache();
    for (const task of tasks) {
      const planned = task.build(asked);
      const folder = join(out, task.folder);
      const records: PictureRecord[] = [];
      for await (const record of writePictures(folder, planned.pictures, { level, masks, encode, lock, signal })) {
        records.push(record);
        yield { status: "picture", task: task.id, done: records.length, total: count };
      }
      await lock.assertHeld();
      await writeTaskFiles(folder, planned, records);
      reports[task.id] = reportTask(task.folder, planned, records);
    }
    const manifest: BenchmarkManifest = { ...state, note: SYNTHETIC_NOTE, reports };
    await lock.assertHeld();
    await writeFileAtomic(join(out, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
    yield { status: "done", manifest };
  } finally {
    await lock.release();
  }
}

function findTask(id: string): SynthTask {
  const task = SYNTH_TASKS.find((candidate) => candidate.id === id);
  if (task !== undefined) return task;
  throw refuse(`tasks among ${SYNTH_TASKS.map((known) => known.id).join(", ")}`, id);
}

function assertRequest({ tasks, split, count, seed = 1, level = 1 }: BenchmarkRequest): void {
  if (tasks.length === 0) throw refuse("at least one task", "none");
  if (new Set(tasks).size < tasks.length) throw refuse("each task once", tasks.join(","));
  if (!["val", "test"].includes(split)) throw refuse("split val or test", split);
  const whole = (name: string, value: number, min: number, max?: number) => {
    if (shape.fits(value, shape.integer(min, max))) return;
    throw refuse(`a ${name} from ${min} ${max === undefined ? "on" : `to ${max}`}`, value);
  };
  whole("count", count, 1, MOST_PICTURES);
  whole("seed", seed, 0);
  if (level !== HARD && !shape.fits(level, shape.integer(1, LEVELS.length)))
    throw refuse(`a level from 1 to ${LEVELS.length} or ${HARD}`, level);
}

/** The task's own files, and `regions.jsonl`: what each question asks about, which the mirrored layouts have no place for. */
async function writeTaskFiles(folder: string, task: TaskFiles, records: readonly PictureRecord[]): Promise<void> {
  const texts = {
    ...task.files((picture) => readFileSync(join(folder, records[picture].path), "base64")),
    [REGIONS.file]: regions(task),
    "pictures.jsonl": recordLines(records),
  };
  const files: OutputFile[] = Object.entries(texts).map(([path, data]) => ({ path: join(folder, path), data }));
  await writeFilesAtomic(files, { folders: true });
}

function regions({ pictures, asked }: TaskFiles): string {
  return jsonLines(
    REGIONS.region,
    asked.map(({ id, picture, question, prompt, answer }) => {
      const { scene, split, path } = pictures[picture];
      const { type, slice, template, about } = question;
      const boxes = about.map((i) => {
        const { x, y, width, height } = scene.objects[i].box;
        return [x, y, width, height] as const;
      });
      return { question_id: id, image: path, prompt, answer, type, slice, half: split, template, boxes };
    }),
  );
}
