import { describe, expect, it } from "vitest";
import { findTask, type ScoredSample } from "../index.js";
import { MEAN_SCORE } from "../tasks/judges.js";
import { coarseSentence, coarseTasks } from "./coarse-tasks.js";

/** @param scores of each group's samples. */
const samples = (scores: readonly (readonly number[])[], category = "", target = "yes"): ScoredSample[] =>
  scores.flatMap((own, group) =>
    own.map((score) => ({ target, category, group: String(group), score, answer: score === 1 ? "yes" : "no" })),
  );
const fine = (id: string) => ({ id, combination: MEAN_SCORE, samples: samples(Array(1000).fill([1])) });
const circular = (right: number, wrong: number) => ({
  id: "syn_mmbench",
  combination: findTask("syn_mmbench").combination("llava"),
  samples: samples([...Array(right).fill([1, 1]), ...Array(wrong).fill([1, 0])]),
});
const five = ["a", "b", "c", "d", "e"].map(fine);

describe("a task of few groups", () => {
  it("is one in which a group moves the mean by a point: 12 right of 34 by 1.4, 19 of 39 by 0.9", () => {
    const [found, ...others] = coarseTasks([...five, circular(12, 22)]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ task: "syn_mmbench", groups: 34 });
    expect(found.moves).toBeCloseTo(100 / 12 / 6, 9);
    expect(coarseTasks([...five, circular(19, 20)])).toEqual([]);
    // Alone it is the mean.
    expect(coarseTasks([circular(19, 20)])[0].moves).toBeCloseTo(100 / 19, 9);
  });

  it("by its own metric: of MME's pair a question and the pair, of an F1 what it is without the hit", () => {
    const mme = {
      id: "mme",
      combination: findTask("syn_mme").combination("llava"),
      samples: samples(
        [
          [1, 1],
          [1, 0],
        ],
        "color",
      ),
    };
    // 75 + 50 of 200; without the first pair 25 + 0.
    expect(coarseTasks([mme])).toEqual([{ task: "mme", groups: 2, moves: 80 }]);
    const pope = {
      id: "pope",
      combination: findTask("syn_pope").combination("llava"),
      samples: samples([[1], [1], [1], [1]], "random"),
    };
    // An F1 of 1 is 6/7 with three of four.
    expect(coarseTasks([pope])[0].moves).toBeCloseTo(100 / 7, 9);
  });

  it("has no number to move where nothing is right", () => {
    expect(coarseTasks([circular(0, 4), fine("a")])).toEqual([]);
  });

  it("is named with its groups and points", () => {
    expect(coarseSentence([])).toBeUndefined();
    expect(
      coarseSentence([
        { task: "one", groups: 1, moves: 50 },
        { task: "two", groups: 34, moves: 1.39 },
      ]),
    ).toContain("by a point or more: one (1 group, up to 50.0 points), two (34 groups, up to 1.4 points).");
  });
});
