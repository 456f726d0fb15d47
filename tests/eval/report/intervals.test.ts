/** Every estimate of a report lies inside its interval, whatever the run. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  comparisonSettings,
  type ReportNumbers,
  type Row,
  type RunData,
  reportNumbers,
} from "../../../src/eval/index.js";
import { MEAN_SCORE } from "../../../src/eval/tasks/judges.js";
import { findTask } from "../../../src/eval/tasks/registry.js";
import { randomSource } from "../../../src/math/index.js";
import { madeRow, madeRun, madeSetting, madeTask } from "./make-run.js";

/** How official metrics combine samples: a mean, a mean of F1s, sums over pairs, groups that count only as a whole. */
const TASKS = {
  syn_textvqa: { combination: MEAN_SCORE, categories: [""] },
  syn_pope: {
    combination: findTask("syn_pope").combination("llava"),
    categories: ["random", "popular", "adversarial"],
  },
  syn_mme: { combination: findTask("syn_mme").combination("llava"), categories: ["existence", "color"] },
  syn_mmbench: { combination: findTask("syn_mmbench").combination("llava"), categories: [""] },
};

const { settings: SETTINGS } = comparisonSettings({
  methods: ["recoverable"],
  budgets: ["dynamic", "58"],
  signals: ["grid", "features", "keys", "clsAttention", "textSimilarity"],
  grid: [24, 24],
});

interface Facts {
  readonly seed: number;
  readonly tasks: readonly (keyof typeof TASKS)[];
  readonly samples: number;
  /** Samples of one picture. */
  readonly perPicture: number;
  /** How often an answer is right, with all tokens and otherwise. */
  readonly right: readonly [number, number];
  readonly failing: number;
}

function randomRun({ seed, tasks: ids, samples, perPicture, right, failing }: Facts): RunData {
  const random = randomSource(seed);
  const tasks = ids.map((id) => madeTask(id, samples));
  const data = SETTINGS.map((setting) => {
    const share = right[setting.id === "none" ? 0 : 1];
    const rows = Object.fromEntries(
      ids.map((id) => {
        const { categories } = TASKS[id];
        const row = (_: unknown, doc: number): Row => {
          const score = id === "syn_textvqa" ? Math.round(10 * random.unit()) / 10 : Number(random.unit() < share);
          const failed = random.unit() < failing ? "no" : undefined;
          const made = madeRow(doc, {
            score: failed === undefined ? score : 0,
            failed,
            image: `${Math.floor(doc / perPicture)}.png`,
            category: categories[Math.floor(doc / perPicture) % categories.length],
            answer: score >= 0.5 ? "yes" : random.unit() < 0.5 ? "no" : "maybe",
            kept: setting.id === "none" ? 576 : 58,
            region: { patches: random.below(5), kept: 0 },
            parts: { slice: "needle", type: "color", split: doc % 2 === 0 ? "iid" : "held-out" },
          });
          return { ...made, sample: { ...made.sample, target: doc % 3 === 0 ? "no" : "yes" } };
        };
        return [id, Array.from({ length: samples }, row)];
      }),
    );
    const values = Object.fromEntries(
      ids.map((id) => {
        const { combination } = TASKS[id];
        const counts = combination.counts(
          rows[id].map(({ sample, record, score }) => ({ ...sample, answer: record.text, score })),
        );
        return [id, combination.value(counts[0].map((_, c) => counts.reduce((sum, own) => sum + own[c], 0)))];
      }),
    );
    return [setting.id, madeSetting(setting.id, tasks, rows, values)] as const;
  });
  const run = madeRun(tasks, SETTINGS, new Map(data));
  return { ...run, combinations: new Map(ids.map((id) => [id, TASKS[id].combination])) };
}

type Claim = readonly [
  name: string,
  estimate: number | undefined,
  interval: { readonly low: number; readonly high: number } | undefined,
];

function claims({ settings, contests, breakdowns }: ReportNumbers): Claim[] {
  const share = ({ unchanged, answered }: { unchanged: number; answered: number }) => unchanged / answered;
  return [
    ...settings.flatMap((own): Claim[] => [
      [`relative of ${own.id}`, own.relative, own.interval],
      [`score of ${own.id}`, own.score, own.scoreInterval],
      [`seeds of ${own.id}`, own.relative, own.seeds],
      [`agreement of ${own.id}`, share(own.agreement), own.agreement.interval],
      ...own.tasks.flatMap((task): Claim[] => [
        [`relative of ${own.id} on ${task.task}`, task.relative, task.relativeInterval],
        [`difference of ${own.id} on ${task.task}`, task.difference, task.differenceInterval],
        [`agreement of ${own.id} on ${task.task}`, share(task.agreement), task.agreement.interval],
      ]),
    ]),
    ...contests.flatMap(({ next, control }) =>
      [next, control].flatMap((lead): Claim[] => (lead ? [[`lead over ${lead.setting}`, lead.by, lead.interval]] : [])),
    ),
    ...breakdowns.flatMap(({ part, settings: parts }) =>
      parts.flatMap((own): Claim[] => [
        [`score of ${own.setting} on ${part}`, own.score, own.interval],
        [`recall of ${own.setting} on ${part}`, own.recall, own.recallInterval],
      ]),
    ),
  ];
}

it("every estimate lies inside its interval", () => {
  const facts: fc.Arbitrary<Facts> = fc.record({
    seed: fc.nat(),
    tasks: fc.subarray(Object.keys(TASKS) as (keyof typeof TASKS)[], { minLength: 1 }),
    samples: fc.integer({ min: 1, max: 24 }),
    perPicture: fc.integer({ min: 1, max: 4 }),
    right: fc.tuple(fc.constantFrom(1, 0.9, 0.5, 0), fc.constantFrom(1, 0.7, 0.1, 0)),
    failing: fc.constantFrom(0, 0, 0.2, 1),
  });
  let found = 0;
  fc.assert(
    fc.property(facts, (of) => {
      for (const [name, estimate, interval] of claims(reportNumbers(randomRun(of)))) {
        if (interval === undefined) continue;
        found++;
        expect(estimate, name).toBeGreaterThanOrEqual(interval.low);
        expect(estimate, name).toBeLessThanOrEqual(interval.high);
      }
    }),
    { numRuns: 40 },
  );
  expect(found).toBeGreaterThan(1000);
}, 60_000);
