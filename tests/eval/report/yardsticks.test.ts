/** Yardsticks beside the score, counted by hand, and what stands beside the model's own method. */
import { describe, expect, it } from "vitest";
import { agreementNumbers } from "../../../src/eval/agreement/agreement-numbers.js";
import { comparisonSettings, type ReportNumbers, reportNumbers, type Setting } from "../../../src/eval/index.js";
import { agreementDocument } from "../../../src/eval/report/page/agreement-document.js";
import { cellText, type Section } from "../../../src/eval/report/page/document.js";
import { agreementTable, reportTable } from "../../../src/eval/report/page/export.js";
import { reportDocument } from "../../../src/eval/report/page/report-document.js";
import { keyText } from "../../../src/eval/run/answer-record.js";
import { largeRun, type MadeRow, madeRow, madeRun, madeSetting, madeTask } from "./make-run.js";

const NONE: Setting = { id: "none", method: "none", budget: "all", options: {}, role: "reference" };
const at = (id: string, more: Partial<Setting> = {}): Setting => {
  return { id, method: id.split(/[:@]/)[0], budget: 58, options: {}, role: "method", ...more };
};

/** A run of an open task and one of letters, the same rows in both. */
function run(rows: Readonly<Record<string, readonly MadeRow[]>>, settings: readonly Setting[], defaultMethod = "own") {
  const count = rows.none.length;
  const tasks = [madeTask("open", count, { open: true }), madeTask("letters", count, { open: false })];
  const data = settings.map(({ id }) => {
    const made = rows[id].map((row, doc) => madeRow(doc, row));
    return [id, madeSetting(id, tasks, { open: made, letters: made })] as const;
  });
  return madeRun(tasks, settings, new Map(data), { defaultMethod, logits: true });
}

describe("by hand", () => {
  const moved = [0.2, 3, 0.01, 1.5];
  const rows = {
    none: [1, 1, 1, 1].map((score) => ({ score, answer: "a", kl: 0, kept: 576 })),
    "own@58": moved.map((kl) => ({ score: 1, answer: "a", kl })),
    // Farther by 0.1 or 0.12, whatever the question; the last question has no answer.
    "other@58": moved.map((kl, i) =>
      i === 3
        ? { score: 0, failed: "no" }
        : { score: 0.5, answer: i === 0 ? "b" : "a", kl: kl + (i === 1 ? 0.12 : 0.1) },
    ),
  };
  const numbers = reportNumbers(run(rows, [NONE, at("own@58"), at("other@58")]));
  const of = (id: string) => numbers.settings.find((setting) => setting.id === id);
  const [difference, ...others] = numbers.differences;

  it("KL is the mean of the questions that have one", () => {
    expect(of("none")?.kl).toBe(0);
    expect(of("own@58")?.kl).toBeCloseTo((0.2 + 3 + 0.01 + 1.5) / 4, 12);
    expect(of("other@58")?.kl).toBeCloseTo((0.3 + 3.12 + 0.11) / 3, 12);
  });

  it("each setting but the default stands beside the default, on the questions that both answered", () => {
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ setting: "other@58", to: "own@58" });
    expect(difference.kl?.value).toBeCloseTo(0.32 / 3, 12);
    expect(difference.unchanged?.value).toBeCloseTo(-100 / 3, 12);
    expect(difference.relative?.value).toBeCloseTo(37.5 - 100, 12);
  });

  it("differences are paired: their interval is as wide as they are, not as what they are differences of", () => {
    const { low = 0, high = 0 } = difference.kl?.interval ?? {};
    expect(low).toBeGreaterThanOrEqual(0.1 - 1e-12);
    expect(high).toBeLessThanOrEqual(0.12 + 1e-12);
    const own = of("other@58")?.klInterval;
    expect((own?.high ?? 0) - (own?.low ?? 0)).toBeGreaterThan(1);
  });
});

