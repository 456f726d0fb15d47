import { describe, expect, it } from "vitest";
import { besides } from "./besides.js";
import { HARD } from "./levels.js";
import { isHeldOut } from "./lexicon.js";
import { type Candidate, candidates } from "./questions.js";
import { sampleScene } from "./sample-scene.js";
import type { Box, Scene, SceneObject } from "./scene.js";
import { ask } from "./wordings.js";

const thing = (shape: "star" | "ring" | "heart", color: "red" | "blue", box: Box): SceneObject => {
  return { kind: "shape", shape, color, large: false, box };
};
const box = (x: number, y: number, width = 30, height = 30): Box => ({ x, y, width, height });

/** A red star; a blue ring 10 pixels to its right; a red heart far below; a sign with K and T. */
const scene: Scene = {
  id: "by hand",
  size: 336,
  background: "dots",
  hard: true,
  objects: [
    thing("star", "red", box(100, 100)),
    thing("ring", "blue", box(140, 104)),
    thing("heart", "red", box(100, 250)),
    { kind: "sign", color: "green", letter: "K", second: "T", large: false, box: box(200, 250, 60, 40) },
  ],
};
const asked = (of: Scene) => candidates(of).map((each) => `${ask(each, 0).text} ${each.answer}`);

describe("questions of the level hard", () => {
  it("ask for each letter of a sign", () => {
    expect(asked(scene)).toContain("What is the left letter on the sign? K");
    expect(asked(scene)).toContain("What is the right letter on the green sign? T");
    expect(asked(scene).some((line) => line.startsWith("What letter is on"))).toBe(false);
  });

  it("go two steps: what lies just beside a thing, and what else has its color", () => {
    expect(besides(scene, 0)).toEqual([undefined, 1, undefined, undefined]);
    expect(asked(scene)).toContain("What color is the thing just right of the star? blue");
    expect(asked(scene)).toContain("What color is the thing just left of the ring? red");
    expect(asked(scene)).toContain("What shape is the other thing in the color of the star? heart");
    const about = candidates(scene).filter(({ type }) => type === "beside" || type === "shared");
    expect(about.every(({ slice, about: things }) => slice === "multi" && things.length === 2)).toBe(true);
  });

  it("do not ask what lies beside where a second thing is nearly as near", () => {
    const crowded = { ...scene, objects: [...scene.objects, thing("heart", "blue", box(166, 100, 20))] };
    expect(besides(crowded, 0)[1]).toBeUndefined();
  });

  it("are not asked on other levels", () => {
    const { hard: _, ...plain } = scene;
    const types = new Set(candidates(plain).map(({ type }) => type));
    for (const type of ["beside", "shared"] as const) expect(types.has(type)).toBe(false);
  });
});

describe("pictures of the level hard", () => {
  const scenes = Array.from({ length: 300 }, (_, index) =>
    sampleScene({ split: "train", seed: 3, index, level: HARD }),
  );
  const all = scenes.map(candidates);

  it("have things to count up to nine, and each count to seven one time in two hundred at least", () => {
    const counts = all.flat().filter(({ type }) => type === "count");
    const share = (answer: number) => counts.filter((each) => each.answer === String(answer)).length / counts.length;
    for (const answer of [0, 1, 2, 3, 4, 5, 6, 7]) expect(share(answer)).toBeGreaterThan(0.005);
    expect(Math.max(...counts.map(({ answer }) => Number(answer)))).toBe(9);
  });

  it("have questions of every kind that is new in a third of the pictures at least", () => {
    const share = (type: Candidate["type"]) =>
      all.filter((of) => of.some((each) => each.type === type)).length / scenes.length;
    for (const type of ["spelling", "beside", "shared"] as const) expect(share(type)).toBeGreaterThan(1 / 3);
  });

  it("keep things apart and inside, and combinations of training", () => {
    for (const { objects, size } of scenes)
      for (const [i, one] of objects.entries()) {
        const { x, y, width, height } = one.box;
        expect(x >= 0 && y >= 0 && x + width <= size && y + height <= size).toBe(true);
        if (one.kind === "shape") expect(isHeldOut(one.shape, one.color)).toBe(false);
        for (const { box: other } of objects.slice(i + 1)) {
          const apart =
            x + width <= other.x || other.x + other.width <= x || y + height <= other.y || other.y + other.height <= y;
          expect(apart).toBe(true);
        }
      }
  });
});
