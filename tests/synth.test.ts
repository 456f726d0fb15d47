/** `recoup synth` as a user runs it: real processes, real folders, a real kill. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/bin/recoup.js", import.meta.url));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-synth-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function recoup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}
const synth = (...args: string[]) => recoup("synth", "--split", "val", "--out", "made", ...args);

/** Content of every file below a folder, by path. */
function contents(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(path, name)).isFile(),
  );
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(path, name)))
        .digest("hex"),
    ]),
  );
}

describe("recoup synth", () => {
  it("writes pictures, files, regions and a manifest that agree", () => {
    const { status, stdout } = synth("--tasks", "syn_textvqa,syn_mmbench", "--count", "4", "--json");
    expect(status).toBe(0);
    const manifest = JSON.parse(stdout);
    expect(JSON.parse(readFileSync(join(folder, "made/manifest.json"), "utf8"))).toEqual(manifest);
    expect(manifest).toMatchObject({ format: "recoup-synth", split: "val", count: 4, seed: 1, level: 1 });
    const report = manifest.reports.syn_textvqa;
    expect(report).toMatchObject({ folder: "textvqa", pictures: 4, questions: 4, halves: { iid: 4 } });
    const read = (path: string) => readFileSync(join(folder, "made/textvqa", path));
    const records = read("pictures.jsonl")
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const { path, sha256 } of records) {
      const { width, height, data } = decode(read(path));
      expect([width, height]).toEqual([336, 336]);
      expect(createHash("sha256").update(new Uint8Array(data)).digest("hex")).toBe(sha256);
    }
    const regions = read("regions.jsonl")
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(regions[0]).toMatchObject({ type: "letter", slice: "needle", half: "iid" });
    expect(regions[0].boxes[0]).toHaveLength(4);
    const table = readFileSync(join(folder, "made/mmbench/mmbench_dev_20230712.tsv"), "utf8").split("\n");
    const png = Buffer.from(table[1].split("\t")[9], "base64");
    expect(png).toEqual(readFileSync(join(folder, "made/mmbench/images/000000.png")));
  });

  it("gives the same pixels and rows as ever, to the byte", () => {
    expect(recoup("synth", "--tasks", "all", "--split", "test", "--count", "12", "--out", "made").status).toBe(0);
    const { reports } = JSON.parse(readFileSync(join(folder, "made", "manifest.json"), "utf8"));
    const golden = readFileSync(new URL("golden/world/task-hashes.txt", import.meta.url), "utf8");
    for (const [id, pictures, rows] of golden
      .trim()
      .split("\n")
      .map((line) => line.split(" "))) {
      expect({ id, ...reports[id].hashes }).toEqual({ id, pictures, rows });
    }
  });

  it("goes on after a kill, with the same result as without one", async () => {
    const args = ["--tasks", "syn_vqav2", "--count", "30"];
    expect(recoup("synth", "--split", "val", "--out", "whole", ...args).status).toBe(0);
    const child = spawn(process.execPath, [main, "synth", "--split", "val", "--out", "made", ...args], { cwd: folder });
    const log = join(folder, "made/vqav2/pictures.jsonl");
    while (!existsSync(log) || readFileSync(log, "utf8").split("\n").length < 8)
      await new Promise((r) => setTimeout(r, 5));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    expect(existsSync(join(folder, "made/manifest.json"))).toBe(false);
    // As a kill in the middle of a line leaves it.
    truncateSync(log, statSync(log).size - 20);
    expect(synth(...args)).toMatchObject({ status: 0 });
    expect(contents(join(folder, "made"))).toEqual(contents(join(folder, "whole")));
  });

  it("stops at Ctrl-C with status 130 and says how to go on", async () => {
    const child = spawn(
      process.execPath,
      [main, "synth", "--tasks", "all", "--split", "val", "--count", "200", "--out", "made"],
      {
        cwd: folder,
      },
    );
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const log = join(folder, "made/pope/pictures.jsonl");
    while (!existsSync(log)) await new Promise((r) => setTimeout(r, 5));
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect([status, stderr]).toEqual([130, expect.stringContaining("the same command resumes")]);
    expect(readdirSync(join(folder, "made/pope")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.each([
    ["an unknown task", ["--tasks", "syn_popes", "--count", "2"], /tasks among syn_pope, .*got syn_popes/],
    ["no task", ["--tasks", "", "--count", "2"], /--tasks IDS, got an empty text/],
    ["a task twice", ["--tasks", "syn_mme,syn_mme", "--count", "2"], /each task once/],
    ["a count of 0", ["--tasks", "all", "--count", "0"], /a count from 1 to 100000, got 0/],
    ["no count", ["--tasks", "all"], /--count N, got none/],
    ["a count that is none", ["--tasks", "all", "--count", "x"], /--count as a number/],
    ["an unknown split", ["--tasks", "all", "--count", "2", "--split", "train"], /split val or test, got train/],
    ["a level there is none of", ["--tasks", "all", "--count", "2", "--level", "4"], /--level 1, 2, 3 or hard, got 4/],
    ["a negative seed", ["--tasks", "all", "--count", "2", "--seed=-1"], /a seed/],
    ["a folder that cannot be made", ["--tasks", "all", "--count", "2", "--out", "file/made"], /file\/made/],
  ])("refuses %s with status 2 and writes nothing", (_, args, reason) => {
    writeFileSync(join(folder, "file"), "");
    const { status, stdout, stderr } = synth(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(reason);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("resumes the same request, refuses another one, and removes only its own with --force", () => {
    const args = ["--tasks", "syn_mme", "--count", "2"];
    expect(synth(...args).status).toBe(0);
    const first = contents(join(folder, "made"));
    writeFileSync(join(folder, "made/notes.txt"), "mine");
    mkdirSync(join(folder, "made/pope"));
    writeFileSync(join(folder, "made/pope/real.json"), "mine");
    expect(synth(...args).status).toBe(0);
    expect(synth("--tasks", "syn_mme", "--count", "3")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/made was made with count 2, this asks for count 3: give another --out/),
    });
    expect(contents(join(folder, "made"))).toMatchObject(first);
    expect(synth("--tasks", "syn_mme", "--count", "1", "--force").status).toBe(0);
    expect(existsSync(join(folder, "made/MME/MME_Benchmark_release_version/count/000001.png"))).toBe(false);
    expect(synth(...args, "--force").status).toBe(0);
    expect(contents(join(folder, "made"))).toMatchObject(first);
    // The earlier request had no such task, so its folder is somebody else's.
    expect(readFileSync(join(folder, "made/pope/real.json"), "utf8")).toBe("mine");
    expect(readFileSync(join(folder, "made/notes.txt"), "utf8")).toBe("mine");
  });

  it("refuses a run of another version, and a folder of something else with --force too", () => {
    const args = ["--tasks", "syn_mme", "--count", "2"];
    expect(synth(...args).status).toBe(0);
    const state = JSON.parse(readFileSync(join(folder, "made/synth.json"), "utf8"));
    writeFileSync(join(folder, "made/synth.json"), JSON.stringify({ ...state, world: 99 }));
    expect(synth(...args)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("made with world 99, this asks for world 1"),
    });
    writeFileSync(join(folder, "made/synth.json"), JSON.stringify({ ...state, format: "other" }));
    expect(synth(...args, "--force")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected format as "recoup-synth" in made/synth.json, got "other"'),
    });
    writeFileSync(join(folder, "made/synth.json"), "{");
    expect(synth(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining("expected JSON in") });
    rmSync(join(folder, "made/synth.json"));
    const before = contents(join(folder, "made"));
    for (const flags of [[], ["--force"]]) {
      expect(synth(...args, ...flags)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/missing or empty folder made.*without synth\.json/),
      });
    }
    expect(contents(join(folder, "made"))).toEqual(before);
  });

  it("ends with an error when its folder is removed meanwhile, and makes no other", async () => {
    const args = ["synth", "--tasks", "all", "--split", "val", "--count", "200", "--out", "made"];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    while (!existsSync(join(folder, "made/pope/pictures.jsonl"))) await new Promise((r) => setTimeout(r, 5));
    renameSync(join(folder, "made"), join(folder, "moved"));
    expect([await closed, stderr]).toEqual([2, expect.stringContaining("made was removed while it was written")]);
  });

  it("refuses a second process on the same folder, by the number of the first", async () => {
    const args = ["synth", "--tasks", "all", "--split", "val", "--count", "200", "--out", "made"];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: "ignore" });
    const closed = new Promise((resolve) => child.on("close", resolve));
    while (!existsSync(join(folder, "made/pope/pictures.jsonl"))) await new Promise((r) => setTimeout(r, 5));
    const refused = { status: 2, stderr: expect.stringContaining(`made is being written by process ${child.pid}`) };
    expect(recoup(...args)).toMatchObject(refused);
    expect(recoup(...args, "--force")).toMatchObject(refused);
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(existsSync(join(folder, "made/.recoup.lock"))).toBe(false);
  });
});

describe("recoup scenes", () => {
  it("writes a line per scene with its draw list, truth and words, and no file twice", () => {
    const args = ["scenes", "--split", "train", "--size", "168", "--count", "3", "--out", "s.jsonl"];
    expect(recoup(...args).status).toBe(0);
    const rows = readFileSync(join(folder, "s.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(3);
    expect(Object.keys(rows[0])).toEqual([
      "id",
      "draw",
      "things",
      "ground",
      "caption",
      "phrases",
      "questions",
      "extra",
    ]);
    expect(recoup(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining("a new file s.jsonl") });
    expect(recoup("scenes", "--split", "all", "--count", "3", "--out", "t.jsonl").status).toBe(2);
  });
});
