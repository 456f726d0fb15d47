/** @file The content of a picture: the truth from which both the draw list and the questions are made. */
import type { BackgroundName, Color, Letter, Shape } from "./lexicon.js";

/** A rectangle in pixels: left, top, width, height. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A shape. Large ones are distractors, vivid and seldom asked about. Small ones blend into the background; needle questions are
 * about them.
 */
export interface ShapeObject {
  readonly kind: "shape";
  readonly shape: Shape;
  readonly color: Color;
  readonly large: boolean;
  readonly box: Box;
}

/** A small sign: a colored frame with one letter, or on the level "hard" two side by side. */
export interface SignObject {
  readonly kind: "sign";
  readonly color: Color;
  readonly letter: Letter;
  /** The right one of two letters, then `letter` is the left one. */
  readonly second?: Letter;
  readonly large: false;
  readonly box: Box;
}

/** Width in pixels of the frame of a sign with two letters. */
export const SIGN_FRAME = 6;

/** Anything that stands on a background. */
export type SceneObject = ShapeObject | SignObject;

/** One picture's truth. */
export interface Scene {
  /** `VERSION/split/index`, from which everything random in it follows. */
  readonly id: string;
  /** Side in pixels. */
  readonly size: number;
  /** The pattern's name; undefined for one of the test's patterns. */
  readonly background?: BackgroundName;
  readonly objects: readonly SceneObject[];
  /** Set on the level "hard": more kinds of questions are asked about it, and things are counted to nine. */
  readonly hard?: true;
}
