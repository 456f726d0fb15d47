/** Numbers of a report, counted by hand on tiny runs. */
import { describe, expect, it } from "vitest";
import { type Row, type RunData, reportNumbers, type Setting, type SettingNumbers } from "../../../src/eval/index.js";
import { mainScore } from "../../../src/eval/report/page/main-score.js";
import { largeRun, type MadeRow, madeRow, madeRun, madeSetting, madeTask } from "./make-run.js";

const NONE: Setting = { id: "none", method: "none", budget: "all", options: {}, role: "reference" };
const setting = (id: string, budget: Setting["budget"], role: Setting["role"] = "method"): Setting => ({
  id,
  method: id.split(/[:@]/)[0],
  budget,
  options: {},
  role,
});
const random = (seed: number): Setting => ({
  ...setting(`random:seed=${seed}@58`, 58, "control"),
  options: { seed },
});

/** A run of tasks, each with rows per setting; `values` are headline metrics by setting and task. */
function run(
  tasks: Readonly<Record<string, Readonly<Record<string, readonly MadeRow[]>>>>,
  settings: readonly Setting[],
  values: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {},
  state: Partial<RunData["state"]> = {},
): RunData {
  const list = Object.entries(tasks).map(([id, rows]) => madeTask(id, rows.none.length));
  const data = settings.map(({ id }) => {
    const rows = Object.fromEntries(list.map((task) => [task.id, tasks[task.id][id].map((row, i) => madeRow(i, row))]));
    return [id, madeSetting(id, list, rows, values[id])] as const;
  });
  return madeRun(list, settings, new Map(data), state);
}

const scores = (list: readonly number[], more: Partial<MadeRow> = {}): MadeRow[] =>
  list.map((score) => ({ score, ...more }));
const full = { kept: 576 };
const of = ({ settings }: { readonly settings: readonly SettingNumbers[] }, id: string) =>
  settings.find((each) => each.id === id) as SettingNumbers;

describe("scores", () => {
  const settings = [NONE, setting("a@58", 58), setting("b@58", 58)];
  const numbers = reportNumbers(
    run(
      {
        one: {
          none: scores([1, 1, 1, 0], full),
          "a@58": scores([1, 0, 0, 1]),
          "b@58": scores([1, 1, 1, 0]),
        },
        two: {
          none: scores([1, 0.6, 0.3, 0.1], full),
          "a@58": scores([1, 0.3, 0.6, 0.1]),
          "b@58": scores([0, 0, 0, 0]),
        },
      },
      settings,
      { none: { two: 200 }, "a@58": { two: 150 }, "b@58": { two: null } },
    ),
  );
  const [one, two] = of(numbers, "a@58").tasks;

  it("relative scores are of the headline metric, the others of the questions'", () => {
    expect(one).toMatchObject({ value: 0.5, score: 0.5, difference: -25 });
    expect(one.relative).toBeCloseTo(200 / 3, 9);
    expect(two).toMatchObject({ value: 150, relative: 75, score: 0.5, difference: 0 });
    expect(two.scoreRelative).toBeCloseTo(100, 9);
    expect(of(numbers, "a@58").relative).toBeCloseTo((200 / 3 + 75) / 2, 9);
    expect(of(numbers, "none")).toMatchObject({ relative: 100 });
  });

  it("a metric that the official script does not give leaves the mean without a value", () => {
    expect(of(numbers, "b@58").tasks[1].relative).toBeUndefined();
    expect(of(numbers, "b@58").relative).toBeUndefined();
    expect(numbers.contests).toMatchObject([{ budget: 58, best: "a@58" }]);
    expect(numbers.contests[0].next).toBeUndefined();
  });

  it("flips and McNemar's p", () => {
    expect(one.flips).toEqual({ rightToWrong: 2, wrongToRight: 1, samples: 4 });
    expect(one.mcnemar).toBe(1);
    expect(two.flips).toEqual({ rightToWrong: 1, wrongToRight: 1, samples: 4 });
    // 3 to 0 would be 2 / 8.
    expect(of(numbers, "b@58").tasks[1].mcnemar).toBe(0.5);
    expect(of(numbers, "none").tasks[0].mcnemar).toBeUndefined();
  });
});

