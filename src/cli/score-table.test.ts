import { expect, it } from "vitest";
import type { RunState, SettingResults } from "../eval/index.js";
import { scoreTable } from "./score-table.js";

it("says below the table what every score of a task lacks, and leaves the rest to the report", () => {
  const of = (warnings: string) =>
    ({
      results: { pope: { "f1,none": 1, warnings } },
      efficiency: { kept_tokens: null, first_token_ms: null },
    }) as unknown as SettingResults;
  const state = {
    settings: [{ id: "none" }, { id: "a@32" }],
    tasks: [{ id: "pope", headline: "f1", maxScore: 1 }],
  } as unknown as RunState;
  const scores = {
    none: of("f1: the number is without random"),
    "a@32": of("f1: the number is without random\nzero: no F1"),
  };
  const notes = scoreTable(scores, state, 200).split("\n\n")[1].split("\n");
  expect(notes.at(-1)).toBe("pope: f1: the number is without random");
});
