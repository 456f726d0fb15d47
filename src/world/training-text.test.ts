import { describe, expect, it } from "vitest";
import { sampleScene, sceneRandom } from "./sample-scene.js";
import { extraQuestions, trainingQuestions } from "./training-text.js";
import { trainingTemplates } from "./wordings.js";

const scenes = Array.from({ length: 500 }, (_, index) => sampleScene({ split: "train", seed: 5, index }));

describe("extraQuestions", () => {
  const extras = scenes.flatMap((scene) => extraQuestions(scene, sceneRandom(scene.id, "test")));

  it("claims each value as often rightly as wrongly, so that the value tells nothing", () => {
    const claims = extras.filter(({ type }) => type === "claim");
    expect(claims.length).toBeGreaterThan(1000);
    for (const value of ["0", "1", "2", "3", "red", "black", "A", "Z"]) {
      const own = claims.filter(({ text }) => text.split(/[ ?]/).includes(value));
      const right = own.filter(({ answer }) => answer === "yes").length;
      expect(own.length).toBeGreaterThan(20);
      // Three standard deviations of a fair coin.
      expect(Math.abs(right - own.length / 2)).toBeLessThan(1.5 * Math.sqrt(own.length));
    }
  });
});

describe("trainingQuestions", () => {
  it("never words a question as only the test does", () => {
    const asked = scenes.flatMap((scene) => trainingQuestions(scene, sceneRandom(scene.id, "test")));
    expect(asked.length).toBeGreaterThan(5000);
    for (const { type, template } of asked) expect(template).toBeLessThan(trainingTemplates(type));
  });
});
