import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Color, isHeldOut, type Letter, type Shape } from "./lexicon.js";
import { ANSWERS, type Candidate, candidates, noun, type QuestionType } from "./questions.js";
import { sampleScene } from "./sample-scene.js";
import type { Scene, SceneObject } from "./scene.js";
import { ask, TEMPLATES, trainingTemplates } from "./wordings.js";

const at = (x: number, y: number, side: number) => ({ x, y, width: side, height: side });
const shape = (name: Shape, color: Color, x: number, y: number, large = false): SceneObject => ({
  kind: "shape",
  shape: name,
  color,
  large,
  box: at(x, y, large ? 100 : 50),
});
const sign = (color: Color, letter: Letter, x: number, y: number): SceneObject => ({
  kind: "sign",
  color,
  letter,
  large: false,
  box: at(x, y, 56),
});

/** A large red star left above, a small red ring right, a small blue star below, a green sign with a K right below. */
const scene: Scene = {
  id: "by hand",
  size: 336,
  background: "dots",
  objects: [
    shape("star", "red", 10, 10, true),
    shape("ring", "red", 270, 20),
    shape("star", "blue", 20, 280),
    sign("green", "K", 270, 270),
  ],
};
const all = candidates(scene);
const asked = all.map((candidate) => `${ask(candidate, 0).text} ${candidate.answer}`);

