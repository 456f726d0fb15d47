/** Every estimate of a report lies inside its interval, whatever the run. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  comparisonSettings,
  type ReportNumbers,
  type Row,
  type RunData,
  reportNumbers,
} from "../../../src/eval/index.js";
import { cellText } from "../../../src/eval/report/page/document.js";
import { reportTable } from "../../../src/eval/report/page/export.js";
import { mainScore } from "../../../src/eval/report/page/main-score.js";
import { reportMarkdown } from "../../../src/eval/report/page/markdown.js";
import { reportDocument } from "../../../src/eval/report/page/report-document.js";
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
/** Random ones are controls of the default at 58. */

const { settings: SETTINGS } = comparisonSettings({
  methods: ["recoverable", "text-topk"],
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
  const tasks = ids.map((id) => madeTask(id, samples, { open: id !== "syn_mmbench" }));
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
            kl: setting.id === "none" ? 0 : random.unit() ** 4,
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
  const run = madeRun(tasks, SETTINGS, new Map(data), { logits: true, defaultMethod: "recoverable" });
  return { ...run, combinations: new Map(ids.map((id) => [id, TASKS[id].combination])) };
}

type Claim = readonly [
  name: string,
  estimate: number | undefined,
  interval: { readonly low: number; readonly high: number } | undefined,
];

function claims({ settings, differences, contests, breakdowns }: ReportNumbers): Claim[] {
  const share = ({ unchanged, answered }: { unchanged: number; answered: number }) => unchanged / answered;
  return [
    ...settings.flatMap((own): Claim[] => [
      [`relative of ${own.id}`, own.relative, own.interval],
      [`score of ${own.id}`, own.score, own.scoreInterval],
      [`seeds of ${own.id}`, own.relative, own.seeds],
      [`open of ${own.id}`, own.open, own.openInterval],
      [`kl of ${own.id}`, own.kl, own.klInterval],
      [`agreement of ${own.id}`, share(own.agreement), own.agreement.interval],
      ...own.tasks.flatMap((task): Claim[] => [
        [`relative of ${own.id} on ${task.task}`, task.relative, task.relativeInterval],
        [`difference of ${own.id} on ${task.task}`, task.difference, task.differenceInterval],
        [`agreement of ${own.id} on ${task.task}`, share(task.agreement), task.agreement.interval],
      ]),
    ]),
    ...differences.flatMap(({ setting, to, ...by }) =>
      Object.entries(by).map(
        ([name, own]): Claim => [`default ${name} of ${setting} to ${to}`, own?.value, own?.interval],
      ),
    ),
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

/** The number that a text begins with; with the true minus sign. */
function numberOf(text: string): number {
  return Number.parseFloat(text.replaceAll("−", "-"));
}

function shownRange(text: string): Claim[2] {
  const ends = /(−?[\d.]+)(?: to |, )(−?[\d.]+)/.exec(text);
  return ends === null ? undefined : { low: numberOf(ends[1]), high: numberOf(ends[2]) };
}

/** In each table: an interval stands behind the number that it is of. */
function tableClaims(name: string, heads: readonly string[], rows: readonly (readonly string[])[]): Claim[] {
  return heads.flatMap((head, c): Claim[] =>
    head === "95 % interval"
      ? rows.map((row) => [`${name}, ${heads[c - 1]} of ${row[0]}`, numberOf(row[c - 1]), shownRange(row[c])])
      : [],
  );
}

/** What the pages, the sentences and the exports say, as they say it. */
function shownClaims(numbers: ReportNumbers): Claim[] {
  const { sections, summary } = reportDocument(numbers);
  const tables = sections.flatMap(({ parts }) => parts.filter((part) => part.kind === "table"));
  const { columns, rows, shown } = reportTable(numbers);
  const sentences = summary.flatMap((text) => [
    ...text.matchAll(/(−?[\d.]+) (?:of 100|points|% of the answers[^;(]*) \(95 % interval ([^)]*)\)/g),
  ]);
  return [
    ...tables.flatMap(({ caption, columns: heads, rows: lines }) => [
      ...tableClaims(
        caption,
        heads.map(({ title }) => title),
        lines.map(({ cells }) => cells.map(cellText)),
      ),
      ...lines.flatMap(({ cells }) =>
        cells.flatMap((cell): Claim[] =>
          typeof cell === "object" && cell.whisker !== undefined ? [[caption, cell.whisker.at, cell.whisker]] : [],
        ),
      ),
    ]),
    ...tableClaims(
      "LaTeX",
      shown.map(({ head }) => head),
      rows.map((_, row) => shown.map(({ cells }) => cells[row])),
    ),
    ...sentences.map(([, value, ends]): Claim => ["sentence", numberOf(value), shownRange(ends)]),
    ...rows.flatMap((row) => {
      const value = (name: string) => row[columns.indexOf(name)] as number | undefined;
      return columns
        .filter((name) => name.endsWith("_low"))
        .map((name): Claim => {
          const base = name.slice(0, -"_low".length);
          const estimate = ["", "_percent", "_points"]
            .map((unit) => value(base + unit))
            .find((each) => each !== undefined);
          const [low, high] = [value(name), value(`${base}_high`)];
          return [`CSV ${base}`, estimate, low === undefined || high === undefined ? undefined : { low, high }];
        });
    }),
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
  const found = new Map<string, number>();
  fc.assert(
    fc.property(facts, (of) => {
      const numbers = reportNumbers(randomRun(of));
      for (const [name, estimate, interval] of [...claims(numbers), ...shownClaims(numbers)]) {
        if (interval === undefined) continue;
        const kind = name.split(/[ ,]/)[0];
        found.set(kind, (found.get(kind) ?? 0) + 1);
        expect(estimate, name).toBeGreaterThanOrEqual(interval.low);
        expect(estimate, name).toBeLessThanOrEqual(interval.high);
      }
    }),
    { numRuns: 40 },
  );
  for (const kind of ["relative", "open", "kl", "default", "lead", "Each", "Tokens:", "LaTeX", "CSV", "sentence"]) {
    // Random runs have some of each; how many differs from draw to draw.
    expect(found.get(kind), kind).toBeGreaterThan(0);
  }
}, 60_000);

describe("a task without its official metric on some draws: an F1 without a yes", () => {
  const numbers = reportNumbers(
    randomRun({
      seed: 3,
      tasks: ["syn_pope", "syn_textvqa"],
      samples: 24,
      perPicture: 2,
      right: [0.7, 0.6],
      failing: 0,
    }),
  );
  const score = mainScore(numbers);

  it("draws where all tokens have none are left out and told, the score has its interval", () => {
    expect(numbers.bootstrap.leftOut).toBeGreaterThan(0);
    expect(numbers.bootstrap.leftOut).toBeLessThan(500);
    expect(score.hasIntervals).toBe(true);
    const text = reportMarkdown(reportDocument(numbers));
    expect(text).toContain(`${numbers.bootstrap.leftOut} of the 1000 draws are left out`);
  });

  it("no column stands beside the score with the interval of something else", () => {
    const heads = reportDocument(numbers).sections[0].parts.flatMap((part) =>
      part.kind === "table" ? part.columns.map(({ title }) => title) : [],
    );
    expect(heads.slice(2, 4)).toEqual([score.title, "95 % interval"]);
  });
});

it("without any interval no table has a column of them, and one sentence says why", () => {
  const numbers = reportNumbers(
    randomRun({ seed: 1, tasks: ["syn_textvqa"], samples: 4, perPicture: 4, right: [1, 0.7], failing: 0 }),
  );
  const [{ parts }] = reportDocument(numbers).sections;
  const [table] = parts.filter((part) => part.kind === "table");
  expect(table.columns.map(({ title }) => title)).not.toContain("95 % interval");
  expect(table.caption).toContain("There are no intervals: they say what other pictures might give");
  const { caption, shown } = reportTable(numbers);
  expect(shown.map(({ head }) => head)).not.toContain("95 % interval");
  expect(caption).toContain("There are no intervals");
});
