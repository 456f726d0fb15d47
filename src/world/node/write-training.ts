/** @file Scenes for training, as JSON lines that `python/` paints and reads: draw list, truth, captions, phrases, questions. */
import { open } from "node:fs/promises";
import { refusalFor } from "../../core/index.js";
import { withFileErrors } from "../../files/index.js";
import { caption, drawScene, extraQuestions, phrases, sampleScene, sceneRandom, trainingQuestions } from "../index.js";
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

/** Writes `count` scenes; yields the number written, now and then. */
export async function* writeTrainingScenes(request: TrainingRequest): AsyncGenerator<number> {
  const { split, size, count, seed = 1, level = 1, heldOut = false, out, signal } = request;
  if (!Number.isInteger(count) || count < 1) throw refusalFor("synth")("a count of at least 1", count);
  const expected = `a new file ${out} in an existing folder`;
  const file = await withFileErrors("synth", expected, () => open(out, "wx"));
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
        caption: caption(scene, words),
        phrases: phrases(scene),
        questions: trainingQuestions(scene, words),
        extra: extraQuestions(scene, sceneRandom(scene.id, "extra")),
      };
      await file.write(`${JSON.stringify(row)}\n`);
      if ((index + 1) % 500 === 0 || index + 1 === count) yield index + 1;
    }
  } finally {
    await file.close();
  }
}
