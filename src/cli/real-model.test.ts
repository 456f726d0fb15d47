import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REAL_MODEL } from "./real-model.js";

it("has the numbers of bench/results/ttft.json", () => {
  const file = new URL("../../bench/results/ttft.json", import.meta.url);
  const { machine, rows } = JSON.parse(readFileSync(file, "utf8"));
  const way = (name: string, kept: number) =>
    rows.find((row: Record<string, unknown>) => row.model === "random" && row.way === name && row.kept === kept);
  const { signals, select } = way("recoverable", REAL_MODEL.kept).stages_ms;
  expect(REAL_MODEL).toMatchObject({
    machine: `${machine.cpu}, ${machine.cores} cores, ${machine.date}`,
    selection: Number((signals + select).toFixed(1)),
    firstToken: Math.round(way("recoverable", REAL_MODEL.kept).first_token_ms),
    allTokens: Math.round(way("none", 576).first_token_ms),
  });
});
