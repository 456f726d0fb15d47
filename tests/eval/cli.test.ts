/** `recoup eval` as a user runs it: real processes, real folders, the bundled model, real kills. */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { median, randomSource } from "../../src/math/index.js";

const main = fileURLToPath(new URL("../../dist/bin/recoup.js", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-eval-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function recoup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}
const REQUEST = ["--tasks", "syn_textvqa,syn_mme,syn_vqav2", "--methods", "recoverable", "--budgets", "16"];
const run = (out: string, ...args: string[]) =>
  recoup("eval", ...REQUEST, "--data-root", "data", "--out", out, ...args);

/** Files of a run with what times things left out. */
function contents(out: string): Record<string, string> {
  const names = readdirSync(join(folder, out), { recursive: true, encoding: "utf8" }).filter(
    (name) => statSync(join(folder, out, name)).isFile() && name !== "machine.json",
  );
  return Object.fromEntries(
    names.sort().map((name) => {
      const text = readFileSync(join(folder, out, name), "utf8");
      return [
        name,
        text.replaceAll(/"(timing_ms|timings)":\{[^}]*\}/g, '"$1":{}').replaceAll(/"\w+_ms": [\d.e-]+/g, ""),
      ];
    }),
  );
}

beforeAll(() => {
  const made = recoup("synth", "--tasks", "all", "--split", "val", "--count", "2", "--out", "data");
  expect(made.status).toBe(0);
  const { status, stdout, stderr } = run("whole");
  expect(stderr).toContain("answers in");
  expect(stdout).toMatch(/^setting +tokens/);
  expect(stdout).toContain("first token: median; faster:");
  expect(status).toBe(0);
}, 120_000);