it("the mean of the open tasks leaves out letters of options", () => {
  const tasks = [
    madeTask("one", 2, { open: true }),
    madeTask("two", 2, { open: true }),
    madeTask("three", 2, { open: false }),
  ];
  const right = [1, 1].map((score, doc) => madeRow(doc, { score, kept: 576 }));
  const [half, none] = [
    [1, 0],
    [0, 0],
  ].map((list) => list.map((score, doc) => madeRow(doc, { score })));
  const data = new Map([
    ["none", madeSetting("none", tasks, { one: right, two: right, three: right })],
    ["own@58", madeSetting("own@58", tasks, { one: right, two: half, three: none })],
  ]);
  const [full, own] = reportNumbers(madeRun(tasks, [NONE, at("own@58")], data)).settings;
  expect(full).toMatchObject({ relative: 100, open: 100 });
  expect(own).toMatchObject({ relative: 50, open: 75 });
  const old = madeRun(
    tasks.map(({ open: _, ...task }) => task),
    [NONE, at("own@58")],
    data,
  );
  expect(reportNumbers(old).settings[1].open).toBeUndefined();
});

describe("the default", () => {
  const compared = (methods: readonly string[], more: Partial<Parameters<typeof comparisonSettings>[0]> = {}) => {
    const { settings } = comparisonSettings({
      methods,
      budgets: ["dynamic", "58", "51"],
      signals: ["grid", "features", "keys", "clsAttention", "textSimilarity"],
      grid: [24, 24],
      ...more,
    });
    const rows = Object.fromEntries(settings.map(({ id }) => [id, [{ score: 1 }]]));
    return (name?: string) =>
      reportNumbers({ ...run(rows, settings, name) }).differences.map(({ setting, to }) => `${setting} to ${to}`);
  };

  it("is the method of that name without options, at the same budget; controls stand beside it where they are compared", () => {
    const pairs = compared(["cdpruner", "recoverable", "recoverable:merge=mean"])("recoverable");
    expect(pairs).toEqual([
      "cdpruner@58 to recoverable@58",
      "cdpruner@51 to recoverable@51",
      "recoverable:merge=mean@dynamic to recoverable@dynamic",
      "recoverable:merge=mean@58 to recoverable@58",
      "recoverable:merge=mean@51 to recoverable@51",
      "random@58 to recoverable@58",
      "uniform@58 to recoverable@58",
      "pool@58 to recoverable@58",
      "downsample@49 to recoverable@58",
      "downsample@49 to recoverable@51",
      "random@51 to recoverable@51",
      "uniform@51 to recoverable@51",
      "pool@51 to recoverable@51",
    ]);
  });

  it("is compared with the same positions and mass", () => {
    const told = { budgets: ["58"], positions: ["compact", "original"] as const, controls: false };
    expect(compared(["cdpruner", "recoverable"], told)("recoverable")).toEqual([
      "cdpruner:positions=compact@58 to recoverable:positions=compact@58",
      "cdpruner:positions=original@58 to recoverable:positions=original@58",
    ]);
  });

  it("that was not asked, or that the run does not name, gives no differences", () => {
    expect(compared(["cdpruner"])("recoverable")).toEqual([]);
    const { state, ...rest } = run({ none: [{ score: 1 }], "own@58": [{ score: 1 }] }, [NONE, at("own@58")]);
    const { defaultMethod: _, ...unnamed } = state;
    expect(reportNumbers({ state: unnamed, ...rest }).differences).toEqual([]);
  });
});

