/**
 * @file Runs of `recoup eval` that are disturbed as machines disturb them: two processes at once, kill -9, a disk that is full, pictures
 * that are away for a while. Each is resumed, and compared with a run that nothing disturbed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../src/files/index.js";
import { randomSource } from "../src/math/index.js";

/** How often each thing happens, and from which seed. */
export interface Disturbances {
  readonly races: number;
  readonly kills: number;
  /** Disks of growing size. */
  readonly disks: number;
  readonly pictures: number;
  readonly seed: number;
}

/** What came of one kind of disturbance; all but the first two are 0 where recoup keeps its word. */
export interface DisturbedRow {
  readonly disturbance: string;
  readonly runs: number;
  /** Processes that ended with a status other than 0, as they should. */
  readonly ended: number;
  /** Answers that are not those of the undisturbed run, are not there, or are there twice. */
  readonly wrong: number;
  readonly lost: number;
  readonly doubled: number;
  /** Processes that ended with status 0 while an answer failed or was not there. */
  readonly silent: number;
  /** Files of scores that differ from those of the undisturbed run. */
  readonly differing: number;
  /** Processes that said no reason, or showed a stack. */
  readonly speechless: number;
}

const REQUEST = "eval --tasks syn_textvqa,syn_mme --methods recoverable --budgets 16 --no-controls".split(" ");
const main = () => packagePath("dist", "bin", "recoup.js");

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** A process of recoup in a folder. @param shell words before it, for limits. */
function start(cwd: string, out: string, shell = ""): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const words = [process.execPath, main(), ...REQUEST, "--data-root", "data", "--out", out];
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn("sh", ["-c", `${shell}exec ${quoted}`], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr?.on("data", (text) => {
    stderr += text;
  });
  return { child, ended: new Promise((resolve) => child.once("close", (status) => resolve({ status, stderr }))) };
}

/** Answers by key, without times; and how many are there twice. */
function answersOf(folder: string) {
  const answers = new Map<string, string | undefined>();
  const path = join(folder, "answers.jsonl");
  let doubled = 0;
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  // What follows the last line end is half an answer, which is asked again.
  for (const line of text.split("\n").slice(0, -1)) {
    const { task, doc, setting, timings: _, ...answer } = JSON.parse(line);
    const key = `${task} ${doc} ${setting}`;
    if (answers.get(key) !== undefined) doubled++;
    answers.set(key, "error" in answer ? undefined : JSON.stringify(answer));
  }
  return { answers, doubled };
}

/** Files of scores, without times and what follows from them. */
function scoresOf(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => /^(settings|tasks)\b/.test(name) && statSync(join(folder, name)).isFile());
  const timeless = (text: string) =>
    text.replaceAll(/"(timing_ms|timings)":\{[^}]*\}/g, "").replaceAll(/"\w+_ms": [\d.e-]+/g, "");
  return new Map(files.map((name) => [name, timeless(readFileSync(join(folder, name), "utf8"))]));
}

type Counts = { -readonly [K in Exclude<keyof DisturbedRow, "disturbance">]: number };

/** The undisturbed run, and counting against it. */
async function referenceRun(cwd: string) {
  const { status, stderr } = await start(cwd, "whole").ended;
  if (status !== 0) throw new Error(`the undisturbed run ended with status ${status}: ${stderr}`);
  const [whole, scores] = [answersOf(join(cwd, "whole")).answers, scoresOf(join(cwd, "whole"))];
  return {
    /** Counts what a process that has ended says, and what it leaves. */
    heard(counts: Counts, { status, stderr }: Ended, out: string): void {
      if (status === 0) {
        const { answers } = answersOf(join(cwd, out));
        if ([...whole.keys()].some((key) => answers.get(key) === undefined)) counts.silent++;
        return;
      }
      counts.ended++;
      const isSaid = /^(recoup eval: |\d+ of \d+ answers failed)/m.test(stderr) && !/^ +at /m.test(stderr);
      // Killed: it had no last word.
      if (status !== null && status !== 137 && !isSaid) counts.speechless++;
    },
    /** Resumes a run, and counts what is not as in the undisturbed one. */
    async resumed(counts: Counts, out: string): Promise<void> {
      counts.runs++;
      const { status, stderr } = await start(cwd, out).ended;
      if (status !== 0) throw new Error(`${out} did not resume, status ${status}: ${stderr.trim().split("\n").at(-1)}`);
      const { answers, doubled } = answersOf(join(cwd, out));
      counts.doubled += doubled;
      for (const [key, answer] of whole) {
        if (answers.get(key) === undefined) counts.lost++;
        else if (answers.get(key) !== answer) counts.wrong++;
      }
      const own = scoresOf(join(cwd, out));
      counts.differing += [...scores].filter(([name, text]) => own.get(name) !== text).length;
    },
  };
}