describe("recoup eval", () => {
  it("says the main numbers in lines that fit into a terminal", () => {
    const { status, stdout } = recoup("report", "whole", "--format", "md", "--out", "summary.html");
    expect(status).toBe(0);
    expect(stdout.length).toBeGreaterThan(80);
    expect(stdout.split("\n").filter(({ length }) => length > 80)).toEqual([]);
  });

  it("says of the bundled model that it is one, also when it is given by its folder", () => {
    const model = fileURLToPath(new URL("../../models/tiny", import.meta.url));
    const args = ["--tasks", "syn_mme", "--limit", "2", "--no-controls", "--methods", "none", "--data-root", "data"];
    const { status, stderr } = recoup("eval", ...args, "--model", model, "--out", "by-folder");
    expect(status, stderr).toBe(0);
    const { model: named, notes } = JSON.parse(readFileSync(join(folder, "by-folder/run.json"), "utf8"));
    expect(named.name).toBe("tiny");
    expect(notes[0]).toBe("The model is the bundled one: a toy that knows recoup's synthetic pictures only.");
  });

  it("writes scores, samples, and answers as the official scripts read them", () => {
    const state = JSON.parse(readFileSync(join(folder, "whole/run.json"), "utf8"));
    expect(state).toMatchObject({ format: "recoup-eval", seed: 1, model: { name: "tiny", family: "llava" } });
    expect(state.notes.join(" ")).toMatch(/toy.*synthetic/s);
    expect(state.settings.map(({ id }: { id: string }) => id)).toContain("recoverable@16");
    const setting = join(folder, "whole/settings/recoverable@16");
    const { results, efficiency } = JSON.parse(readFileSync(join(setting, "results.json"), "utf8"));
    expect(results.syn_mme["mme_perception_score,none"]).toBeGreaterThanOrEqual(0);
    expect(results.syn_vqav2["exact_match,none"]).toBeLessThanOrEqual(1);
    expect(efficiency.kept_tokens).toBe(16);
    // The same number as in the report: the median over the questions with a picture.
    const firstTokens = readFileSync(join(folder, "whole/answers.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ setting: id }) => id === "recoverable@16")
      .map(({ timings }) => timings.firstToken);
    expect(efficiency.first_token_ms).toBe(median(firstTokens));
    const rows = readFileSync(join(setting, "samples_syn_vqav2.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const mean = rows.reduce((sum, { score }) => sum + score, 0) / rows.length;
    expect(results.syn_vqav2["exact_match,none"]).toBeCloseTo(mean, 9);
    expect(rows[0]).toMatchObject({
      doc_id: 0,
      compression: { method: "recoverable", budget: 16, n_full: 576, n_kept: 16 },
    });
    const answers = readFileSync(join(setting, "answers_syn_vqav2.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.map(({ text }) => text)).toEqual(rows.map(({ filtered_resps: [text] }) => text));
    expect(Object.keys(answers[0])).toEqual(
      expect.arrayContaining(["question_id", "prompt", "text", "answer_id", "model_id"]),
    );
    expect(existsSync(join(setting, "submission_syn_vqav2.json"))).toBe(true);
  });

  it("has nothing left to ask of a run that is over, and leaves the same files", () => {
    const before = contents("whole");
    const machine = readFileSync(join(folder, "whole/machine.json"), "utf8");
    const { status, stdout } = run("whole", "--json");
    expect(status).toBe(0);
    expect(Object.keys(JSON.parse(stdout))).toContain("none");
    expect(contents("whole")).toEqual(before);
    expect(readFileSync(join(folder, "whole/machine.json"), "utf8")).toBe(machine);
  });

  it("loses and doubles no answer in 20 kills at any moment", { timeout: 300_000 }, async () => {
    const random = randomSource(5);
    for (let kill = 0; kill < 20; kill++) {
      const child = spawn(process.execPath, [main, "eval", ...REQUEST, "--data-root", "data", "--out", "killed"], {
        cwd: folder,
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      // From before the model is loaded until well into the answers.
      setTimeout(() => child.kill("SIGKILL"), 300 + random.below(1200));
      await ended;
    }
    expect(run("killed").status).toBe(0);
    expect(contents("killed")).toEqual(contents("whole"));
  });

  it("clears away what a kill left of a file that was being written, also where there is no run yet", () => {
    const left = `.recoup-${randomUUID()}.tmp`;
    mkdirSync(join(folder, "left/settings/none"), { recursive: true });
    writeFileSync(join(folder, "left", left), "{");
    writeFileSync(join(folder, "left/settings/none", left), "{");
    expect(run("left", "--limit", "2", "--no-controls", "--force").status).toBe(0);
    writeFileSync(join(folder, "left", left), "{");
    expect(run("left", "--limit", "2", "--no-controls").status).toBe(0);
    expect(Object.keys(contents("left")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("asks again what half a line holds, and names a whole line that is damaged", () => {
    cpSync(join(folder, "whole"), join(folder, "torn"), { recursive: true });
    const log = join(folder, "torn/answers.jsonl");
    const text = readFileSync(log, "utf8");
    writeFileSync(log, text.slice(0, -40));
    expect(run("torn").status).toBe(0);
    expect(contents("torn")["answers.jsonl"]).toBe(contents("whole")["answers.jsonl"]);
    const lines = text.split("\n");
    lines[1] = lines[1].slice(0, 30);
    writeFileSync(log, lines.join("\n"));
    const { status, stderr } = run("torn");
    expect(status).toBe(2);
    expect(stderr).toContain("an answer in line 2 of torn/answers.jsonl");
  });

  it("reports no folder that is none of a run, in a sentence", () => {
    const { status, stderr } = recoup("report", "nosuch");
    expect([status, stderr]).toEqual([
      2,
      "recoup report: expected a folder of recoup eval at nosuch, got no run.json in it\n",
    ]);
  });

  it("refuses another request in the folder of a run, unless told to start anew", () => {
    cpSync(join(folder, "whole"), join(folder, "other"), { recursive: true });
    const refused = run("other", "--seed", "2");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(
      /other was made with --seed 1, this asks for --seed 2: give another --out, or --force to begin anew/,
    );
    const others: [string[], RegExp][] = [
      [["--budgets", "32"], /with --budgets 16, this asks for --budgets 32:/],
      [["--methods", "cdpruner"], /with --methods recoverable, this asks for --methods cdpruner:/],
      [["--no-controls"], /with controls, this asks for no controls:/],
      [["--tasks", "syn_mme"], /with --tasks syn_textvqa,syn_mme,syn_vqav2, this asks for --tasks syn_mme:/],
      [["--limit", "2"], /with no --limit, this asks for --limit 2:/],
      [["--pad"], /with no --pad, this asks for --pad:/],
    ];
    for (const [args, message] of others) expect(run("other", ...args).stderr).toMatch(message);
    expect(contents("other")).toEqual(contents("whole"));
    expect(run("other", "--seed", "2", "--force", "--limit", "2").status).toBe(0);
  });

  it("refuses a run of the layout before by its version, and with --force removes its files", () => {
    cpSync(join(folder, "whole"), join(folder, "before"), { recursive: true });
    const state = join(folder, "before/run.json");
    writeFileSync(state, readFileSync(state, "utf8").replace('"version": 2', '"version": 1'));
    mkdirSync(join(folder, "before/cells/none"), { recursive: true });
    const refused = run("before");
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/made with version 1, this asks for version 2:/),
    ]);
    expect(recoup("report", "before").stderr).toMatch(/a run of layout 2 at before, got layout 1/);
    expect(run("before", "--force", "--limit", "2", "--no-controls").status).toBe(0);
    expect(existsSync(join(folder, "before/cells"))).toBe(false);
  });

  it("leaves files that are not its own, with --force too", () => {
    mkdirSync(join(folder, "mine/cells"), { recursive: true });
    for (const name of ["report.md", "answers.jsonl", "cells/notes.txt"]) {
      writeFileSync(join(folder, "mine", name), "mine");
    }
    const before = contents("mine");
    const { status, stderr } = run("mine", "--limit", "2", "--force");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/a missing or empty folder mine.*without run\.json/)]);
    expect(contents("mine")).toEqual(before);
  });

  it("makes no images in a folder of something else", () => {
    mkdirSync(join(folder, "notes"));
    writeFileSync(join(folder, "notes/mine.txt"), "mine");
    const { status, stderr } = recoup("eval", ...REQUEST, "--pictures", "1", "--out", "notes");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/a missing or empty folder notes/)]);
    expect(Object.keys(contents("notes"))).toEqual(["mine.txt"]);
  });

  it("makes images of its own where it is given none, and with --force those of another seed", () => {
    const args = ["eval", ...REQUEST, "--pictures", "1", "--limit", "2", "--no-controls", "--out", "made"];
    expect(recoup(...args).status).toBe(0);
    const before = contents("made");
    const refused = recoup(...args, "--seed", "2");
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/with (--)?seed 1, this asks for (--)?seed 2:.*--force/),
    ]);
    expect(contents("made")).toEqual(before);
    expect(recoup(...args, "--seed", "2", "--force").status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "made/run.json"), "utf8")).seed).toBe(2);
    expect(JSON.parse(readFileSync(join(folder, "made/data/synth.json"), "utf8")).seed).toBe(2);
  }, 60_000);

  it("refuses a second process, and ends with an error when its folder is removed meanwhile", async () => {
    const args = ["eval", ...REQUEST, "--data-root", "data", "--out", "watched"];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const log = join(folder, "watched/answers.jsonl");
    while (!existsSync(log) || statSync(log).size === 0) await new Promise((r) => setTimeout(r, 5));
    child.kill("SIGSTOP");
    const second = run("watched", "--force");
    child.kill("SIGCONT");
    expect(second.status).toBe(2);
    expect(second.stderr).toContain(`watched is being written by process ${child.pid} since`);
    renameSync(join(folder, "watched"), join(folder, "moved"));
    expect([await closed, stderr]).toEqual([2, expect.stringContaining("watched was removed while it was written")]);
    expect(existsSync(join(folder, "watched"))).toBe(false);
  });

  it("draws a few questions, keeping pairs together", () => {
    expect(run("few", "--limit", "3", "--no-controls").status).toBe(0);
    const { tasks } = JSON.parse(readFileSync(join(folder, "few/run.json"), "utf8"));
    expect(tasks.map(({ samples }: { samples: number }) => samples)).toEqual([2, 2, 3]);
  });

  it("records a picture that does not decode, and stops there if strict", () => {
    cpSync(join(folder, "data"), join(folder, "spoilt"), { recursive: true });
    const pictures = join(folder, "spoilt/textvqa/train_images");
    writeFileSync(join(pictures, readdirSync(pictures).sort()[0]), "no picture");
    const args = ["eval", "--tasks", "syn_textvqa", "--methods", "recoverable", "--budgets", "16", "--no-controls"];
    const spoilt = recoup(...args, "--data-root", "spoilt", "--out", "failed");
    expect(spoilt.status).toBe(1);
    expect(spoilt.stderr).toMatch(/2 of 4 answers failed \(the first: .*picture/);
    const [first] = readFileSync(join(folder, "failed/settings/none/samples_syn_textvqa.jsonl"), "utf8").split("\n");
    expect(JSON.parse(first)).toMatchObject({ score: 0, failed: expect.stringContaining("picture") });
    const results = JSON.parse(readFileSync(join(folder, "failed/settings/none/results.json"), "utf8"));
    expect(results["n-samples"].syn_textvqa).toMatchObject({ original: 2, failed: 1 });
    // The picture is back: what failed is asked again, and nothing else.
    cpSync(join(folder, "data"), join(folder, "spoilt"), { recursive: true });
    const mended = recoup(...args, "--data-root", "spoilt", "--out", "failed");
    expect(mended.status).toBe(0);
    expect(mended.stderr).not.toContain("answers failed");
    const lines = readFileSync(join(folder, "failed/answers.jsonl"), "utf8").trim().split("\n");
    expect(lines.filter((line) => "error" in JSON.parse(line))).toHaveLength(2);
    expect(lines).toHaveLength(6);
    const again = JSON.parse(readFileSync(join(folder, "failed/settings/none/results.json"), "utf8"));
    expect(again["n-samples"].syn_textvqa).toMatchObject({ original: 2, failed: 0 });
    writeFileSync(join(pictures, readdirSync(pictures).sort()[0]), "no picture");
    const strict = recoup(...args, "--data-root", "spoilt", "--out", "strict", "--strict");
    expect(strict.status).toBe(2);
    expect(strict.stderr).toMatch(/readImage/);
  });

  it("names a row that cannot be used, and where", () => {
    cpSync(join(folder, "data"), join(folder, "cut"), { recursive: true });
    const file = join(folder, "cut/vqav2/llava_vqav2_mscoco_val2014.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[2] = lines[2].slice(0, 25);
    writeFileSync(file, lines.join("\n"));
    const args = ["eval", "--tasks", "syn_vqav2", "--methods", "recoverable", "--budgets", "16", "--no-controls"];
    const { status, stderr } = recoup(...args, "--data-root", "cut", "--out", "cutout", "--limit", "2");
    expect(status).toBe(0);
    expect(stderr).toMatch(/warning: vqav2\/llava_vqav2_mscoco_val2014\.jsonl:3: /);
    const strict = recoup(...args, "--data-root", "cut", "--out", "cutstrict", "--strict");
    expect(strict.status).toBe(2);
    expect(strict.stderr).toMatch(/llava_vqav2_mscoco_val2014\.jsonl/);
  });

  it.each([
    [[], /--out DIR/],
    [["--out", "x"], /--tasks of pope/],
    [["--tasks", "syn_pop", "--out", "x"], /did you mean syn_pope/],
    [["--tasks", "syn_mme,syn_mme", "--out", "x"], /each task once/],
    [["--tasks", "syn_mme"], /--out DIR/],
    [["--tasks", "pope", "--out", "x"], /--data-root DIR with the files of pope/],
    [["--tasks", "pope", "--data-root", "nowhere", "--out", "x"], /nowhere\/pope\/llava_pope_test\.jsonl/],
    [["--tasks", "syn_textvqa", "--data-root", "data", "--rule", "vlmevalkit", "--out", "x"], /a rule of syn_textvqa/],
    [["--tasks", "syn_mme", "--data-root", "data", "--rule", "mine", "--out", "x"], /--rule llava/],
    [["--tasks", "syn_mme", "--data-root", "data", "--methods", "magic", "--out", "x"], /one of none, random/],
    [["--tasks", "syn_mme", "--data-root", "data", "--methods", "pool:depth=2", "--out", "x"], /name one of size/],
    [
      ["--tasks", "syn_mme", "--methods", "pool:size=0", "--budgets", "16", "--out", "x"],
      /size as a whole number from 1/,
    ],
    [["--tasks", "syn_mme", "--methods", "pool:size=2", "--budgets", "16", "--out", "x"], /budget or size, not both/],
    [["--tasks", "syn_mme", "--methods", "random:seed=1:seed=2", "--out", "x"], /seed of random once/],
    [
      ["--tasks", "syn_mme", "--methods", "recoverable:mergeNeighbors=-1", "--out", "x"],
      /mergeNeighbors as a whole number/,
    ],
    [
      ["--tasks", "syn_mme", "--data-root", "data", "--budgets", "58,0", "--out", "x"],
      /eval: expected a budget as 58, .*, got 0/,
    ],
    [["--tasks", "syn_mme", "--data-root", "data", "--limit", "0", "--out", "x"], /limit/],
    [["--tasks", "syn_mme", "--mass", "on,offf", "--out", "x"], /--mass on, off or a .* got offf; did you mean off\?/],
    [["--tasks", "syn_mme", "--mass", "5.5", "--out", "x"], /--mass on, off or a number from 0 to 5, got 5\.5/],
    [["--tasks", "syn_mme", "--positions", "orginal", "--out", "x"], /of compact, original, got orginal; did you mean/],
    [["--tasks", "syn_mme", "--data-root", "data", "--out", "data/synth.json/x"], /ENOTDIR/],
    [["--tasks", "syn_mme", "--data-root", "data", "--out", "data"], /a missing or empty folder data/],
  ])("refuses %j with status 2 and nothing written", (args, message) => {
    const { status, stdout, stderr } = recoup("eval", ...args);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(existsSync(join(folder, "x"))).toBe(false);
  });
});

