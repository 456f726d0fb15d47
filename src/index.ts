/**
 * recoup: which visual tokens of a vision-language model stay, which are merged, and why. Runs unchanged in Node and in the
 * browser; no dependencies.
 */
export * from "./core/index.js";
export * from "./methods/index.js";
