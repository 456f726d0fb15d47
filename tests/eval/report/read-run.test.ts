/** Runs read from disk, and the command that makes the page of one. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommandIo } from "../../../src/cli/command.js";
import { reportCommand } from "../../../src/cli/commands/report.js";
import { reportNumbers } from "../../../src/eval/index.js";
import { readRun } from "../../../src/eval/node/index.js";
import { largeRun, writeRun } from "./make-run.js";

const run = largeRun({ samples: 12, tasks: ["syn_pope", "syn_mme"], methods: ["recoverable"] });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-report-"));
  writeRun(folder, run);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const samples = () => join(folder, "cells", "recoverable@58", "samples_syn_mme.jsonl");
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
    columns: 80,
  };
  await reportCommand.run(args, io);
  return said;
}

it("gives the numbers of the run that was written", async () => {
  expect(reportNumbers(await readRun(folder))).toEqual(reportNumbers(run));
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
    rewrite(join(folder, "run.json"), (text) => text.replace('"version": 1', '"version": 99'));
    await expect(readRun(folder)).rejects.toThrow("got layout 99");
  });

  it("a run that is not over", async () => {
    rmSync(join(folder, "cells", "recoverable@58", "results.json"));
    await expect(readRun(folder)).rejects.toThrow(/expected results of recoverable@58.*the run is not over/);
    writeRun(folder, run);
    rmSync(samples());
    await expect(readRun(folder)).rejects.toThrow(/expected samples of syn_mme.*the run is not over/);
  });

  it.each([
    ["half a line", (text: string) => text.slice(0, -30), /a sample as JSON in line 12 of .*samples_syn_mme\.jsonl/],
    ["a line too few", (text: string) => text.slice(text.indexOf("\n") + 1), /expected 12 samples in .*, got 11/],
    ["an empty file", () => "", /expected 12 samples in .*, got 0/],
    ["an empty line", (text: string) => text.replace("\n", "\n\n"), /a sample as JSON in line 2 of/],
    [
      "a score above 1",
      (text: string) => text.replace(/"score":[01]/, '"score":7'),
      /"score" from 0 to 1 in line 1 .*got 7/,
    ],
    ["no times", (text: string) => text.replace(/"firstToken":[\d.]+,/, ""), /"timing_ms.firstToken" .* in line 1/],
    [
      "no answer",
      (text: string) => text.replace(/"filtered_resps":\[[^\]]*\]/, '"filtered_resps":[]'),
      /"filtered_resps" with/,
    ],
    ["a list for a row", (text: string) => text.replace(/^.*\n/, "[1]\n"), /an object in line 1 of .*got \[1\]/],
  ])("%s, naming file and line", async (_, change, message) => {
    rewrite(samples(), change);
    await expect(readRun(folder)).rejects.toThrow(message);
  });

  it("results that are no JSON", async () => {
    appendFileSync(join(folder, "cells", "none", "results.json"), "}");
    await expect(readRun(folder)).rejects.toThrow(/JSON in .*results\.json/);
  });
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

  it("refuses no folder, two folders, and a page that is no page", async () => {
    await expect(command()).rejects.toThrow("expected DIR, got nothing");
    await expect(command(folder, folder)).rejects.toThrow(`expected DIR, got ${folder} ${folder}`);
    await expect(command(folder, "--out", "x.txt")).rejects.toThrow("expected --out FILE.html, got x.txt");
    await expect(command(folder, "--out", "x.html", "--json")).rejects.toThrow("--out or --json");
  });
});