describe("recoup eval with images of its own", () => {
  const args = ["eval", "--tasks", "syn_pope", "--pictures", "1", "--methods", "recoverable", "--no-controls"];

  it.each([
    ["damaged", "garbage", /own-damaged\/\.recoup\.lock is damaged/],
    [
      "held",
      JSON.stringify({ pid: process.pid, host: hostname(), start: "", since: "2026", token: randomUUID() }),
      /recoup eval: own-held is being written by process/,
    ],
  ])("refuses a lock that is %s before any image is made", (name, lock, message) => {
    const out = `own-${name}`;
    mkdirSync(join(folder, out));
    writeFileSync(join(folder, out, ".recoup.lock"), lock);
    const { status, stderr } = recoup(...args, "--out", out);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("pictures of");
    expect(status).toBe(2);
    expect(readdirSync(join(folder, out))).toEqual([".recoup.lock"]);
  });
});

describe("recoup eval in the folder of another request", () => {
  const TASK = ["--tasks", "syn_pope", "--pictures", "1", "--limit", "2"];
  const KINDS = ["--methods", "cls-topk", "--budgets", "16", "--no-controls"];
  beforeAll(() => {
    expect(recoup("eval", ...TASK, ...KINDS, "--out", "asked").status).toBe(0);
  });

  it.each([
    [[...TASK, "--methods", "uniform", "--budgets", "16", "--no-controls"], "--methods cls-topk", "--methods uniform"],
    [[...TASK, "--methods", "cls-topk", "--budgets", "8", "--no-controls"], "--budgets 16", "--budgets 8"],
    [[...TASK, "--methods", "cls-topk", "--budgets", "16"], "no controls", "controls"],
    [["--tasks", "syn_mme", "--limit", "2", ...KINDS], "--tasks syn_pope", "--tasks syn_mme"],
    [["--tasks", "syn_pope", "--pictures", "1", "--limit", "3", ...KINDS], "--limit 2", "--limit 3"],
    [[...TASK, ...KINDS, "--seed", "2"], "--seed 1", "--seed 2"],
    [[...TASK, ...KINDS, "--pad"], "no --pad", "--pad"],
    [[...TASK, ...KINDS, "--logits"], "no --logits", "--logits"],
    [[...TASK, ...KINDS, "--positions", "original"], "no --positions", "--positions original"],
    [[...TASK, ...KINDS, "--mass", "off"], "no --mass", "--mass 0"],
    [[...TASK, ...KINDS, "--dtype", "q8"], "no --dtype", "--dtype q8"],
  ])("refuses %j before a model is loaded or an image is made", (args, before, now) => {
    const { status, stderr } = recoup("eval", ...args, "--out", "asked");
    expect(stderr).toBe(
      `recoup eval: asked was made with ${before}, this asks for ${now}: give another --out, or --force to begin anew\n`,
    );
    expect(status).toBe(2);
  });

  it("resumes the same request", () => {
    expect(recoup("eval", ...TASK, ...KINDS, "--out", "asked").status).toBe(0);
  });
});