it("gives no interval where a task has one picture: each resample would be that picture", () => {
  const row = (score: number, image: string) => ({ score, image });
  const two = (image: string) => ({
    none: [row(1, "a"), row(1, image)].map((each) => ({ ...each, ...full })),
    "a@58": [row(1, "a"), row(0, image)],
  });
  const settings = [NONE, setting("a@58", 58)];
  const alone = of(reportNumbers(run({ one: two("a") }, settings)), "a@58");
  expect(alone).toMatchObject({ relative: 50, interval: undefined, scoreInterval: undefined });
  expect(alone.tasks[0]).toMatchObject({ relativeInterval: undefined, differenceInterval: undefined });
  const both = of(reportNumbers(run({ one: two("a"), other: two("b") }, settings)), "a@58");
  expect(both).toMatchObject({ interval: undefined, scoreInterval: undefined });
  expect(both.tasks[1].relativeInterval).toMatchObject({ low: 0, high: 100 });
});

describe("agreement", () => {
  it("compares normalized answers that both gave; a failed sample counts as wrong", () => {
    const rows = {
      none: [
        { score: 1, answer: "The cat." },
        { score: 1, answer: "2" },
        { score: 1, answer: "red" },
        { score: 1, answer: "up" },
      ].map((row) => ({ ...row, ...full })),
      "a@58": [
        { score: 1, answer: "the  cat" },
        { score: 1, answer: "2." },
        { score: 0, answer: "blue" },
        { score: 0, failed: "no rows left" },
      ],
    };
    const numbers = reportNumbers(run({ one: rows }, [NONE, setting("a@58", 58)]));
    const [one] = of(numbers, "a@58").tasks;
    expect(one.agreement).toMatchObject({ answered: 3, unchanged: 2 });
    expect(of(numbers, "a@58").agreement).toEqual(one.agreement);
    expect(one).toMatchObject({ score: 0.5, failed: 1, flips: { rightToWrong: 2, wrongToRight: 0 } });
    expect(numbers.failures).toEqual([
      { task: "one", setting: "a@58", count: 1, reasons: [{ doc: 3, reason: "no rows left" }] },
    ]);
    expect(of(numbers, "a@58").costs?.samples).toBe(3);
  });
});

describe("seeds", () => {
  const seeds = [0, 1, 2].map(random);
  const numbers = reportNumbers(
    run(
      {
        one: {
          none: scores([1, 1, 1, 1], full),
          "random:seed=0@58": scores([1, 0, 0, 0]),
          "random:seed=1@58": scores([1, 1, 0, 0]),
          "random:seed=2@58": scores([1, 1, 1, 0]),
        },
      },
      [NONE, ...seeds],
    ),
  );

  it("are one line: mean, range, no test", () => {
    expect(numbers.settings.map(({ id }) => id)).toEqual(["none", "random@58"]);
    const group = of(numbers, "random@58");
    expect(group).toMatchObject({ name: "random", relative: 50, seeds: { low: 25, high: 75 } });
    expect(group.tasks[0].score).toBeCloseTo(0.5, 12);
    expect(group.tasks[0].flips).toMatchObject({ rightToWrong: 2, wrongToRight: 0 });
    expect(group.tasks[0].mcnemar).toBeUndefined();
    expect(group.tasks[0].agreement).toMatchObject({ answered: 12, unchanged: 6 });
  });

  it("a seed alone keeps its name", () => {
    const one = reportNumbers(
      run({ one: { none: scores([1], full), "random:seed=0@58": scores([1]) } }, [NONE, seeds[0]]),
    );
    expect(one.settings[1]).toMatchObject({ id: "random:seed=0@58", name: "random:seed=0" });
  });
});

