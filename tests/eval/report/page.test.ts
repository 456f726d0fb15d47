/** The page and the Markdown file: what is on them, and that nothing comes from elsewhere. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type RunData, reportNumbers, type Setting } from "../../../src/eval/index.js";
import { type ChartDrawer, chartDrawer } from "../../../src/eval/report/page/chart-svg.js";
import { reportHtml } from "../../../src/eval/report/page/html.js";
import { reportMarkdown } from "../../../src/eval/report/page/markdown.js";
import { PAGE_SCRIPT } from "../../../src/eval/report/page/page-script.js";
import { reportDocument } from "../../../src/eval/report/page/report-document.js";
import { METHODS } from "../../../src/methods/index.js";
import { largeRun, madeRow, madeRun, madeSetting, madeTask } from "./make-run.js";

const NONE: Setting = { id: "none", method: "none", budget: "all", options: {}, role: "reference" };
const ATTACK = `<script>alert("1")</script><img src="http://a.example/x.png"> | **x**`;

let draw: ChartDrawer;
beforeAll(async () => {
  draw = await chartDrawer();
});

const page = async (run: RunData) => reportHtml(reportDocument(reportNumbers(run)), draw);
const markdown = (run: RunData) => reportMarkdown(reportDocument(reportNumbers(run)));

/** A run in which everything that comes from data is markup. */
function hostileRun(): RunData {
  const task = madeTask("one", 2, {
    alias: ATTACK,
    headline: ATTACK,
    problems: [{ file: ATTACK, line: 3, what: ATTACK }],
  });
  const a: Setting = {
    id: `a:${ATTACK}@dynamic`,
    method: "a",
    budget: "dynamic",
    options: { x: ATTACK },
    role: "method",
  };
  const parts = { slice: ATTACK, type: ATTACK, split: ATTACK };
  const rows = (kept: number) => [
    madeRow(0, { score: 1, answer: ATTACK, kept, parts }),
    madeRow(1, { score: 0, failed: ATTACK, kept, parts }),
  ];
  const data = new Map(
    [NONE.id, a.id].map((id) => [id, madeSetting(id, [task], { one: rows(id === NONE.id ? 576 : 58) })]),
  );
  return madeRun([task], [NONE, a], data, {
    model: { name: ATTACK, family: ATTACK },
    notes: [ATTACK],
    leftOut: [ATTACK],
  });
}

