import { expect, it } from "vitest";
import { requestDifference } from "./request-words.js";
import type { RunState } from "./run-folder.js";

const RUN = {
  model: { name: "tiny" },
  tasks: [],
  settings: [],
  leftOut: [],
  seed: 1,
} as unknown as RunState;

it("tells a run with another default, or of none, from one of today", () => {
  const now = { ...RUN, told: { positions: "original", mass: 1 } as const };
  const words = "a default of positions original and mass 1";
  expect(requestDifference(now, now)).toBeUndefined();
  expect(requestDifference(now, RUN)).toEqual({ before: "no default of positions and mass", now: words });
  const other = { ...RUN, told: { positions: "compact", mass: 0 } as const };
  expect(requestDifference(now, other)).toEqual({ before: "a default of positions compact and mass 0", now: words });
  // Before a model is loaded nobody knows.
  expect(requestDifference(RUN, now)).toBeUndefined();
});