describe("intervals", () => {
  it("draw pictures: questions about one picture stay together", () => {
    const answers = Array.from({ length: 60 }, (_, i) => (Math.floor(i / 6) % 2 === 0 ? 1 : 0));
    const images = (perPicture: number) => ({
      none: answers.map((_, i) => ({ score: 1, ...full, image: `${Math.floor(i / perPicture)}` })),
      "a@58": answers.map((score, i) => ({ score, image: `${Math.floor(i / perPicture)}` })),
    });
    const width = (perPicture: number) => {
      const numbers = reportNumbers(run({ one: images(perPicture) }, [NONE, setting("a@58", 58)]));
      expect(numbers.tasks[0].pictures).toBe(60 / perPicture);
      const { low = 0, high = 0 } = of(numbers, "a@58").interval ?? {};
      return high - low;
    };
    // Six equal answers per picture: standard errors grow by the root of six.
    expect(width(6) / width(1)).toBeGreaterThan(2);
    expect(width(6) / width(1)).toBeLessThan(3);
  });

  it("samples of one picture are one, whatever they are called; one without a picture stands for itself", () => {
    const pictures = ["question 3", "question 3", "question 3", undefined, undefined];
    const rows = pictures.map((picture, i): Row => {
      const row = madeRow(i, { score: 1, image: null });
      return picture === undefined ? row : { ...row, sample: { ...row.sample, picture } };
    });
    const task = madeTask("one", 5);
    const made = madeRun([task], [NONE], new Map([["none", madeSetting("none", [task], { one: rows })]]));
    expect(reportNumbers(made).tasks[0].pictures).toBe(3);
  });

  it("are of the headline metric itself, computed anew from each resample", () => {
    const made = run(
      { one: { none: scores([1, 1, 1, 1], full), "a@58": scores([1, 0, 1, 1]) } },
      [NONE, setting("a@58", 58)],
      { none: { one: 8 }, "a@58": { one: 6 } },
    );
    // A metric that is twice the sum of scores, whatever the number of samples.
    const combination = {
      counts: (samples: readonly { readonly score: number }[]) => samples.map(({ score }) => [score]),
      value: ([sum]: readonly number[]) => 2 * sum,
    };
    const numbers = reportNumbers({ ...made, combinations: new Map([["one", combination]]) });
    const [{ relative = 0, relativeInterval }] = of(numbers, "a@58").tasks;
    expect(relative).toBe(75);
    expect(relativeInterval?.low).toBeLessThan(relative);
    expect(relativeInterval?.high).toBeGreaterThanOrEqual(relative);
    expect(relativeInterval?.high).toBe(100);
    const never = { ...combination, value: () => null };
    const without = reportNumbers({ ...made, combinations: new Map([["one", never]]) });
    expect(of(without, "a@58").tasks[0].relativeInterval).toBeUndefined();
  });

  it("of a lead are paired: answers that are equal in every resample show no interval of their difference", () => {
    const a = scores([1, 0, 1, 0, 1, 1, 0, 1]);
    const rows = { none: scores([1, 1, 1, 1, 1, 1, 1, 1], full), "a@58": a, "b@58": a };
    const numbers = reportNumbers(run({ one: rows }, [NONE, setting("a@58", 58), setting("b@58", 58)]));
    expect(numbers.contests[0].next).toEqual({ setting: "b@58", relative: 62.5, by: 0 });
    const { low = 0, high = 0 } = of(numbers, "a@58").interval ?? {};
    expect(high - low).toBeGreaterThan(20);
  });

  it("are not given where all tokens score nothing", () => {
    const numbers = reportNumbers(
      run({ one: { none: scores([0, 0], full), "a@58": scores([0, 1]) } }, [NONE, setting("a@58", 58)]),
    );
    const { relative, interval, tasks } = of(numbers, "a@58");
    expect([relative, interval, tasks[0].scoreRelative]).toEqual([undefined, undefined, undefined]);
    expect(tasks[0].relativeInterval).toBeUndefined();
    expect(tasks[0].difference).toBe(50);
  });
});

