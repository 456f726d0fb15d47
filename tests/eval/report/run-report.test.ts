/** The folder of a run as page and tables: pictures of examples, own questions, and what is there without optional packages. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jsonLines } from "../../../src/benchmarks/index.js";
import { shape } from "../../../src/core/index.js";
import { type AnswerRecord, ownData, type Row, type RunData, runState } from "../../../src/eval/index.js";
import { runReport, writeSamples } from "../../../src/eval/node/index.js";
import { cellBits } from "../../../src/eval/run/own-cells.js";
import { largeRun, madeRow, writeRun } from "./make-run.js";

const ATTACK = `"><script>alert(1)</script>`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-page-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.doUnmock("vega");
  vi.doUnmock("sharp");
  vi.resetModules();
});

/** A picture of two halves, twice as wide as high. */
async function picture(path: string): Promise<void> {
  const data = Buffer.alloc(48 * 24 * 3, 200);
  await sharp(data, { raw: { width: 48, height: 24, channels: 3 } })
    .png()
    .toFile(path);
}

/** A run on benchmarks whose samples say what they ask, with the cells of compressed answers. */
function askedRun(): RunData {
  const run = largeRun({ samples: 12, tasks: ["syn_pope", "syn_mme"], methods: ["recoverable"] });
  const cells = { rows: 24, columns: 24, square: true, own: cellBits([0, 1, 30], 576) };
  const asked = (row: Row): Row => ({
    ...row,
    sample: { ...row.sample, image: row.sample.picture, relevanceText: `Is it so, ${row.sample.docId}? ${ATTACK}` },
    record: row.record.error === undefined && row.record.tokens.kept < 576 ? { ...row.record, cells } : row.record,
  });
  const settings = Array.from(run.settings, ([id, { results, rows }]) => {
    const all = Object.entries(rows).map(([task, list]) => [task, list.map(asked)]);
    return [id, { results, rows: Object.fromEntries(all) }] as const;
  });
  return { ...run, settings: new Map(settings) };
}

const page = async () => {
  const { texts, hints, numbers } = await runReport(folder, { formats: ["html"] });
  return { html: texts[0].text, hints, numbers };
};

describe("examples", () => {
  it("have their pictures with the kept tokens, at most eight, each as bytes in the page", async () => {
    writeRun(folder, askedRun());
    for (const place of ["pope/val2014", "MME/MME_Benchmark_release_version"]) {
      mkdirSync(join(folder, "data", place), { recursive: true });
      for (let i = 0; i < 4; i++) await picture(join(folder, "data", place, `${i}.png`));
    }
    const { html } = await page();
    const count = html.match(/<figure class="example">/g)?.length ?? 0;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(8);
    // The middle square: 24 of 48 pixels.
    const images = html.match(
      /viewBox="0 0 24 24"><image href="data:image\/jpeg;base64,[\w+/=]+" width="24" height="24"\/><path/g,
    );
    expect(images).toHaveLength(count);
    expect(html).toContain('d="M2 0h22v1h-22zM0 1h6v1h-6zM7 1h17v1h-17z');
    expect(html).toMatch(/Is it so, \d+\? &quot;&gt;&lt;script&gt;/);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain("Without pictures");
  });

  it("are words where the data are gone, or a picture is damaged, and one line says so", async () => {
    writeRun(folder, askedRun());
    const { html } = await page();
    expect(html).toMatch(/Without pictures: the folder of the data, \S+data, is not there\./);
    expect(html).toContain('<figure class="example"><figcaption>');
    mkdirSync(join(folder, "data"));
    expect((await page()).html).toMatch(/\d+ pictures are missing: .*readable picture/);
  });

  it("a run that wrote no questions has its samples' numbers instead", async () => {
    writeRun(folder, largeRun({ samples: 12, tasks: ["syn_mme"], methods: ["recoverable"] }));
    expect((await page()).html).toMatch(/<h3>sample \d+ of syn_mme<\/h3>/);
  });
});

describe("without optional packages", () => {
  it("without sharp there are no pictures, and a line says so", async () => {
    writeRun(folder, askedRun());
    mkdirSync(join(folder, "data"));
    for (const place of ["pope/val2014", "MME/MME_Benchmark_release_version"]) {
      mkdirSync(join(folder, "data", place), { recursive: true });
      for (let i = 0; i < 4; i++) await picture(join(folder, "data", place, `${i}.png`));
    }
    vi.doMock("sharp", () => {
      throw new Error("Cannot find package 'sharp'");
    });
    vi.resetModules();
    const fresh = await import("../../../src/eval/node/index.js");
    const { texts, hints } = await fresh.runReport(folder, { formats: ["html"] });
    expect(hints).toEqual([expect.stringMatching(/pictures are missing: .*npm install sharp/)]);
    expect(texts[0].text).toMatch(/pictures are missing: .*npm install sharp/);
  });
});