describe("shown", () => {
  const tasks = ["syn_textvqa", "syn_mmbench"];
  const numbers = reportNumbers(largeRun({ tasks, samples: 60, logits: true }));
  const heads = (section: Section | undefined) =>
    (section?.parts ?? []).flatMap((part) => (part.kind === "table" ? [part.columns.map(({ title }) => title)] : []));
  const sectionOf = (own: ReportNumbers, id: string) => reportDocument(own).sections.find((each) => each.id === id);

  it("on the page: two columns of the first table, and a section with intervals and differences", () => {
    expect(heads(sectionOf(numbers, "scores"))[0].slice(-3)).toEqual(["same answers", "KL", "open tasks, %"]);
    const interval = "95 % interval";
    const [means, differences] = heads(sectionOf(numbers, "yardsticks"));
    expect(means).toEqual(["setting", "open tasks, %", interval, "same answers, %", interval, "KL", interval]);
    expect(differences.filter((title) => title !== interval)).toEqual([
      "setting",
      "score",
      "open tasks",
      "same answers",
      "KL",
      "beside",
    ]);
    const tables = sectionOf(numbers, "yardsticks")?.parts.flatMap((part) => (part.kind === "table" ? [part] : []));
    const cells = tables?.[1].rows.map((row) => row.cells.map(cellText)) ?? [];
    const [row] = cells.filter(([setting]) => setting === "cdpruner@58");
    expect(row.at(-1)).toBe("recoverable@58");
    expect(row.at(-3)).toMatch(/^−?0\.\d{3}$/);
    expect(row.at(-2)).toMatch(/^−?0\.\d{3} to −?0\.\d{3}$/);
  });

  it("neither without logits, letters, or the default's name; and the section says how KL is had", () => {
    const plain = reportNumbers(largeRun({ tasks, samples: 30 }));
    expect(heads(sectionOf(plain, "scores"))[0].at(-1)).toBe("same answers");
    const section = sectionOf(plain, "yardsticks");
    expect(heads(section)).toEqual([["setting", "same answers, %", "95 % interval"]]);
    expect(JSON.stringify(section)).toContain("recoup eval records it with --logits");
  });

  it("on the page of a run without right answers, and in its CSV", () => {
    const { state, settings } = largeRun({ tasks: ["syn_textvqa"], samples: 30, logits: true });
    const records = [...settings.values()].flatMap(({ rows }) => rows.syn_textvqa.map(({ record }) => record));
    const samples = (settings.get("none")?.rows.syn_textvqa ?? []).map(({ sample }) => sample);
    const own = agreementNumbers({
      state,
      samples,
      records: new Map(records.map((record) => [keyText(record), record])),
    });
    const [section] = agreementDocument(own).sections;
    const [table] = section.parts.filter((part) => part.kind === "table");
    const at = table.columns.findIndex(({ title }) => title === "KL");
    const row = table.rows.find(({ cells: [name] }) => cellText(name) === "cdpruner@58");
    expect(row?.cells[at]).toMatchObject({
      text: expect.stringMatching(/^0\.\d{3}$/),
      note: expect.stringMatching(/^95 % interval 0\.\d{3} to 0\.\d{3}$/),
    });
    const { columns, rows } = agreementTable(own);
    const compared = own.settings.find(({ setting }) => setting === "cdpruner@58");
    const line = rows.find(([id]) => id === "cdpruner@58") ?? [];
    expect(line[columns.indexOf("kl")]).toBe(compared?.kl);
    expect(line[columns.indexOf("kl_high")]).toBe(compared?.klInterval?.high);
  });

  it("in CSV with all digits, and in LaTeX", () => {
    const { columns, rows, shown } = reportTable(numbers);
    const row = rows.find(([id]) => id === "cdpruner@58") ?? [];
    const value = (name: string) => row[columns.indexOf(name)];
    const own = numbers.settings.find(({ id }) => id === "cdpruner@58");
    const difference = numbers.differences.find(({ setting }) => setting === "cdpruner@58");
    expect([value("kl"), value("kl_low"), value("kl_high")]).toEqual([
      own?.kl,
      own?.klInterval?.low,
      own?.klInterval?.high,
    ]);
    expect([value("open_percent"), value("open_high")]).toEqual([own?.open, own?.openInterval?.high]);
    expect(value("default")).toBe("recoverable@58");
    expect(value("default.kl_difference")).toBe(difference?.kl?.value);
    expect(value("default.open_difference_low")).toBe(difference?.open?.interval?.low);
    expect(shown.map(({ head }) => head).slice(-5)).toEqual([
      "Open tasks, %",
      "Same answers, %",
      "KL",
      "First token, ms",
      "Speedup",
    ]);
  });
});
