/** `recoup eval --images` with right answers, and `recoup export`, as a user runs them: real processes, the bundled model. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/bin/recoup.js", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-own-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recoup = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
};
const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text);
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const lines = (name: string) =>
  readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const own = (questions: string, out: string, ...args: string[]) =>
  recoup("eval", "--images", "pics", "--questions", questions, "--budgets", "16", "--out", out, ...args);

const CSV = [
  "\ufeffimage,question,answers,group,notes",
  '0.png,"How many ""signs"", in all, are in the image?",two|2,count,x',
  '"sub/1.png","Is there a red star in',
  'the image?",no,presence,',
  "",
  "sub/1.png,Is there a blue ring in the image?,yes,presence,",
].join("\r\n");

beforeAll(() => {
  expect(recoup("synth", "--tasks", "syn_vqav2", "--split", "val", "--count", "2", "--out", "data").status).toBe(0);
  const images = join(folder, "data/vqav2/val2014");
  mkdirSync(join(folder, "pics/sub"), { recursive: true });
  const [first, second] = readdirSync(images).sort();
  cpSync(join(images, first), join(folder, "pics/0.png"));
  cpSync(join(images, second), join(folder, "pics/sub/1.png"));
  write("mine.csv", CSV);
  const { status, stdout, stderr } = own("mine.csv", "run");
  expect(stderr).toContain("scoring 3 questions: mine.csv (exact match); --metric chooses another");
  expect(stdout).toMatch(/^setting +tokens +relative +same +mine +first token +faster$/m);
  expect(status).toBe(0);
}, 120_000);

describe("a drawn part of the rows", () => {
  it("is asked and scored, and stands in the request", () => {
    expect(own("mine.csv", "drawn", "--limit", "2", "--seed", "3").status).toBe(0);
    expect(json("drawn/run.json")).toMatchObject({ limit: 2, seed: 3, tasks: [{ samples: 2 }] });
    // A row of each group.
    expect(lines("drawn/tasks/mine.jsonl").map(({ category }) => category)).toEqual(["count", "presence"]);
    const other = own("mine.csv", "drawn", "--limit", "1", "--seed", "3");
    expect(other.stderr).toContain("drawn was made with --limit 2, this asks for --limit 1: give another --out");
  });

  it("is compared where there are no right answers", () => {
    write("some.txt", "Is there a star?\nIs there a ring?\nWhat is this?\n");
    expect(own("some.txt", "drawn-open", "--limit", "2").status).toBe(0);
    expect(json("drawn-open/run.json")).toMatchObject({ limit: 2, seed: 1, tasks: [{ samples: 2 }] });
    const pictures = lines("drawn-open/tasks/own.jsonl").map(({ picture }) => picture);
    expect(new Set(pictures).size).toBe(2);
    expect(recoup("report", "drawn-open").status).toBe(0);
  });
});

describe("recoup eval --images with right answers", () => {
  it("writes what a benchmark's run has, groups among the metrics", () => {
    const { tasks, settings } = json("run/run.json");
    expect(tasks).toMatchObject([{ id: "mine", rule: "own", headline: "exact_match", maxScore: 1, samples: 3 }]);
    expect(settings.map(({ id }: { id: string }) => id)).toEqual(["none", "recoup@16"]);
    const { results } = json("run/settings/recoup@16/results.json");
    const names = ["exact_match,none", "exact_match/count,none", "exact_match/presence,none"];
    expect(Object.keys(results.mine)).toEqual(["alias", "samples", ...names]);
    const rows = lines("run/settings/none/samples_mine.jsonl");
    expect(rows.map(({ image, category, target }) => [image, category, target])).toEqual([
      ["0.png", "count", "two"],
      ["sub/1.png", "presence", "no"],
      ["sub/1.png", "presence", "yes"],
    ]);
    expect(rows[1].input).toBe(
      "Is there a red star in\nthe image?\nAnswer the question using a single word or phrase.",
    );
    const mean = rows.reduce((sum, { score }) => sum + score, 0) / 3;
    expect(json("run/settings/none/results.json").results.mine["exact_match,none"]).toBeCloseTo(mean, 12);
  });

  it("shows the picture of an answer that turned", () => {
    const questions = ["--images", "pics", "--questions", "mine.csv"];
    expect(recoup("eval", ...questions, "--budgets", "1", "--out", "turned").status).toBe(0);
    expect(recoup("report", "turned").status).toBe(0);
    expect(readFileSync(join(folder, "turned/report.html"), "utf8")).toContain("data:image/jpeg");
  });

  it("resumes, is reported, and refuses other questions in its folder", () => {
    expect(own("mine.csv", "run").stderr).not.toContain("answers: 1");
    const report = recoup("report", "run");
    expect([report.status, report.stdout]).toEqual([0, expect.stringContaining("recoup@16")]);
    expect(report.stderr).not.toMatch(/without pictures|missing/i);
    // From wherever it is made.
    const elsewhere = spawnSync(process.execPath, [main, "report", "../run"], {
      cwd: join(folder, "pics"),
      encoding: "utf8",
    });
    expect(elsewhere.stderr).not.toMatch(/without pictures|missing/i);
    expect(json("run/machine.json").data).toBe("../pics");
    expect(readFileSync(join(folder, "run/report.md"), "utf8")).toContain("mine.csv (exact match)");
    expect(own("mine.csv", "run", "--metric", "anls").stderr).toMatch(
      /run was made with --metric exact_match, this asks for --metric anls:/,
    );
    write("mine2.csv", CSV.replace("red star", "green star"));
    expect(own("mine2.csv", "run").status).toBe(2);
  });

  it("scores options by letters", () => {
    const row = { image: "0.png", question: "Is the image a drawing?", options: ["yes", "no"], answer: 0 };
    write("options.json", JSON.stringify([row]));
    const { status, stderr } = own("options.json", "options", "--json");
    expect([status, stderr]).toEqual([0, expect.stringContaining("options.json (accuracy)")]);
    expect(lines("options/settings/none/samples_options.jsonl")[0].input).toMatch(/\nA\. yes\nB\. no\nAnswer with the/);
  });

  it("names rows that cannot be used before a model is loaded: three, and how many more", () => {
    const bad = ["../x.png,q,a", "x.png,q,a", "0.png,,a", "0.png,q", "0.png,q,"];
    write("bad.csv", ["image,question,answers", "0.png,Is there a star?,no", ...bad].join("\n"));
    const { status, stderr } = own("bad.csv", "bad");
    const [note, ...warnings] = stderr.split("\n").slice(0, 6);
    expect(note).toContain("scoring 1 question: ");
    expect(warnings).toEqual([
      'warning: bad.csv:3: image "../x.png" is outside of pics',
      'warning: bad.csv:4: no image "x.png" in pics',
      "warning: bad.csv:5: no question",
      "warning: 2 more rows of bad cannot be used",
      expect.stringContaining("loaded tiny"),
    ]);
    expect([status, json("bad/run.json").tasks[0].problems.length]).toEqual([0, 5]);
    const strict = own("bad.csv", "strict", "--strict");
    expect(strict.stderr).toBe(
      'recoup eval: expected a usable row in line 3 of bad.csv, got image "../x.png" is outside of pics\n',
    );
    expect([strict.status, existsSync(join(folder, "strict"))]).toEqual([2, false]);
  });

  it.each([
    ["utf16.csv", Buffer.from("\ufeffimage,question\n", "utf16le"), [], /questions in UTF-8 in utf16\.csv, got UTF-16/],
    ["bare16.csv", Buffer.from("image,question\n", "utf16le"), [], /a zero byte in line 1/],
    ["latin.csv", Buffer.from("image,question\n0.png,gr\xfcn?\n", "latin1"), [], /bytes of another encoding/],
    [
      "typo.csv",
      "image,qestion,answers\n0.png,q,a\n",
      [],
      /the column "question".*did you mean question by "qestion"\?/,
    ],
    [
      "open.csv",
      'image,question,answers\n0.png,"q,a\n',
      [],
      /closed quotes in open\.csv, got one that opens in line 2/,
    ],
    ["twice.csv", "image,question,answers,answers\n0.png,q,a,b\n", [], /one column "answers" in twice\.csv, got two/],
    ["semi.csv", "image;question;answers\n0.png;q;a\n", [], /got one with semicolons between its columns/],
    ["sheet.xlsx", "PK", [], /a file that ends in \.csv/],
    ["none.csv", "question\nq\n", ["--metric", "anls"], /answers in none\.csv, which --metric compares with, got none/],
    ["mine.csv", CSV, ["--metric", "rouge"], /--metric accuracy, exact_match, soft_accuracy or anls, got rouge/],
    ["mine.csv", CSV, ["--metric", "accuracy"], /that accuracy can score, got no options/],
    ["mine.csv", CSV, ["--examples", "2"], /--examples with questions without right answers/],
    ["pics", undefined, [], /a file at pics, got a folder/],
  ])("refuses %s %# with nothing written", (name, text, args, message) => {
    if (text !== undefined) write(name, text);
    const { status, stdout, stderr } = own(name, "refused", ...args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });
});

it("recoup eval resumes with the same pictures alone", () => {
  cpSync(join(folder, "run"), join(folder, "other"), { recursive: true });
  mkdirSync(join(folder, "swapped/sub"), { recursive: true });
  cpSync(join(folder, "pics/0.png"), join(folder, "swapped/sub/1.png"));
  cpSync(join(folder, "pics/sub/1.png"), join(folder, "swapped/0.png"));
  const [flag, budget] = ["--budgets", "16"];
  const resumed = recoup("eval", "--images", "swapped", "--questions", "mine.csv", flag, budget, "--out", "other");
  expect([resumed.status, resumed.stderr]).toEqual([2, expect.stringContaining("got another 0.png in swapped")]);
  expect(own("mine.csv", "other").status).toBe(0);
});

describe("recoup eval --images without right answers", () => {
  it("compares, and names rows that cannot be used", () => {
    write("open-ended.csv", "image,question\n0.png,What is in the image?\nx.png,q\n");
    const { status, stdout, stderr } = own("open-ended.csv", "compared");
    expect(stderr).toContain('warning: open-ended.csv:3: no image "x.png" in pics');
    expect(stdout).toMatch(/^recoup@16 +16\.0 +1 /m);
    expect([status, json("compared/run.json").tasks[0].rule]).toEqual([0, "agreement"]);
    expect(recoup("export", "compared", "--format", "csv").stdout).toContain("same_answers");
    const refused = recoup("export", "compared", "--format", "lmms_eval", "--out", "none");
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("without right answers")]);
  });
});

describe("a weak text signal", () => {
  it("is told on the terminal and on the page, from ten questions on", () => {
    const absent = Array.from({ length: 10 }, (_, i) => `0.png,What letter is on the blue sign ${i}?`);
    for (const [name, count] of [
      ["nine", 9],
      ["ten", 10],
    ] as const) {
      write(`${name}.csv`, ["image,question", ...absent.slice(0, count)].join("\n"));
      const told = count === 10;
      const { status, stderr } = own(`${name}.csv`, name);
      expect([status, /text\s+signal\s+is\s+weak:\s+10\s+questions/.test(stderr)]).toEqual([0, told]);
      const page = readFileSync(join(folder, name, "report.html"), "utf8");
      expect(page.includes("text signal is weak: 10 questions")).toBe(told);
    }
  });
});

describe("recoup export", () => {
  it("has recoup report's CSV and LaTeX, on stdout or in a file", () => {
    expect(recoup("report", "run", "--format", "csv,latex").status).toBe(0);
    for (const [format, ending] of [
      ["csv", "csv"],
      ["latex", "tex"],
    ]) {
      const text = readFileSync(join(folder, `run/report.${ending}`), "utf8");
      expect(text).toContain("recoup@16");
      expect(recoup("export", "run", "--format", format)).toMatchObject({ status: 0, stdout: text });
      const out = `new/run.${ending}`;
      expect(recoup("export", "run", "--format", format, "--out", out)).toMatchObject({ status: 0, stdout: "" });
      expect(readFileSync(join(folder, out), "utf8")).toBe(text);
    }
  });

  it("has the folders and files of lmms-eval, the same at every call", () => {
    expect(recoup("export", "run", "--format", "lmms_eval", "--out", "lmms").status).toBe(0);
    const day = json("run/machine.json").date.replaceAll("-", "");
    const names = ["none", "recoup@16"].flatMap((setting) =>
      ["results.json", "samples_mine.jsonl"].map((name) => `tiny__${setting}/${day}_000000_${name}`),
    );
    const files = readdirSync(join(folder, "lmms"), { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => /\.jsonl?$/.test(name)).sort()).toEqual(names);
    const results = json(`lmms/${names[0]}`);
    expect(results.results.mine).toMatchObject({ "exact_match_stderr,none": "N/A" });
    expect(results).toMatchObject({
      config: { model: "recoup", model_args: "pretrained=tiny,setting=none" },
      group_subtasks: { mine: [] },
      model_name_sanitized: "tiny__none",
      "n-shot": { mine: 0 },
    });
    const samples = lines(`lmms/${names[1]}`);
    expect(samples.map(({ filtered_resps }) => filtered_resps)).toEqual(
      lines("run/settings/none/samples_mine.jsonl").map(({ resps: [[text]] }) => text),
    );
    expect("resps" in samples[0]).toBe(false);
    expect(recoup("export", "run", "--format", "lmms_eval", "--out", "lmms").status).toBe(0);
  });

  it("replaces no file with other content unless told to, and never one of the run", () => {
    write("notes.csv", "mine");
    const refused = recoup("export", "run", "--format", "csv", "--out", "notes.csv");
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/no file yet at notes\.csv, or --force/),
    ]);
    expect(readFileSync(join(folder, "notes.csv"), "utf8")).toBe("mine");
    expect(recoup("export", "run", "--format", "csv", "--out", "notes.csv", "--force").status).toBe(0);
    const before = readFileSync(join(folder, "run/answers.jsonl"), "utf8");
    const own = recoup("export", "run", "--format", "csv", "--out", "run/answers.jsonl", "--force");
    expect([own.status, own.stderr]).toEqual([2, expect.stringContaining("other than the input")]);
    expect(readFileSync(join(folder, "run/answers.jsonl"), "utf8")).toBe(before);
    const part = recoup("export", "run", "--format", "csv", "--out", "run/settings/none/samples_mine.jsonl", "--force");
    expect([part.status, part.stderr]).toEqual([2, expect.stringContaining("other than the input")]);
    // What is exported beside the run's files is none of them.
    for (const _ of [1, 2])
      expect(recoup("export", "run", "--format", "csv", "--out", "run/mine.csv", "--force").status).toBe(0);
    rmSync(join(folder, "run/mine.csv"));
  });

  it.each([
    [["run"], /--format csv, latex or lmms_eval, got none/],
    [["run", "--format", "cvs"], /got cvs; did you mean csv\?|got cvs/],
    [["run", "--format", "lmms_eval"], /--out DIR for lmms_eval/],
    [["run", "--format", "lmms_eval", "--out", "mine.csv"], /ENOTDIR|EEXIST/],
    [["pics", "--format", "csv"], /a folder of recoup eval at pics/],
    [["--format", "csv"], /expected DIR, got nothing/],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = recoup("export", ...args);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});
