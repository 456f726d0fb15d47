/** Runs read from disk, and the command that makes the page of one. */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommandIo } from "../../../src/cli/command.js";
import { reportCommand } from "../../../src/cli/commands/report.js";
import { type RunData, reportNumbers } from "../../../src/eval/index.js";
import { lmmsEvalFiles, readRun } from "../../../src/eval/node/index.js";
import { settingFolder } from "../../../src/eval/run/setting-folder.js";
import { largeRun, writeRun } from "./make-run.js";

const made = largeRun({ samples: 12, tasks: ["syn_pope", "syn_mme"], methods: ["recoverable"] });
let folder: string;
let run: RunData;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-report-"));
  run = writeRun(folder, made);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ofSetting = (name: string, id = "recoverable@58") => join(folder, "settings", id, name);
const answers = () => join(folder, "answers.jsonl");
const rewrite = (path: string, change: (text: string) => string) =>
  writeFileSync(path, change(readFileSync(path, "utf8")));

async function command(...args: string[]): Promise<{ out: string; note: string }> {
  const said = { out: "", note: "" };
  const io: CommandIo = {
    out: (text) => {
      said.out += `${text}\n`;
    },
    write: (text) => {
      said.out += text;
    },
    note: (text) => {
      said.note += `${text}\n`;
    },
    tell: (text) => {
      said.note += `${text}\n`;
    },
    columns: 80,
    noteColumns: 80,
  };
  await reportCommand.run(args, io);
  return said;
}

it("gives the numbers of the run that was written", async () => {
  expect(reportNumbers(await readRun(folder))).toEqual(reportNumbers(run));
});

describe("settings whose names differ in marks or case alone", () => {
  const odd = ["recoverable:mergeNeighbors=20", "recoverable:variant=official-alt", "recoverable:variant=official"];
  const close = (id: string) => ({ id, method: "recoverable", budget: 4, options: {}, role: "method" }) as const;
  const alike = [
    "own:mode=a+b@4",
    "own:mode=a/b@4",
    "own:mode=a__b@4",
    "own:mode=A/b@4",
    `own:mode=${"x".repeat(250)}@4`,
  ];
  let other: string;
  beforeEach(() => {
    other = mkdtempSync(join(tmpdir(), "recoup-names-"));
  });
  afterEach(() => rmSync(other, { recursive: true, force: true }));

  it("are read in the folders of earlier versions, too", async () => {
    const written = writeRun(other, largeRun({ samples: 4, tasks: ["syn_mme"], methods: odd }));
    for (const { id } of written.state.settings) {
      const [now, before] = [settingFolder(id), id.replaceAll("..", "-to-").replaceAll(/[^\w.@=-]/g, "-")];
      renameSync(join(other, "settings", now), join(other, "settings", before));
    }
    expect((await readRun(other)).settings).toEqual(written.settings);
  });

  it("have folders of their own in lmms-eval's files", async () => {
    const data = largeRun({ samples: 4, tasks: ["syn_mme"], methods: ["recoverable"] });
    const full = data.settings.get("none") as NonNullable<ReturnType<typeof data.settings.get>>;
    const [none] = data.state.settings;
    const rows = (setting: string) =>
      Object.fromEntries(
        Object.entries(full.rows).map(([task, list]) => [
          task,
          list.map((row) => ({ ...row, record: { ...row.record, setting } })),
        ]),
      );
    const settings = new Map([
      ["none", full] as const,
      ...alike.map((id) => [id, { ...full, rows: rows(id) }] as const),
    ]);
    writeRun(other, { ...data, state: { ...data.state, settings: [none, ...alike.map(close)] }, settings });
    for (const id of settings.keys())
      writeFileSync(join(other, "settings", settingFolder(id), "samples_syn_mme.jsonl"), "");
    const folders = (await lmmsEvalFiles(other)).map(({ name }) => name.split("/")[0].toLowerCase());
    expect(new Set(folders).size).toBe(settings.size);
    for (const name of folders) expect(name.length).toBeLessThan(120);
  });
});

it("does without machine.json", async () => {
  rmSync(join(folder, "machine.json"));
  expect((await readRun(folder)).machine).toBeUndefined();
});