describe("tokens", () => {
  const settings = [
    NONE,
    setting("a@dynamic", "dynamic"),
    setting("b@20", 20),
    setting("b@40", 40),
    setting("downsample@36", 36, "control"),
  ];
  const numbers = reportNumbers(
    run(
      {
        one: {
          none: scores([1, 1], { kept: 100, full: 100 }),
          "a@dynamic": [
            { score: 1, kept: 10, full: 100 },
            { score: 1, kept: 50, full: 100 },
          ],
          "b@20": scores([1, 0], { kept: 20, full: 100 }),
          "b@40": scores([1, 1], { kept: 40, full: 100 }),
          "downsample@36": scores([1, 1], { kept: 36, full: 36 }),
        },
      },
      settings,
      {
        none: { one: 1 },
        "a@dynamic": { one: 0.9 },
        "b@20": { one: 0.5 },
        "b@40": { one: 0.8 },
        "downsample@36": { one: 0.6 },
      },
    ),
  );

  it("a dynamic method stands beside fixed ones at its mean and at its maximum", () => {
    const [{ setting: id, counts, fixed }] = numbers.equalTokens;
    expect([id, counts]).toEqual(["a@dynamic", [{ task: "one", mean: 30, max: 50 }]]);
    const [b, smaller] = fixed;
    // Halfway between 20 and 40; at 50, a sixth of the way from 40 to 100.
    expect(b).toMatchObject({ name: "b", atMean: { from: 20, to: 40 }, atMax: { from: 40, to: 100 } });
    expect(b.atMean?.relative).toBeCloseTo(65, 9);
    expect(b.atMax?.relative).toBeCloseTo(80 + 20 / 6, 9);
    expect(smaller.atMean).toBeUndefined();
    expect(smaller.atMax?.relative).toBeCloseTo(60 + (40 * 14) / 64, 9);
  });

  it("spread and share of what stays", () => {
    const { tokens, retention, counts } = of(numbers, "a@dynamic");
    expect(tokens).toMatchObject({ mean: 30, median: 30, min: 10, max: 50, p5: 12 });
    expect(retention).toBeCloseTo(0.3, 12);
    expect(counts).toEqual([10, 50]);
  });

  it("front and areas", () => {
    expect(mainScore(numbers).front).toEqual(["none", "a@dynamic", "b@20"]);
    const [b, smaller] = numbers.areas;
    // Both from 36 tokens on, where b's curve is at 50 + 30 log(1.8) / log(2).
    expect([b.name, b.from, b.to, smaller.name]).toEqual(["b", 36, 100, "downsample"]);
    expect(smaller.area).toBeCloseTo(80, 9);
    const [toForty, whole] = [Math.log(40 / 36), Math.log(100 / 36)];
    const start = 50 + (30 * Math.log(1.8)) / Math.log(2);
    expect(b.area).toBeCloseTo((toForty * ((start + 80) / 2) + (whole - toForty) * 90) / whole, 9);
  });
});

describe("costs", () => {
  const sizes = {
    num_hidden_layers: 2,
    hidden_size: 4,
    intermediate_size: 8,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    vocab_size: 10,
  };
  const rows = {
    none: scores([1, 1, 1], full),
    "a@58": [
      { score: 1, prompt: 10, firstToken: 30 },
      { score: 1, prompt: 20, firstToken: 50 },
      { score: 1, prompt: 10, firstToken: 31 },
    ],
  };

  it("operations are computed per question, then averaged; times are medians", () => {
    const numbers = reportNumbers(run({ one: rows }, [NONE, setting("a@58", 58)], {}, { language: sizes }));
    const { costs } = of(numbers, "a@58");
    // 2 layers of 4nd^2 + 2n^2 d + 2ndm (3 for gated): n 10: 2080 and 2400; n 20: 5760 and 6400.
    expect(costs?.flops?.fastv).toBeCloseTo((2 * (2080 + 5760 + 2080)) / 3, 9);
    expect(costs?.flops?.gated).toBeCloseTo((2 * (2400 + 6400 + 2400)) / 3, 9);
    expect(costs).toMatchObject({ firstToken: 31, total: 43, kvBytes: { full: 576000, kept: 58000 } });
    expect(costs?.stages.prefill).toBeCloseTo(31 * 0.5 - 10 + 0.5 - 0, 9);
    expect(numbers.roofline.map(({ setting: id, tokens }) => [id, tokens])).toEqual([
      ["none", 616],
      ["a@58", 13],
    ]);
  });

  it("without the language model's sizes there are no operations", () => {
    const numbers = reportNumbers(run({ one: rows }, [NONE, setting("a@58", 58)]));
    expect(of(numbers, "a@58").costs?.flops).toBeUndefined();
  });

  it("questions without a picture are in scores, but neither in tokens nor in times", () => {
    const mixed = {
      none: [
        { score: 1, ...full },
        { score: 1, kept: 0, full: 0, firstToken: 3, image: null },
      ],
      "a@58": [
        { score: 1, firstToken: 50 },
        { score: 0, kept: 0, full: 0, firstToken: 3, image: null },
      ],
    };
    const a = of(reportNumbers(run({ one: mixed }, [NONE, setting("a@58", 58)])), "a@58");
    expect([a.tokens?.mean, a.costs?.firstToken, a.tasks[0].score]).toEqual([58, 50, 0.5]);
  });
});

