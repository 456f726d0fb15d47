/** Writes a synthetic benchmark: pictures, the task's files in the layout of the benchmark that it mirrors, a manifest. */
import { createHash } from "node:crypto";
import { access, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { jsonLines, REGIONS } from "../../benchmarks/index.js";
import { InvalidInputError } from "../../core/index.js";
import { type OutputFile, withFileErrors, writeFileAtomic, writeFilesAtomic } from "../../files/index.js";
import { topK } from "../../math/index.js";
import {
  drawScene,
  GATE_TOKENS,
  LEVELS,
  MaskCache,
  rasterize,
  SYNTH_TASKS,
  type SynthTask,
  saliency,
  type TaskFiles,
  type TaskPicture,
} from "../index.js";
import { type FolderMode, openFolder, type SynthState, synthState } from "./benchmark-folder.js";
import { appendPicture, type PictureRecord, readPictureLog, recordLine } from "./picture-log.js";
import { type PictureEncoder, pngEncoder } from "./png-picture.js";
import { reportTask, type TaskReport } from "./task-report.js";

export type { FolderMode } from "./benchmark-folder.js";

/** What to write, and where. */
export interface BenchmarkRequest {
  /** Ids of tasks. */
  readonly tasks: readonly string[];
  readonly split: "val" | "test";
  /** Pictures per task, at least 1. */
  readonly count: number;
  /** Default 1. */
  readonly seed?: number;
  /** Hardness of the pictures, 1 (default) to 3. */
  readonly level?: number;
  /** Output folder. */
  readonly out: string;
  /** Default `new`. */
  readonly mode?: FolderMode;
  /** Stops between two pictures; what is written by then is taken up by `resume`. */
  readonly signal?: AbortSignal;
}

/** Progress: a picture of a task is done, or all is done. */
export type BenchmarkEvent =
  | { readonly status: "picture"; readonly task: string; readonly done: number; readonly total: number }
  | { readonly status: "done"; readonly manifest: BenchmarkManifest };

/** `manifest.json`. */
export interface BenchmarkManifest extends SynthState {
  readonly note: string;
  readonly reports: Record<string, TaskReport>;
}

/** Said wherever numbers from these pictures are shown. */
const NOTE =
  "Synthetic pictures made by recoup: they support claims about mechanism and ranking, not about real photographs.";

/** Most pictures of a task: their questions are planned together, in memory. */
const MOST_PICTURES = 100_000;

/**
 * Writes the tasks one after another. The same request gives the same pixels and rows on every machine, also when it was
 * stopped and resumed.
 *
 * @throws InvalidInputError for an unknown task, split or level, a count below 1, a folder that the mode does not allow, or
 *   a disk that is full; MissingPackageError without the optional package fast-png.
 */
export async function* writeBenchmark(request: BenchmarkRequest): AsyncGenerator<BenchmarkEvent> {
  const { split, count, seed = 1, level = 1, out, mode = "new", signal } = request;
  assertRequest(request);
  const tasks = request.tasks.map(findTask);
  const state = synthState({ tasks: tasks.map(({ id }) => id), split, count, seed, level });
  const encode = await pngEncoder("synth");
  const folders = SYNTH_TASKS.map(({ folder }) => folder);
  await openFolder(out, mode, state, folders);
  const reports: Record<string, TaskReport> = {};
  const masks = new MaskCache();
  for (const task of tasks) {
    const planned = task.build({ split, count, seed, level });
    const folder = join(out, task.folder);
    const records: PictureRecord[] = [];
    for await (const record of writePictures(folder, planned.pictures, { level, masks, encode, signal })) {
      records.push(record);
      yield { status: "picture", task: task.id, done: records.length, total: count };
    }
    await writeTaskFiles(folder, planned, records);
    reports[task.id] = reportTask(task.folder, planned, records);
  }
  const manifest: BenchmarkManifest = { ...state, note: NOTE, reports };
  await writeFileAtomic(join(out, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  yield { status: "done", manifest };
}

/** Task of an id. */
function findTask(id: string): SynthTask {
  const task = SYNTH_TASKS.find((candidate) => candidate.id === id);
  if (task === undefined) refuse(`tasks among ${SYNTH_TASKS.map((known) => known.id).join(", ")}`, id);
  return task;
}

function assertRequest({ tasks, split, count, seed = 1, level = 1 }: BenchmarkRequest): void {
  if (tasks.length === 0) refuse("at least one task", "none");
  if (new Set(tasks).size < tasks.length) refuse("each task once", tasks.join(","));
  if (!["val", "test"].includes(split)) refuse("split val or test", String(split));
  if (!Number.isInteger(count) || count < 1 || count > MOST_PICTURES) {
    refuse(`a count from 1 to ${MOST_PICTURES}`, String(count));
  }
  if (!Number.isInteger(seed) || seed < 0) refuse("a seed that is a whole number from 0 on", String(seed));
  if (!Number.isInteger(level) || level < 1 || level > LEVELS.length)
    refuse(`a level from 1 to ${LEVELS.length}`, String(level));
}

interface PictureTools {
  readonly level: number;
  readonly masks: MaskCache;
  readonly encode: PictureEncoder;
  readonly signal?: AbortSignal;
}

/** Paints and writes what an earlier run has not; yields the record of each picture in order. */
async function* writePictures(
  folder: string,
  pictures: readonly TaskPicture[],
  { level, masks, encode, signal }: PictureTools,
): AsyncGenerator<PictureRecord> {
  const log = join(folder, "pictures.jsonl");
  await guarded(folder, () => mkdir(folder, { recursive: true }));
  const known = new Map((await readPictureLog(log)).map((record) => [record.path, record]));
  // Half a line at the end of the log would spoil the next one.
  if (known.size > 0) await writeFileAtomic(log, [...known.values()].map(recordLine).join(""));
  for (const { scene, half, path } of pictures) {
    signal?.throwIfAborted();
    const file = join(folder, path);
    const before = known.get(path);
    if (before?.scene === scene.id && (await exists(file))) {
      yield before;
      continue;
    }
    const rgb = rasterize(drawScene(scene, { level }), masks);
    await guarded(file, () => mkdir(dirname(file), { recursive: true }));
    await writeFileAtomic(file, encode(rgb, scene.size));
    const sha256 = createHash("sha256").update(rgb).digest("hex");
    const salient = Array.from(topK(saliency(rgb, scene.size), GATE_TOKENS));
    const record: PictureRecord = { path, scene: scene.id, half, sha256, salient };
    await guarded(log, () => appendPicture(log, record));
    yield record;
  }
}

/** The task's own files, and `regions.jsonl`: what each question asks about, which the mirrored layouts have no place for. */
async function writeTaskFiles(folder: string, task: TaskFiles, records: readonly PictureRecord[]): Promise<void> {
  const encoded = new Map<number, string>();
  if (task.needsPictures) {
    for (const [i, { path }] of records.entries()) {
      encoded.set(i, (await readFile(join(folder, path))).toString("base64"));
    }
  }
  const files: OutputFile[] = Object.entries(task.files((picture) => encoded.get(picture) ?? "")).map(
    ([path, data]) => ({
      path: join(folder, path),
      data,
    }),
  );
  files.push({ path: join(folder, REGIONS.file), data: regions(task) });
  files.push({ path: join(folder, "pictures.jsonl"), data: records.map(recordLine).join("") });
  for (const { path } of files) await guarded(path, () => mkdir(dirname(path), { recursive: true }));
  await writeFilesAtomic(files);
}

function regions({ pictures, asked }: TaskFiles): string {
  return jsonLines(
    REGIONS.region,
    asked.map(({ id, picture, question, prompt, answer }) => {
      const { scene, half, path } = pictures[picture];
      const { type, slice, template, about } = question;
      const boxes = about.map((i) => {
        const { x, y, width, height } = scene.things[i].box;
        return [x, y, width, height] as const;
      });
      return { question_id: id, image: path, prompt, answer, type, slice, half, template, boxes };
    }),
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withFileErrors("synth", `to write ${path}`, work);
}

function refuse(expected: string, got: string): never {
  throw new InvalidInputError({ operation: "synth", expected, got });
}