const zero = (): Counts => ({
  runs: 0,
  ended: 0,
  wrong: 0,
  lost: 0,
  doubled: 0,
  silent: 0,
  differing: 0,
  speechless: 0,
});

/** A disk of its own for the folder of a run, and more room on it; undefined where this user may mount none. */
function smallDisk(folder: string, kib: number) {
  mkdirSync(folder, { recursive: true });
  const mount = (...options: string[]) => spawnSync("mount", [...options, folder], { stdio: "ignore" }).status === 0;
  if (!mount("-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs")) return undefined;
  return {
    grow: () => mount("-o", "remount,size=16m"),
    remove: () => spawnSync("umount", [folder], { stdio: "ignore" }),
  };
}

/** Waits until a run has written so many bytes of answers, or is over. */
async function hasAnswered(folder: string, bytes: number, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  const path = join(folder, "answers.jsonl");
  while (!isOver && (!existsSync(path) || statSync(path).size < bytes))
    await new Promise((next) => setTimeout(next, 5));
}

/**
 * Disturbs runs in a folder, which gets pictures first.
 *
 * @returns a row per kind; those without a run are left out.
 */
export async function* disturbedRuns(
  cwd: string,
  { races, kills, disks, pictures, seed }: Disturbances,
): AsyncGenerator<DisturbedRow> {
  const random = randomSource(seed);
  const made = spawnSync(
    process.execPath,
    [main(), ..."synth --tasks all --split val --count 2 --out data".split(" ")],
    { cwd },
  );
  if (made.status !== 0) throw new Error(`no pictures: ${made.stderr}`);
  const reference = await referenceRun(cwd);

  const raced = zero();
  for (let i = 0; i < races; i++) {
    const out = `raced-${i}`;
    const first = start(cwd, out);
    await new Promise((next) => setTimeout(next, random.below(300)));
    const second = start(cwd, out);
    for (const { ended } of [first, second]) reference.heard(raced, await ended, out);
    await reference.resumed(raced, out);
  }
  if (races > 0) yield { disturbance: "two processes in one folder", ...raced };

  const killed = zero();
  for (let i = 0; i < kills; i++) {
    // Three kills to a run: before the model is loaded, among the answers, among the files of scores.
    const out = `killed-${Math.floor(i / 3)}`;
    const { child, ended } = start(cwd, out);
    setTimeout(() => child.kill("SIGKILL"), 100 + random.below(1400));
    reference.heard(killed, await ended, out);
    if (i % 3 === 2 || i === kills - 1) await reference.resumed(killed, out);
  }
  if (kills > 0) yield { disturbance: "kill -9", ...killed };

  const [full, limited] = [zero(), zero()];
  for (let i = 0; i < disks; i++) {
    const kib = 4 + 8 * i;
    const disk = smallDisk(join(cwd, `full-${i}`), kib);
    const out = join(`full-${i}`, "run");
    if (disk !== undefined) {
      try {
        reference.heard(full, await start(cwd, out).ended, out);
        disk.grow();
        await reference.resumed(full, out);
      } finally {
        disk.remove();
      }
    }
    const least = `limited-${i}`;
    // Of blocks of 512 bytes, or of 1024 in some shells.
    const shell = `trap "" XFSZ; ulimit -f ${2 + 4 * i}; `;
    reference.heard(limited, await start(cwd, least, shell).ended, least);
    await reference.resumed(limited, least);
  }
  if (full.runs > 0) yield { disturbance: "a full disk", ...full };
  if (limited.runs > 0) yield { disturbance: "files that may not grow", ...limited };

  const away = zero();
  for (let i = 0; i < pictures; i++) {
    const out = `away-${i}`;
    const { ended } = start(cwd, out);
    await hasAnswered(join(cwd, out), random.below(9000), ended);
    const moved = ["textvqa", "MME"].map(
      (name) => [join(cwd, "data", name), join(cwd, "data", `${name}.away`)] as const,
    );
    for (const [from, to] of moved) renameSync(from, to);
    const first = await ended;
    for (const [from, to] of moved) renameSync(to, from);
    reference.heard(away, first, out);
    await reference.resumed(away, out);
  }
  if (pictures > 0) yield { disturbance: "pictures away and back", ...away };
}
