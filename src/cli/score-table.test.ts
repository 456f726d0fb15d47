import { expect, it } from "vitest";
import type { RunState, Setting, SettingResults } from "../eval/index.js";
import { scoreTable } from "./score-table.js";

const seeded = (seed: number): Setting => ({
  id: `random:seed=${seed}@58`,
  method: "random",
  budget: 58,
  options: { seed },
  role: "control",
});
const NONE: Setting = { id: "none", method: "none", budget: "all", options: {}, role: "reference" };
const SETTINGS: readonly Setting[] = [
  NONE,
  { id: "recoverable@58", method: "recoverable", budget: 58, options: {}, role: "method" },
  ...[0, 1, 2].map(seeded),
];
const STATE = {
  settings: SETTINGS,
  tasks: [{ id: "one", headline: "exact_match", maxScore: 1 }],
} as unknown as RunState;

function results(score: number, firstToken: number, tokens: number): SettingResults {
  return {
    results: { one: { "exact_match,none": score } },
    beside_all_tokens: { answered: 8, unchanged: 6 },
    efficiency: { kept_tokens: tokens, first_token_ms: firstToken },
  } as unknown as SettingResults;
}

const SCORES = Object.fromEntries([
  ["none", results(0.8, 200, 576)],
  ["recoverable@58", results(0.6, 100, 58)],
  ...[0.2, 0.8, 0.2].map((score, seed) => [seeded(seed).id, results(score, 100, 58)] as const),
]);

it("seeds are one line with their mean, as on the page", () => {
  const text = scoreTable(SCORES, STATE, 100);
  expect(text).toMatch(/^random@58 \(3 seeds\) +58\.0 +50\.0 % +75\.0 % +0\.400 +100 ms +2\.0x$/m);
  expect(text).not.toContain("seed=");
  expect(text).toContain("of several seeds everything is the mean");
});

it("has the open tasks apart from letters of options, answers that stay, and the KL of first tokens", () => {
  const tasks = [
    { id: "one", headline: "exact_match", maxScore: 1, open: true },
    { id: "two", headline: "exact_match", maxScore: 1, open: false },
  ];
  const scores = Object.fromEntries(
    Object.entries(SCORES).map(([id, own]) => {
      const beside = { answered: 8, unchanged: id === "none" ? 8 : 6, first_token_kl: id === "none" ? 0 : 0.0625 };
      const results = { ...own.results, two: { "exact_match,none": 0.5 } };
      return [id, { ...own, results, beside_all_tokens: beside }];
    }),
  );
  const text = scoreTable(scores, { ...STATE, tasks, logits: true } as unknown as RunState, 120);
  expect(text).toMatch(/^\S*setting +tokens +relative +open tasks +same +KL +one +two /m);
  expect(text).toMatch(/^none +576\.0 +100\.0 % +100\.0 % +0\.000 +0\.800 /m);
  expect(text).toMatch(/^recoverable@58 +58\.0 +87\.5 % +75\.0 % +75\.0 % +0\.06[23] +0\.600 /m);
  expect(text).toContain("same: answers as with none; KL: of the first token from none's, nats");
  expect(scoreTable(SCORES, STATE, 120)).not.toMatch(/KL|open/);
});

it("in a narrow terminal scores stay beside tokens", () => {
  const [first, second, third] = scoreTable(SCORES, STATE, 46).split("\n\n");
  expect(first).toMatch(/^\S*setting +tokens +relative +same/);
  expect(second).toContain("first token");
  expect(third).toContain("faster");
});

it("says below the table what the decoder was not told, and in which settings", () => {
  const told = { positions: "original", mass: 0, untold: { mass: "the method random gives its rows none" } } as const;
  const scores = Object.fromEntries(
    Object.entries(SCORES).map(([id, own]) => [id, id.startsWith("random") ? { ...own, told } : own]),
  );
  const seeds = [0, 1, 2].map((seed) => seeded(seed).id).join(", ");
  const said = `The decoder was not told mass in ${seeds}: the method random gives its rows none.`;
  expect(scoreTable(scores, STATE, 200).split("\n").at(-1)).toBe(said);
  expect(scoreTable(SCORES, STATE, 200)).not.toContain("not told");
});

it("says below the table what every score of a task lacks, and leaves the rest to the report", () => {
  const warned = (id: string) => (id === "recoverable@58" ? "f1: without random\nf1: no yes" : "f1: without random");
  const scores = Object.fromEntries(
    Object.entries(SCORES).map(([id, { results, ...rest }]) => {
      return [id, { ...rest, results: { one: { ...results.one, warnings: warned(id) } } }];
    }),
  );
  expect(scoreTable(scores, STATE, 100).split("\n").at(-1)).toBe("one: f1: without random");
});