describe("of a whole comparison", () => {
  const run = largeRun({ samples: 60 });
  let html: string;
  beforeAll(async () => {
    html = await page(run);
  });

  it("nothing is loaded: no address in a source, links to papers and code only, one script that its policy names", () => {
    expect(html).not.toMatch(/<script[^>]|<link|<iframe|<image|@import|url\(/i);
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]);
    expect(scripts).toEqual([PAGE_SCRIPT]);
    const hash = createHash("sha256").update(PAGE_SCRIPT).digest("base64");
    expect(html).toContain(
      `content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}';`,
    );
    expect(html).not.toMatch(/\ssrc(set)?=/i);
    expect(html).not.toMatch(/xmlns/);
    const links = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    const outside = links.filter((link) => !link.startsWith("#"));
    expect(new Set(outside.map((link) => new URL(link).host))).toEqual(new Set(["arxiv.org", "github.com"]));
    for (const link of links.filter((each) => each.startsWith("#"))) expect(html).toContain(`id="${link.slice(1)}"`);
  });

  it("ids are unique, and the charts have none", () => {
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    // One curve, three tasks, turns, one dynamic method, four slices, times.
    expect(html.match(/<svg role="img" aria-label="[^"]+/g)).toHaveLength(11);
    // What is drawn beside a number says nothing more than the number.
    expect(html.match(/<svg (?!role="img")/g)).toEqual(html.match(/<svg (?=class="whisker"[^>]* aria-hidden="true")/g));
  });

  it("model, data and machine are said once; what is not of the run has its own source", () => {
    const { facts, sections } = reportDocument(reportNumbers(run));
    expect(facts.map(([name]) => name)).toEqual(["Model", "Data", "Machine", "Made"]);
    expect(html.match(/Some CPU/g)).toHaveLength(1);
    expect(html).toMatch(/180 questions about \d+ pictures/);
    const tables = sections.flatMap(({ parts }) => parts.filter((part) => part.kind === "table"));
    expect(tables.length).toBeGreaterThan(12);
    for (const { caption, source } of tables) {
      expect(source === undefined).toBe(!/Arithmetic|Not of this run/.test(caption));
    }
    for (const { columns, rows } of tables) for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
  });

  it("begins with all settings sorted by score, all tokens first, and the rest is folded", () => {
    const { sections } = reportDocument(reportNumbers(run));
    const [{ id, folded, parts }, ...others] = sections;
    expect([id, folded, others.filter((each) => !each.folded).map((each) => each.id)]).toEqual([
      "scores",
      undefined,
      ["examples"],
    ]);
    const [table] = parts.filter((part) => part.kind === "table");
    expect(table.rows[0].role).toBe("reference");
    const scores = table.rows.slice(1).map(({ cells }) => (typeof cells[2] === "string" ? undefined : cells[2].value));
    expect(scores).toEqual(scores.toSorted((a, b) => (b ?? -1) - (a ?? -1)));
    expect(html).toContain('class="n" aria-sort="descending">score, %</th>');
  });

  it("every setting leads to its method: a line about it, and its paper", () => {
    const names = [...html.matchAll(/<th scope="row"[^>]*><a href="#(method-[^"]+)"/g)].map((match) => match[1]);
    expect(new Set(names).size).toBe(9);
    const [terms] = reportDocument(reportNumbers(run)).sections.filter(({ id }) => id === "terms");
    const text = terms.parts.map((part) => JSON.stringify(part)).join("");
    for (const name of names) expect(text).toContain(`"id":"${name}"`);
    for (const { id, reference } of METHODS) {
      const [paper] = /\d{4}\.\d{5}/.exec(reference) ?? [];
      if (paper !== undefined && names.includes(`method-${id}`))
        expect(text).toContain(`https://arxiv.org/abs/${paper}`);
    }
    for (const word of ["relative score", "McNemar", "Pareto front", "recall", "agreement", "95 % interval"])
      expect(text).toContain(word);
  });

  it("has all controls, the notes above everything, and a summary in words", () => {
    const main = html.slice(html.indexOf('id="scores"'), html.indexOf('id="examples"'));
    for (const name of ["all tokens", "no picture", "random@58 (3 seeds)", "uniform@58", "pool@32", "downsample@25"]) {
      expect(main).toContain(`>${name}</a>`);
    }
    expect(html.indexOf("The rows are invented")).toBeLessThan(html.indexOf('id="scores"'));
    const { summary } = reportDocument(reportNumbers(run));
    expect(summary[0]).toMatch(/^At 58 tokens, \S+ is the best method: [\d.]+ % of the score of all tokens;/);
    expect(summary.join("\n")).toMatch(/at an equal mean .* at an equal maximum/);
    expect(summary.at(-1)).toBe("6 answers failed.");
  });

  it("is the same text for the same run", async () => {
    expect(await page(largeRun({ samples: 60 }))).toBe(html);
    expect(markdown(largeRun({ samples: 60 }))).toBe(markdown(run));
  });

  it("Markdown has the same tables: as many cells in every line as in the head", () => {
    const lines = markdown(run).split("\n");
    let width = 0;
    for (const [i, line] of lines.entries()) {
      if (!line.startsWith("|")) continue;
      const cells = line.split(/(?<!\\)\|/).length;
      if (!lines[i - 1].startsWith("|")) width = cells;
      expect(cells).toBe(width);
    }
    expect(lines.filter((line) => line.startsWith("| --- |")).length).toBeGreaterThan(12);
  });
});

it("markup in answers, names and reasons is text", async () => {
  const html = await page(hostileRun());
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toContain("<img");
  expect(html).toContain("&lt;script&gt;alert");
  const text = markdown(hostileRun());
  expect(text).not.toMatch(/<(script|img)/);
  expect(text).toContain("\\|");
});

it("says which part a number lacks: in the summary of all tokens, and with the settings that it is about", () => {
  const run = largeRun({ samples: 10 });
  const [first] = run.state.tasks;
  const lacking = (id: string) => (id === "none" || id === "zero" ? "\nzero: no F1" : "");
  const settings = new Map(
    Array.from(run.settings, ([id, { rows, results }]) => {
      const warnings = `the sum is without count${lacking(id)}`;
      return [id, { rows, results: { ...results, [first.id]: { ...results[first.id], warnings } } }];
    }),
  );
  const { warnings } = reportNumbers({ ...run, settings });
  expect(warnings).toMatchObject([
    { task: first.id, text: "the sum is without count" },
    { task: first.id, text: "zero: no F1", settings: ["none", "zero"] },
  ]);
  expect(warnings[0].settings).toHaveLength(run.state.settings.length);
  const text = markdown({ ...run, settings }).replaceAll("\\_", "_");
  expect(text).toContain(`Of ${first.id}: the sum is without count.`);
  expect(text).toMatch(new RegExp(`\\| ${first.id} \\| all \\| the sum is without count \\|`));
  expect(text).toMatch(new RegExp(`\\| ${first.id} \\| none, zero \\| zero: no F1 \\|`));
});

it("a run of all tokens alone is a page too", async () => {
  const task = madeTask("one", 2);
  const rows = [madeRow(0, { score: 1, kept: 576 }), madeRow(1, { score: 0, kept: 576 })];
  const run = madeRun([task], [NONE], new Map([["none", madeSetting("none", [task], { one: rows })]]));
  const html = await page(run);
  expect(html).toContain("No method was asked beside all tokens.");
  expect(html).toContain("machine not recorded");
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
  expect(html).not.toContain('id="slices"');
  expect(html).toContain("does not say the language model");
});

