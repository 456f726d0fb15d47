/** A world of synthetic pictures with questions: scenes, draw lists, pixels, and benchmarks in the real ones' file formats. */
export * from "./cover.js";
export * from "./draw-list.js";
export * from "./draw-scene.js";
export * from "./gates.js";
export * from "./levels.js";
export * from "./lexicon.js";
export * from "./questions.js";
export * from "./rasterize.js";
export * from "./sample-scene.js";
export * from "./scene.js";
export * from "./tasks/registry.js";
export * from "./training-text.js";