describe("own questions", () => {
  async function ownRun(answers: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const images = join(folder, "images");
    mkdirSync(images);
    for (const name of ["a.png", "b.png"]) await picture(join(images, name));
    const text = `What is it?\nWhich color? ${ATTACK}\n`;
    const data = ownData({ text, file: "q.txt", folder: images, images: ["a.png", "b.png"], maxNewTokens: 8 });
    if (data.kind !== "agreement") throw new Error("right answers in plain lines");
    const { task } = data;
    const setting = (id: string) => ({
      id,
      method: id.split("@")[0],
      budget: 58,
      options: {},
      role: "method" as const,
    });
    const reference = { id: "none", method: "none", budget: "all" as const, options: {}, role: "reference" as const };
    const settings = Object.keys(answers).map((id) => (id === "none" ? reference : setting(id)));
    const model = { name: "tiny", family: "llava" };
    const state = runState({ model, settings, leftOut: [], seed: 0, notes: [], tasks: [task] });
    writeFileSync(join(folder, "run.json"), JSON.stringify(state));
    await writeSamples(folder, [task]);
    const records = Object.entries(answers).flatMap(([id, texts]) =>
      texts.map((answer, doc): AnswerRecord => {
        const [kept, firstToken] = id === "none" ? [576, 300] : [58, id.startsWith("slow") ? 330 : 200];
        const { record } = madeRow(doc, { score: 1, answer, kept, firstToken });
        return { ...record, task: "own", setting: id };
      }),
    );
    writeFileSync(join(folder, "answers.jsonl"), jsonLines(shape.anything, records));
  }

  it("have the same page: a table by agreement, verdicts with intervals and factors, examples", async () => {
    const full = ["a cat", "red", "a dog", "blue"];
    await ownRun({
      none: full,
      "slow@58": ["A cat.", "red", "a dog", "Blue"],
      "recoverable@58": ["a cat", "green", "a cow", "blue"],
    });
    const { texts, summary, numbers } = await runReport(folder, {
      formats: ["html", "md", "csv", "latex"],
      data: join(folder, "images"),
    });
    expect(numbers.format).toBe("recoup-agreement");
    const [html, markdown, csv, latex] = texts.map(({ text }) => text);
    expect(summary).toEqual([
      expect.stringMatching(
        /^slow@58: 100\.0 % of the answers stay \(95 % interval 34\.2 to 100\.0, Wilson\), from 58\.0 tokens; no faster to the first token \(0\.9x\): 330 ms instead of 300 ms\./,
      ),
      expect.stringMatching(
        /^recoverable@58: 50\.0 % of the answers stay .*; 1\.5x faster to the first token: 200 ms instead of 300 ms\./,
      ),
    ]);
    expect(html).not.toMatch(/\bpays?\b/);
    expect(html.indexOf("slow@58</a>")).toBeLessThan(html.indexOf("recoverable@58</a>"));
    expect(html.indexOf("all tokens</a>")).toBeLessThan(html.indexOf("slow@58</a>"));
    expect(html.match(/<image href="data:image\/jpeg/g)).toHaveLength(2);
    expect(html).not.toContain("<script>alert");
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(markdown).toContain("| slow@58 | 58.0 | 100.0 % | 34.2 to 100.0 |");
    expect(csv.split("\r\n")[1]).toMatch(/^slow@58,slow,58,method,58,4,4,1,0\.34/);
    expect(latex).toContain("recoverable@58 & 58.0 & 50.0 & {[}");
  });

  it("that are not all answered are refused", async () => {
    await ownRun({ none: ["a", "b", "c", "d"], "recoverable@58": ["a", "b", "c"] });
    await expect(runReport(folder, { formats: ["html"] })).rejects.toThrow(
      /an answer of recoverable@58 to sample 3 of own.*the run is not over/,
    );
  });

  it("of which nothing was answered have a page without a number made of nothing", async () => {
    await ownRun({ none: ["a", "b", "c", "d"], "recoverable@58": ["a", "b", "c", "d"] });
    const failed = ["none", "recoverable@58"].flatMap((setting) =>
      [0, 1, 2, 3].map((doc) => ({ task: "own", doc, setting, error: "out of memory" })),
    );
    writeFileSync(join(folder, "answers.jsonl"), jsonLines(shape.anything, failed));
    const { html } = await page();
    expect(html).toContain("nothing to compare, no question was answered both ways");
    expect(html).toContain("8 answers failed");
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