describe("recoup eval with positions and mass", () => {
  const TASK = ["--tasks", "syn_textvqa", "--data-root", "data", "--limit", "2", "--budgets", "16", "--out", "told"];
  const ask = (...more: string[]) => recoup("eval", ...TASK, "--methods", "cdpruner,cls-topk", ...more);
  const both = ["--no-controls", "--positions", "compact,original", "--mass", "off,0.5"];
  const [loud, quiet] = ["cdpruner:positions=original:mass=0.5@16", "cls-topk:positions=compact:mass=0@16"];

  it("compares each with each, and writes down what the decoder was told", () => {
    const { status, stdout, stderr } = ask(...both, "--json");
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("left out: cls-topk with mass 0.5: it gives its rows none\n");
    const { settings, told } = JSON.parse(readFileSync(join(folder, "told/run.json"), "utf8"));
    expect(told).toEqual({ positions: expect.stringMatching(/^(compact|original)$/), mass: expect.any(Number) });
    expect(settings).toHaveLength(1 + 4 + 2);
    const setting = (id: string) => settings.find((each: { id: string }) => each.id === id);
    expect(setting(loud)).toMatchObject({ method: "cdpruner", budget: 16, positions: "original", mass: 0.5 });
    expect(setting(quiet)).toMatchObject({ method: "cls-topk", positions: "compact", mass: 0 });
    const scores = JSON.parse(stdout);
    expect(scores[loud].told).toEqual({ positions: "original", mass: 0.5, untold: {} });
    expect(scores[quiet].told).toEqual({ positions: "compact", mass: 0, untold: {} });
    expect(scores[loud].configs.syn_textvqa.compression).toMatchObject({ positions: "original", mass: 0.5 });
    const answers = readFileSync(join(folder, "told/answers.jsonl"), "utf8").trim().split("\n");
    const own = answers.map((line) => JSON.parse(line)).filter(({ setting }) => setting === loud);
    expect(own.map(({ told }) => told)).toEqual(own.map(() => scores[loud].told));
    expect(own.length).toBe(2);
  });

  it("resumes the same, in whichever words, and refuses others", () => {
    const before = readFileSync(join(folder, "told/run.json"), "utf8");
    const same = ask("--no-controls", "--positions", "compact,original", "--mass", "0,0.5");
    expect([same.status, same.stderr]).toEqual([0, expect.not.stringContaining("answers: 1")]);
    const others: [string[], RegExp][] = [
      [
        ["--no-controls", "--positions", "compact", "--mass", "off,0.5"],
        /--positions compact,original, this asks for --positions compact:/,
      ],
      [["--no-controls", "--positions", "compact,original", "--mass", "on"], /--mass 0,0\.5, this asks for --mass 1:/],
      [["--no-controls", "--mass", "off,0.5"], /with --positions compact,original, this asks for no --positions:/],
    ];
    for (const [args, message] of others) {
      const { status, stderr } = ask(...args);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
    expect(readFileSync(join(folder, "told/run.json"), "utf8")).toBe(before);
    const { status, stdout } = recoup("report", "told", "--format", "csv");
    expect(status, stdout).toBe(0);
    const [head, ...rows] = readFileSync(join(folder, "told/report.csv"), "utf8")
      .split("\r\n")
      .map((line) => line.split(","));
    const row = rows.find(([id]) => id === loud) ?? [];
    expect([row[head.indexOf("positions")], row[head.indexOf("mass")]]).toEqual(["original", "0.5"]);
  });
});

describe("recoup eval --logits", () => {
  const ask = (...more: string[]) =>
    recoup(
      ...["eval", "--tasks", "syn_textvqa,syn_sqa_img", "--methods", "recoverable,cdpruner", "--budgets", "16"],
      ...["--no-controls", "--data-root", "data", "--limit", "2", "--out", "logits", ...more],
    );
  const json = (name: string) => JSON.parse(readFileSync(join(folder, "logits", name), "utf8"));

  it("has KL beside unchanged answers and open tasks, on screen and in the results", () => {
    const { status, stdout, stderr } = ask("--logits");
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^\S*setting +tokens +relative +open tasks +same +KL/);
    expect(json("run.json")).toMatchObject({ logits: true, defaultMethod: expect.any(String) });
    expect(json("run.json").tasks.map(({ open }: { open: boolean }) => open)).toEqual([true, false]);
    const lines = readFileSync(join(folder, "logits/answers.jsonl"), "utf8").trim().split("\n");
    const own = lines.map((line) => JSON.parse(line)).filter(({ setting }) => setting === "cdpruner@16");
    const kl = own.map((record) => record.kl);
    const { beside_all_tokens: beside } = json("settings/cdpruner@16/results.json");
    expect(beside).toMatchObject({ answered: own.length, first_token_kl: expect.any(Number) });
    expect(beside.first_token_kl).toBeCloseTo(kl.reduce((sum, each) => sum + each, 0) / kl.length, 12);
    expect(json("settings/none/results.json").beside_all_tokens).toEqual({
      answered: own.length,
      unchanged: own.length,
      first_token_kl: 0,
    });
  });

  it("goes on where it stopped with the same numbers, and asks again for an answer that lacks its KL", () => {
    const path = join(folder, "logits/answers.jsonl");
    const before = readFileSync(path, "utf8").trim().split("\n");
    const last = JSON.parse(before.at(-1) as string);
    const { kl: _, ...lacking } = JSON.parse(before.at(-2) as string);
    writeFileSync(path, `${[...before.slice(0, -2), JSON.stringify(lacking)].join("\n")}\n`);
    const { status, stderr } = ask("--logits");
    expect(status, stderr).toBe(0);
    const after = readFileSync(path, "utf8").trim().split("\n");
    expect(after).toHaveLength(before.length + 1);
    const [again, new_] = after.slice(-2).map((line) => JSON.parse(line));
    expect([again.setting, again.kl]).toEqual([lacking.setting, _]);
    expect([new_.setting, new_.kl]).toEqual([last.setting, last.kl]);
  });

  it("is part of the request", () => {
    const { status, stderr } = ask();
    expect(stderr).toContain("logits was made with --logits, this asks for no --logits: give another --out");
    expect(status).toBe(2);
  });
});

