/** @file A world of synthetic pictures with questions: scenes, draw lists, pixels, and benchmarks in the real ones' file formats. Unstable. */
export { besides } from "./besides.js";
export type { Background, DrawList, Paint, Rgb, Stamp, Texture, TextureKind } from "./draw-list.js";
export { drawScene } from "./draw-scene.js";
export { HARD, LEVELS, type LevelName } from "./levels.js";
export type { Color, Letter, Shape } from "./lexicon.js";
export { type Candidate, candidates, type QuestionType, type Slice } from "./questions.js";
export { MaskCache, rasterize } from "./rasterize.js";
export { KEPT_TOKENS, questionPatches, RecallCounter, type RecallRow, saliency } from "./recall.js";
export { type SceneSource, sampleScene, sceneRandom, WORLD_VERSION } from "./sample-scene.js";
export type { Box, Scene, SceneObject, ShapeObject, SignObject } from "./scene.js";
export { SYNTH_TASKS } from "./tasks/registry.js";
export type { AskedQuestion, SynthTask, TaskFiles, TaskPicture, TaskRequest } from "./tasks/task.js";
export {
  caption,
  type ExtraQuestion,
  extraQuestions,
  type Phrase,
  phrases,
  trainingQuestions,
} from "./training-text.js";
export { ask, type Question } from "./wordings.js";