describe("parts", () => {
  it("score and recall by slice, over all tasks and by task", () => {
    const row = (score: number, slice: string, kept: number): MadeRow => ({
      score,
      region: { patches: 10, kept },
      parts: { slice, type: "color", split: "iid" },
    });
    const rows = {
      none: [row(1, "needle", 10), row(1, "needle", 10), row(1, "global", 10)].map((each) => ({ ...each, ...full })),
      "a@58": [row(1, "needle", 8), row(0, "needle", 2), row(1, "global", 1)],
    };
    const plain = { none: scores([1], full), "a@58": scores([0]) };
    const { breakdowns } = reportNumbers(run({ one: rows, two: rows, real: plain }, [NONE, setting("a@58", 58)]));
    const slices = breakdowns.filter(({ by }) => by === "slice");
    expect(slices.map(({ part, task, samples }) => [part, task, samples])).toEqual([
      ["needle", undefined, 4],
      ["global", undefined, 2],
      ["needle", "one", 2],
      ["needle", "two", 2],
      ["global", "one", 1],
      ["global", "two", 1],
    ]);
    expect(slices[0].settings[1]).toMatchObject({ setting: "a@58", score: 0.5, recall: 0.5 });
    expect(slices[1].settings[1]).toMatchObject({ score: 1, recall: 0.1, interval: undefined });
  });

  it("none for tasks without regions", () => {
    expect(reportNumbers(run({ one: { none: scores([1, 0], full) } }, [NONE])).breakdowns).toEqual([]);
  });
});

describe("controls", () => {
  it("are compared at the budgets that their settings say, not at those of a name", () => {
    const smaller: Setting = { ...setting("downsample@25", 25, "control"), side: 5, comparedAt: [32, 30] };
    const other: Setting = { ...setting("downsample@49", 49, "control"), side: 7, comparedAt: [58] };
    const methods = [setting("a@30", 30), setting("a@32", 32), setting("a@60", 60)];
    const rows = Object.fromEntries([NONE, ...methods, smaller, other].map(({ id }) => [id, scores([1, 1])]));
    const { contests } = reportNumbers(run({ one: rows }, [NONE, ...methods, smaller, other]));
    expect(contests.map(({ budget, control }) => [budget, control?.setting])).toEqual([
      [30, "downsample@25"],
      [32, "downsample@25"],
      [60, undefined],
    ]);
  });
});

describe("nothing answered", () => {
  it("is no score: neither of the task nor of its questions", () => {
    const rows = { none: [{ score: 0, failed: "no picture" }], "a@58": [{ score: 0, failed: "no picture" }] };
    const values = { none: { one: null }, "a@58": { one: null } };
    const a = of(reportNumbers(run({ one: rows }, [NONE, setting("a@58", 58)], values)), "a@58");
    const [{ value, score, scoreRelative, difference, differenceInterval }] = a.tasks;
    expect([a.relative, value, score, scoreRelative, difference, differenceInterval]).toEqual(Array(6).fill(undefined));
  });
});

describe("refuses", () => {
  it("a run without all tokens, or with other samples in a setting", () => {
    expect(() =>
      reportNumbers(run({ one: { none: scores([1], full), "a@58": scores([1]) } }, [setting("a@58", 58)])),
    ).toThrow("expected a run with the setting none, got a@58");
    const short = run({ one: { none: scores([1, 1], full), "a@58": scores([1]) } }, [NONE, setting("a@58", 58)]);
    expect(() => reportNumbers(short)).toThrow("the 2 samples of one that none answered");
  });
});

it("the same run gives the same numbers", () => {
  expect(reportNumbers(largeRun({ samples: 40 }))).toEqual(reportNumbers(largeRun({ samples: 40 })));
});

it("the paper's cost table agrees with the arithmetic, within what it is printed to", () => {
  const { paperCosts } = reportNumbers(run({ one: { none: scores([1], full) } }, [NONE]));
  expect(paperCosts).toHaveLength(6);
  for (const { bits, computed, printed } of paperCosts) {
    const own = [
      computed.teraOperations,
      computed.milliseconds,
      computed.memoryGigabytes,
      computed.activationGigabytes,
    ];
    // Within what rounding to the printed digits, and the paper's 2.6 ms for 2.52, allow.
    for (const [i, value] of own.entries())
      expect(Math.abs(value / printed[i] - 1), `${bits} bits, ${i}`).toBeLessThan(0.07);
  }
});