describe("recoup eval of which nothing works", () => {
  const args = ["eval", "--tasks", "syn_mmbench", "--methods", "recoverable", "--budgets", "16", "--no-controls"];
  const table = () => join(folder, "dark/mmbench/mmbench_dev_20230712.tsv");
  beforeAll(() => {
    cpSync(join(folder, "data"), join(folder, "dark"), { recursive: true });
    // Pictures that are none, longer than an index.
    const text = readFileSync(table(), "utf8");
    writeFileSync(table(), text.replaceAll(/[A-Za-z0-9+/=]{200,}/g, "A".repeat(200)));
  });

  it("stops when the first questions all fail, with the reason on screen", () => {
    const { status, stderr } = recoup(...args, "--data-root", "dark", "--out", "stopped");
    expect(status).toBe(2);
    expect(stderr).toMatch(/the first 5 questions all failed: .*picture/);
    expect(existsSync(join(folder, "stopped/settings"))).toBe(false);
  });

  it("shows no score where nothing was answered, with a status other than 0", () => {
    const { status, stdout } = recoup(...args, "--data-root", "dark", "--out", "nothing", "--limit", "4");
    expect(status).toBe(1);
    // Folded: the last column stands below.
    expect(stdout).toMatch(/^none +- +- +- +-$/m);
    expect(stdout).toMatch(/^none +-$/m);
    expect(stdout).toMatch(/^recoverable@16 +- +- +- +- +-$/m);
    const { results } = JSON.parse(readFileSync(join(folder, "nothing/settings/none/results.json"), "utf8"));
    const { alias, samples, warnings, ...metrics } = results.syn_mmbench;
    expect(Object.values(metrics).every((value) => value === null)).toBe(true);
    expect(Object.keys(metrics).length).toBeGreaterThan(0);
    expect(recoup("report", "nothing").stdout).toContain("Nothing was answered, so there is no score.");
  });
});