describe("candidates", () => {
  it("ask for colors, shapes and letters only where the wording fits one thing", () => {
    expect(asked).toContain("What color is the ring? red");
    expect(asked.some((line) => line.startsWith("What color is the star"))).toBe(false);
    expect(asked).toContain("What shape is the blue thing? star");
    expect(asked.some((line) => line.startsWith("What shape is the red thing"))).toBe(false);
    // A sign is no shape, but its color counts: the green thing is one, and has no shape to ask for.
    expect(asked.some((line) => line.startsWith("What shape is the green"))).toBe(false);
    expect(asked).toContain("What letter is on the sign? K");
    expect(asked).toContain("What letter is on the green sign? K");
  });

  it("know what is there and what is not", () => {
    expect(asked).toContain("Is there a red star in the image? yes");
    expect(asked).toContain("Is there a star in the image? yes");
    expect(asked).toContain("Is there a blue ring in the image? no");
    expect(asked).toContain("Is there a heart in the image? no");
    expect(asked.filter((line) => line.startsWith("Is there a red star"))).toHaveLength(1);
  });

  it("count things by shape and by color, signs included in colors", () => {
    expect(asked).toContain("How many stars are in the image? 2");
    expect(asked).toContain("How many red things are in the image? 2");
    expect(asked).toContain("How many green things are in the image? 1");
    expect(asked).toContain("How many hearts are in the image? 0");
    expect(asked).toContain("How many signs are in the image? 1");
  });

  it("place things on sides and beside each other", () => {
    expect(asked).toContain("Is the ring on the right of the image? yes");
    expect(asked).toContain("Is the ring on the top of the image? yes");
    expect(asked).toContain("Is the ring on the left of the image? no");
    expect(asked).toContain("Is the red star left of the ring? yes");
    expect(asked).toContain("Is the ring above the sign? yes");
    expect(asked).toContain("Is the sign above the ring? no");
    // Their centers are 15 pixels apart from left to right: too little to ask.
    expect(asked.some((line) => /red star (left|right) of the blue star/.test(line))).toBe(false);
  });

  it("sort questions into slices and point at what they ask about", () => {
    const find = (text: string) => all.find((candidate) => ask(candidate, 0).text === text);
    expect(find("What color is the ring?")).toMatchObject({ slice: "needle", about: [1] });
    expect(find("Is there a red star in the image?")).toMatchObject({ slice: "salient", about: [0] });
    // One of the two stars is large: seeing that one is enough.
    expect(find("Is there a star in the image?")).toMatchObject({ slice: "salient", about: [0, 2] });
    expect(find("How many red things are in the image?")).toMatchObject({ slice: "global", about: [0, 1] });
    expect(find("Is the ring above the sign?")).toMatchObject({ slice: "multi", about: [1, 3] });
    expect(find("What pattern is the ground?")).toMatchObject({ slice: "global", about: [], answer: "dots" });
  });

  it("have one of their type's answers and a wording for every template, in any scene", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom(1, 2, 3), fc.boolean(), (index, level, heldOut) => {
        const sampled = sampleScene({ split: "test", seed: 1, index, level, heldOut });
        const list = candidates(sampled);
        for (const candidate of list) {
          expect(ANSWERS[candidate.type]).toContain(candidate.answer);
          for (let t = 0; t <= trainingTemplates(candidate.type); t++)
            expect(ask(candidate, t).text).not.toMatch(/\$|undefined/);
        }
        expect(contradictions(list)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

/** Wordings that the scene answers in two ways. */
function contradictions(list: readonly Candidate[]): string[] {
  const answers = new Map<string, string>();
  return list.flatMap((candidate) => {
    const { text } = ask(candidate, 0);
    const before = answers.get(text) ?? candidate.answer;
    answers.set(text, before);
    return before === candidate.answer ? [] : [text];
  });
}

describe("templates", () => {
  it("are all different, the test's own too", () => {
    for (const type of Object.keys(ANSWERS) as QuestionType[]) {
      expect(trainingTemplates(type)).toBeGreaterThanOrEqual(3);
      expect(new Set(TEMPLATES[type]).size).toBe(trainingTemplates(type) + 1);
    }
  });
});

describe("sampleScene", () => {
  const heldOutOnes = (objects: readonly SceneObject[]) =>
    objects.filter((object) => object.kind === "shape" && isHeldOut(object.shape, object.color));

  it("never shows a held-out combination in training, and always in the test's held-out split", () => {
    for (let index = 0; index < 300; index++) {
      expect(heldOutOnes(sampleScene({ split: "train", seed: 1, index, level: 1 + (index % 3) }).objects)).toEqual([]);
      const test = sampleScene({ split: "test", seed: 1, index, heldOut: true });
      expect(heldOutOnes(test.objects).length).toBeGreaterThan(0);
      expect(test.background).toBeUndefined();
    }
  });

  it("holds out one combination in five, of every shape and every color", () => {
    const scenes = Array.from({ length: 400 }, (_, index) =>
      sampleScene({ split: "test", seed: 2, index, heldOut: true }),
    );
    const shown = scenes.flatMap(({ objects }) => heldOutOnes(objects));
    expect(new Set(shown.map(noun)).size).toBe(8);
    expect(new Set(shown.map(({ color }) => color)).size).toBe(8);
  });

  it("keeps things apart and inside", () => {
    for (let index = 0; index < 200; index++) {
      const { objects, size } = sampleScene({ split: "val", seed: 3, index, level: 3 });
      objects.forEach(({ box: a }, i) => {
        expect(Math.min(a.x, a.y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(a.x + a.width, a.y + a.height)).toBeLessThanOrEqual(size);
        for (const { box: b } of objects.slice(i + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart).toBe(true);
        }
      });
    }
  });

  it("gives the same scene for the same source and other scenes for any other", () => {
    const source = { split: "val", seed: 1, index: 5 } as const;
    const { objects } = sampleScene(source);
    expect(sampleScene(source).objects).toEqual(objects);
    const others = [{ split: "test" }, { seed: 2 }, { index: 6 }, { purpose: "syn_mme" }, { level: 2 }] as const;
    for (const other of others) expect(sampleScene({ ...source, ...other }).objects).not.toEqual(objects);
  });

  it.each([
    [{ size: 200 }, /a size of 336/],
    [{ level: 4 }, /a level from 1 to 3/],
    [{ level: 0 }, /a level from 1 to 3/],
    [{ split: "train" as const, heldOut: true }, /held-out combinations in val and test only/],
  ])("refuses %j", (part, reason) => {
    expect(() => sampleScene({ split: "val", seed: 1, index: 0, ...part })).toThrow(reason);
  });
});