describe("refuses", () => {
  it("a folder that is no run", async () => {
    await expect(readRun(tmpdir())).rejects.toThrow("expected a folder of recoup eval at");
    await expect(readRun(join(folder, "nowhere"))).rejects.toThrow("got no run.json in it");
    rewrite(join(folder, "run.json"), (text) => text.replace("recoup-eval", "other"));
    await expect(readRun(folder)).rejects.toThrow('got format "other" in its run.json');
  });

  it("another layout", async () => {
    rewrite(join(folder, "run.json"), (text) => text.replace('"version": 2', '"version": 99'));
    await expect(readRun(folder)).rejects.toThrow("got layout 99");
  });

  it("a run of the layout before, by its name", async () => {
    rewrite(join(folder, "run.json"), (text) => text.replace('"version": 2', '"version": 1'));
    await expect(readRun(folder)).rejects.toThrow("expected a run of layout 2");
  });

  it("a run on own questions without right answers, which has no score", async () => {
    rewrite(join(folder, "run.json"), (text) => text.replaceAll('"rule": "llava"', '"rule": "agreement"'));
    await expect(readRun(folder)).rejects.toThrow(
      "expected a run with scores, got one on questions without right answers",
    );
  });

  it("a run that is not over", async () => {
    rmSync(ofSetting("results.json"));
    await expect(readRun(folder)).rejects.toThrow(/expected results of recoverable@58.*the run is not over/);
    writeRun(folder, made);
    rmSync(ofSetting("scores.json"));
    await expect(readRun(folder)).rejects.toThrow(/expected scores of recoverable@58.*the run is not over/);
    writeRun(folder, made);
    rmSync(join(folder, "tasks", "syn_mme.jsonl"));
    await expect(readRun(folder)).rejects.toThrow(/expected samples of syn_mme.*the run is not over/);
    writeRun(folder, made);
    rewrite(answers(), (text) => text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1));
    await expect(readRun(folder)).rejects.toThrow(/an answer of \S+ to sample 11 of syn_mme.*the run is not over/);
  });

  it("parts of another run, naming file and fact", async () => {
    rewrite(ofSetting("results.json"), (text) => text.replace(/("syn_mme": )"[0-9a-f]{16}"/, '$1"0000000000000000"'));
    await expect(readRun(folder)).rejects.toThrow(
      /recoverable@58.results\.json is of another run: task_hashes of syn_mme/,
    );
    writeRun(folder, made);
    // As of a run with another seed, put into this folder.
    const other = mkdtempSync(join(tmpdir(), "recoup-report-"));
    writeRun(other, { ...made, state: { ...made.state, seed: 2 } });
    cpSync(join(other, "settings", "none"), join(folder, "settings", "none"), { recursive: true });
    await expect(readRun(folder)).rejects.toThrow(/none.results\.json is of another run: run_hash/);
    rmSync(other, { recursive: true });
    writeRun(folder, made);
    rewrite(answers(), (text) => text.replace('"text":"right"', '"text":"left"'));
    await expect(readRun(folder)).rejects.toThrow(/none.results\.json is of another run: answers_hash/);
    writeRun(folder, made);
    rewrite(join(folder, "tasks", "syn_pope.jsonl"), (text) => text.replace('"target":"yes"', '"target":"no"'));
    await expect(readRun(folder)).rejects.toThrow(/syn_pope\.jsonl is of another run/);
  });

  it.each([
    [
      "half a line in the middle",
      (text: string) => text.replace(/\n.{40}/, "\n"),
      /an answer in line 2 of .*answers\.jsonl/,
    ],
    ["an empty line", (text: string) => text.replace("\n", "\n\n"), /an answer in line 2 of/],
    [
      "no times",
      (text: string) => text.replace(/"firstToken":[\d.]+,/, ""),
      /timings\.firstToken as a number from 0, got nothing/,
    ],
    ["no text", (text: string) => text.replace(/"text":"[^"]*",/, ""), /line 1 of .*, text as a text, got nothing/],
    ["a list for an answer", (text: string) => text.replace(/^.*\n/, "[1]\n"), /line 1 of .*, an object, got \[1\]/],
    [
      "a negative time",
      (text: string) => text.replace(/"total":/, '"total":-'),
      /timings\.total as a number from 0, got -/,
    ],
  ])("%s of answers, naming file and line", async (_, change, message) => {
    rewrite(answers(), change);
    await expect(readRun(folder)).rejects.toThrow(message);
  });

  it.each([
    ["a score above 1", (text: string) => text.replace(/[01]/, "7"), /a score from 0 to 1 in .*scores\.json, got 7/],
    ["a score too few", (text: string) => text.replace(/[01],/, ""), /expected 12 scores of syn_pope in .*, got 11/],
    ["a text for scores", (text: string) => text.replace(/\[[^\]]*\]/, '"1"'), /syn_pope as a list in .*scores\.json/],
  ])("%s", async (_, change, message) => {
    rewrite(ofSetting("scores.json"), change);
    await expect(readRun(folder)).rejects.toThrow(message);
  });

  it("a run.json without its settings, and one of wrong types", async () => {
    rewrite(join(folder, "run.json"), (text) => text.replace('"settings"', '"cells"'));
    await expect(readRun(folder)).rejects.toThrow(/settings as a list in .*run\.json, got nothing/);
    writeRun(folder, made);
    rewrite(join(folder, "run.json"), (text) => text.replace('"samples": 12', '"samples": "12"'));
    await expect(readRun(folder)).rejects.toThrow(/tasks\[0\]\.samples as a whole number from 0 in .*run\.json/);
  });

  it("results that are no JSON", async () => {
    appendFileSync(ofSetting("results.json", "none"), "}");
    await expect(readRun(folder)).rejects.toThrow(/JSON in .*results\.json/);
  });
});