describe("recoup eval --images", () => {
  it("says how often answers stay, how much faster the first token is, and shows the worst as pictures", () => {
    mkdirSync(join(folder, "own"), { recursive: true });
    const pictures = join(folder, "data/vqav2/val2014");
    for (const [i, name] of readdirSync(pictures).sort().entries())
      cpSync(join(pictures, name), join(folder, `own/${i}.png`));
    writeFileSync(
      join(folder, "own.txt"),
      "How many signs are in the image?\nIs there a red <b>star</b> in the image?\n",
    );
    const args = ["eval", "--images", "own", "--questions", "own.txt", "--budgets", "4,58", "--out", "agree"];
    const { status, stdout } = recoup(...args, "--json");
    expect(status).toBe(0);
    const { settings } = JSON.parse(stdout);
    expect(settings.map(({ setting }: { setting: string }) => setting)).toEqual(["recoup@4", "recoup@58"]);
    for (const { answered, unchanged, similarity, pays } of settings) {
      expect(pays.firstToken).toBeGreaterThan(0);
      expect(answered).toBe(4);
      expect(unchanged).toBeLessThanOrEqual(4);
      expect(similarity).toBeLessThanOrEqual(1);
    }
    const page = readFileSync(join(folder, "agree/report.html"), "utf8");
    expect(page).toContain("All settings by agreement");
    expect(page).toContain('<image href="data:image/jpeg;base64,');
    expect(page).not.toContain("<b>star</b>");
    expect(page).not.toMatch(/src="https?:/);
    // Papers of methods are the only places outside.
    expect(page.replaceAll('href="https://arxiv.org/abs/', "")).not.toMatch(/href="https?:/);
    const again = recoup(...args);
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/recoup@58: [\d.]+\s%\sof\sthe\sanswers\sstay\s\(95\s%\sinterval/);
    expect(again.stdout).toMatch(/\d\.\dx\sfaster\sto\sthe\sfirst\stoken|no\sfaster\sto\sthe\sfirst\stoken\s\(/);
    const longer = recoup(...args, "--max-new-tokens", "5");
    expect(longer.status).toBe(2);
    expect(longer.stderr).toMatch(/agree was made with --max-new-tokens 64, this asks for --max-new-tokens 5:/);
    expect(recoup("report", "agree", "--format", "html,csv").status).toBe(0);
    expect(readFileSync(join(folder, "agree/report.html"), "utf8")).toBe(page);
    expect(readFileSync(join(folder, "agree/report.csv"), "utf8")).toMatch(/^setting,method,budget/);
  });

  it.each([
    [["--images", "own", "--questions", "own.txt"], /--out DIR/],
    [["--images", "own", "--out", "y"], /--images DIR with --questions FILE, got no --questions/],
    [["--questions", "own.txt", "--out", "y"], /--images DIR with --questions FILE, got no --images/],
    [["--images", "own", "--questions", "own.txt", "--tasks", "pope", "--out", "y"], /go with --images, got --tasks/],
    [["--images", "own", "--questions", "own.txt", "--split", "val", "--out", "y"], /go with --images, got --split/],
    [["--tasks", "syn_mme", "--examples", "3", "--out", "y"], /go with --tasks, got --examples/],
    [["--images", "nowhere", "--questions", "own.txt", "--out", "y"], /a folder of images at nowhere/],
    [["--images", "own", "--questions", "nowhere.txt", "--out", "y"], /questions in nowhere\.txt/],
    [["--images", "data/mmbench/none", "--questions", "own.txt", "--out", "y"], /a folder of images/],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = recoup("eval", ...args);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it("is named by the command that it was", () => {
    const { status, stderr } = recoup("loyalty", "--images", "own");
    expect([status, stderr]).toEqual([2, expect.stringContaining("recoup eval --images DIR --questions FILE")]);
  });
});
