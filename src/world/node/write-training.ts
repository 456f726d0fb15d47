/** @file Scenes for training, as JSON lines that `python/` paints and reads: draw list, truth, captions, phrases, questions. */
import { open, rm } from "node:fs/promises";
import { refusalFor } from "../../core/index.js";
import { withFileErrors } from "../../files/index.js";
import {
  besides,
  caption,
  drawScene,
  extraQuestions,
  phrases,
  sampleScene,
  sceneRandom,
  trainingQuestions,
} from "../index.js";
import type { SceneSource } from "../sample-scene.js";

/** Scenes to write, and their file. */
export interface TrainingRequest extends Pick<SceneSource, "split" | "size" | "level" | "heldOut"> {
  /** Number of scenes, at least 1. */
  readonly count: number;
  /** Default 1. */
  readonly seed?: number;
  /** A file that must not exist. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/** Writes `count` scenes, or, where it is stopped or fails, no file; yields the number written, now and then. */
export async function* writeTrainingScenes(request: TrainingRequest): AsyncGenerator<number> {
  const { split, size, count, seed = 1, level = 1, heldOut = false, out, signal } = request;
  if (!Number.isInteger(count) || count < 1) throw refusalFor("synth")("a count of at least 1", count);
  const expected = `a new file ${out} in an existing folder`;
  const file = await withFileErrors("synth", expected, () => open(out, "wx"));
  let written = 0;
  try {
    for (let index = 0; index < count; index++) {
      signal?.throwIfAborted();
      const scene = sampleScene({ split, seed, index, size, level, heldOut });
      const words = sceneRandom(scene.id, "words");
      const row = {
        id: scene.id,
        draw: drawScene(scene, { level }),
        // Named as python/ reads them.
        things: scene.objects,
        ground: scene.background,
        // Of each thing the ones just left of, right of, above and below it, -1 for none.
        ...(scene.hard ? { beside: scene.objects.map((_, i) => besides(scene, i).map((j) => j ?? -1)) } : {}),
        caption: caption(scene, words),
        phrases: phrases(scene),
        questions: trainingQuestions(scene, words),
        extra: extraQuestions(scene, sceneRandom(scene.id, "extra")),
      };
      await withFileErrors("synth", `to write ${out}`, () => file.write(`${JSON.stringify(row)}\n`));
      written = index + 1;
      if (written % 500 === 0 || written === count) yield written;
    }
  } finally {
    await file.close();
    // Half a file would be taken for a whole one, and stand in the way of the next try.
    if (written < count) await rm(out, { force: true });
  }
}