it("a run in which everything failed says so, without a number made of nothing", async () => {
  const task = madeTask("one", 1, { headline: "pope_f1_score" });
  const a: Setting = { id: "a@58", method: "a", budget: 58, options: {}, role: "method" };
  const failed = [madeRow(0, { score: 0, kept: 0, full: 0, failed: "out of memory" })];
  const data = new Map(["none", "a@58"].map((id) => [id, madeSetting(id, [task], { one: failed }, { one: null })]));
  const html = await page(madeRun([task], [NONE, a], data));
  expect(html).toContain("Nothing was answered, so there is no score.");
  expect(html).not.toContain("No method was asked");
  expect(html).toContain("2 answers failed.");
  expect(html).toContain("out of memory (sample 0)");
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

it("numbers are never NaN or undefined on the page of a whole comparison", async () => {
  const html = await page(
    largeRun({ samples: 12, methods: ["recoverable", "cdpruner", "cls-topk", "divprune", "text-topk", "visionzip"] }),
  );
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

it("says why there is no interval of the score, and has no column of another", async () => {
  const task = madeTask("one", 4, { headline: "pope_f1_score" });
  const few: Setting = { id: "a@58", method: "a", budget: 58, options: {}, role: "method" };
  // Without the first picture all tokens score nothing, and there is no ratio to nothing.
  const rows = (scores: readonly number[]) => scores.map((score, doc) => madeRow(doc, { score }));
  const data = new Map([
    ["none", madeSetting("none", [task], { one: rows([1, 0, 0, 0]) })],
    ["a@58", madeSetting("a@58", [task], { one: rows([1, 0, 1, 0]) })],
  ]);
  const run = madeRun([task], [NONE, few], data);
  const text = markdown(run);
  expect(text).toContain("There is no interval: the official metric has no value on too many draws");
  expect(text).toMatch(/\| a@58 \|[^|]*\| 200.0 \| 100 \|/);
  expect(await page(run)).toContain("There is no interval: ");
});

describe("sentences", () => {
  const setting = (id: string, role: Setting["role"] = "method"): Setting => ({
    id: `${id}@58`,
    method: id,
    budget: 58,
    options: {},
    role,
    ...(role === "control" && { comparedAt: [58] }),
  });

  /** Scores of questions; what is not named answers all. */
  function summary(scores: Readonly<Record<string, readonly number[]>>, perPicture: number): string {
    const samples = Object.values(scores)[0].length;
    const task = madeTask("one", samples);
    const settings = [NONE, setting("a"), setting("b"), setting("uniform", "control")];
    const data = settings.map(({ id }) => {
      const own = scores[id.split("@")[0]] ?? new Array<number>(samples).fill(1);
      const rows = own.map((score, doc) => madeRow(doc, { score, image: `${Math.floor(doc / perPicture)}.png` }));
      return [id, madeSetting(id, [task], { one: rows })] as const;
    });
    return reportDocument(reportNumbers(madeRun([task], settings, new Map(data)))).summary.join(" ");
  }

  it("a lead without an interval may be chance, and the sentence says whose lead it is", () => {
    const text = summary({ a: [1, 1, 1, 1], b: [1, 1, 1, 0], uniform: [1, 1, 0, 0] }, 4);
    expect(text).toContain("b@58 is next with 75.0 %, a difference that may be chance: it has no interval.");
    expect(text).toContain(
      "a@58 is ahead of the best control, uniform@58 (50.0 %), by 50.0 points, a difference that may be chance: it has no interval.",
    );
  });

  it("no interval is stated where no draw differs", () => {
    const text = summary({ a: [1, 1, 1, 0], b: [1, 1, 0, 1], uniform: [1, 1, 1, 0] }, 1);
    expect(text).toContain("a@58 does not beat the best control, uniform@58 (75.0 %): the difference is 0.0 points.");
    expect(text).not.toContain("0.0 to 0.0");
  });

  it("counts of answers that turn are in grammar", () => {
    expect(summary({ a: [1, 1, 1, 0], b: [0, 0, 1, 1] }, 1)).toContain(
      "1 answer turns from right to wrong, none from wrong to right.",
    );
    expect(summary({ a: [1, 1, 1, 1] }, 1)).toContain("no answer turns from right to wrong or from wrong to right.");
    expect(summary({ a: [0, 0, 1, 1], b: [0, 0, 1, 1] }, 1)).toContain("2 answers turn from right to wrong, none");
    expect(markdown(largeRun({ samples: 1, methods: ["recoverable"] }))).not.toMatch(
      /\b1 (questions|pictures|tests)\b/,
    );
  });
});
