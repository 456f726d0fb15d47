/**
 * @file The pictures of a task as PNG files, and the log of those that are done. A JSON line is appended when the picture's file is
 * in its place.
 */
import { createHash } from "node:crypto";
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonLines } from "../../benchmarks/index.js";
import { shape } from "../../core/index.js";
import { type FolderLock, readTextIfThere, withFileErrors, writeFileAtomic } from "../../files/index.js";
import { topK } from "../../math/index.js";
import {
  drawScene,
  KEPT_TOKENS,
  type LevelName,
  type MaskCache,
  rasterize,
  saliency,
  type TaskPicture,
} from "../index.js";
import { WORLD_TEXT } from "./world-picture.js";

const RECORD = shape.object({
  /** Below the task's folder. */
  path: shape.text,
  scene: shape.text,
  /** The picture's split; files keep the name. */
  half: shape.oneOf("iid", "held-out"),
  /** SHA-256 over the RGB bytes, hexadecimal: the picture's identity. */
  sha256: shape.text,
  /** Ids of the `KEPT_TOKENS` patches that stand out most by their pixels, most first. */
  salient: shape.list(shape.count),
});

/** A line of `pictures.jsonl`: a picture that is done. */
export type PictureRecord = shape.TypeOf<typeof RECORD>;

/** Means to paint and write pictures, shared by all tasks of a run. */
export interface PictureTools {
  /** Hardness of the pictures, 1 to 3 or "hard". */
  readonly level: LevelName;
  readonly masks: MaskCache;
  /** Encodes a square RGB picture as a PNG file. */
  readonly encode: (rgb: Uint8Array, size: number) => Uint8Array;
  /** Of the output folder. */
  readonly lock: FolderLock;
  readonly signal?: AbortSignal;
}

/**
 * Paints and writes what an earlier run has not.
 *
 * @param folder of the task.
 * @returns the record of each picture in order.
 */
export async function* writePictures(
  folder: string,
  pictures: readonly TaskPicture[],
  { level, masks, encode, lock, signal }: PictureTools,
): AsyncGenerator<PictureRecord> {
  const log = join(folder, "pictures.jsonl");
  const known = new Map((await readLog(log)).map((record) => [record.path, record]));
  // Half a line at the end of the log would spoil the next one.
  if (known.size > 0) await writeFileAtomic(log, recordLines([...known.values()]));
  for (const { scene, split, path } of pictures) {
    signal?.throwIfAborted();
    // Else a folder that was removed meanwhile would be made again, without the pictures before.
    await lock.assertHeld();
    const file = join(folder, path);
    const before = known.get(path);
    if (before?.scene === scene.id && (await stat(file).catch(() => undefined))) {
      yield before;
      continue;
    }
    const rgb = rasterize(drawScene(scene, { level }), masks);
    await writeFileAtomic(file, encode(rgb, scene.size), { folders: true });
    const sha256 = createHash("sha256").update(rgb).digest("hex");
    const salient = Array.from(topK(saliency(rgb, scene.size), KEPT_TOKENS));
    const record: PictureRecord = { path, scene: scene.id, half: split, sha256, salient };
    await withFileErrors("synth", `to write ${log}`, () => appendFile(log, recordLines([record])));
    yield record;
  }
}

/** The log's text. */
export function recordLines(records: readonly PictureRecord[]): string {
  return jsonLines(RECORD, records);
}

/** The encoder of fast-png. Its bytes may differ between versions; pictures are identified by pixels. */
export async function pngEncoder(): Promise<PictureTools["encode"]> {
  const { encode } = await import("fast-png");
  return (rgb, size) => encode({ width: size, height: size, data: rgb, depth: 8, channels: 3, text: WORLD_TEXT });
}

/** Records of an earlier run, up to the first that is not whole: a killed run may leave half a line. */
async function readLog(path: string): Promise<PictureRecord[]> {
  const text = (await readTextIfThere("synth", path)) ?? "";
  const records: PictureRecord[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      records.push(shape.shaped(JSON.parse(line), RECORD, (expected) => new SyntaxError(expected)));
    } catch {
      break;
    }
  }
  return records;
}