it("reads a run with byte order marks before its files", async () => {
  const before = reportNumbers(await readRun(folder));
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.jsonl?$/.test(name));
  for (const name of names) rewrite(join(folder, name), (text) => `\ufeff${text}`);
  expect(reportNumbers(await readRun(folder))).toEqual(before);
  expect(names).toContain("answers.jsonl");
});

describe("recoup report", () => {
  it("writes the page and the tables, twice the same bytes, and says the summary", async () => {
    const { out, note } = await command(folder);
    const read = () => ["report.html", "report.md"].map((name) => readFileSync(join(folder, name), "utf8"));
    const first = read();
    expect(first[0]).toMatch(/^<!doctype html>/);
    expect(first[1]).toMatch(/^# /);
    expect(out).toContain("recoverable@dynamic keeps");
    expect(note).toContain("report.html");
    await command(folder);
    expect(read()).toEqual(first);
  });

  it("--out names another place; --json prints the numbers and writes nothing", async () => {
    const other = join(folder, "page.html");
    await command(folder, "--out", other);
    expect(readFileSync(join(folder, "page.md"), "utf8")).toMatch(/^# /);
    const { out } = await command(folder, "--json");
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(reportNumbers(run))));
    expect(() => readFileSync(join(folder, "report.html"))).toThrow("ENOENT");
  });

  it("--format says what is written, the page's own name beside it", async () => {
    const { note } = await command(folder, "--format", "csv,latex");
    expect(note).toMatch(/wrote \S+report\.csv, \S+report\.tex/);
    expect(readFileSync(join(folder, "report.csv"), "utf8")).toMatch(/^setting,/);
    expect(readFileSync(join(folder, "report.tex"), "utf8")).toContain("\\toprule");
    expect(() => readFileSync(join(folder, "report.html"))).toThrow("ENOENT");
    await expect(command(folder, "--format", "pdf")).rejects.toThrow(/html, md, csv, latex/);
  });

  it("refuses no folder, two folders, and a page that is no page", async () => {
    await expect(command()).rejects.toThrow("expected DIR, got nothing");
    await expect(command(folder, folder)).rejects.toThrow(`expected DIR, got ${folder} ${folder}`);
    await expect(command(folder, "--out", "x.txt")).rejects.toThrow("expected --out FILE.html, got x.txt");
    await expect(command(folder, "--out", "x.html", "--json")).rejects.toThrow("--out or --json");
  });
});
