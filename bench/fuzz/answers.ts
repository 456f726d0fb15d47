import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "../../src/core/index.js";
import { type AskedTask, REFERENCE, type RunState } from "../../src/eval/index.js";
import { answerRun, readRun, readTask, runReport } from "../../src/eval/node/index.js";
import { packagePath } from "../../src/files/index.js";
import type { RandomSource } from "../../src/math/index.js";
import type { Vlm } from "../../src/vlm/index.js";
import { damageBytes, damageJson } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

/** A model that answers nothing: what resumes asks again what a file has lost, and no more. */
const MUTE = {
  manifest: { signals: [] },
  imageText: "",
  encodeImage: () => Promise.reject(new InvalidInputError({ operation: "fuzz", problem: "not asked" })),
} as unknown as Vlm;

/** Files of a real run that is over, one of them damaged: the report and the same request read it, or refuse it. */
export const answers: Harness = {
  about: "a finished run's answers.jsonl, run.json, scores: reported and resumed",
  async open() {
    const root = await mkdtemp(join(tmpdir(), "recoup-fuzz-"));
    const [data, run] = [join(root, "data"), join(root, "run")];
    recoup("synth", "--tasks", "syn_textvqa", "--split", "val", "--count", "2", "--out", data);
    const request = ["--tasks", "syn_textvqa", "--methods", "recoverable", "--budgets", "16", "--no-controls"];
    recoup("eval", ...request, "--data-root", data, "--out", run);
    const names = (await readdir(run, { recursive: true })).filter((name) => /\.jsonl?$/.test(name));
    const texts = new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(run, name))] as const)),
    );
    const state: RunState = JSON.parse(String(texts.get("run.json")));
    const tasks: AskedTask[] = [await readTask("syn_textvqa", { dataRoot: data })];
    const said = textsOf(await readRun(run));
    const put = (name: string, content: Uint8Array) => writeFile(join(run, name), content);
    return {
      async run(random) {
        // The answers come more often: they have most shapes.
        const name = random.below(3) === 0 ? "answers.jsonl" : names[random.below(names.length)];
        const bytes = texts.get(name) as Buffer;
        await put(name, damaged(bytes, name, random));
        try {
          if (random.below(2) === 0) {
            await runReport(run, { formats: ["md", "csv"] });
            const now = textsOf(await readRun(run));
            if (now !== said) throw new Error("another answer is reported, and nothing is said");
          } else {
            for await (const _ of answerRun({ vlm: MUTE, out: run, prepare: async () => ({ tasks, state }) }));
          }
        } finally {
          for (const changed of new Set([name, "answers.jsonl", "run.json", "pictures.json"])) {
            await put(changed, texts.get(changed) as Buffer);
          }
        }
      },
      close: () => rm(root, { recursive: true, force: true }),
    };
  },
};

function recoup(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [packagePath("dist", "bin", "recoup.js"), ...args]);
  if (status !== 0) throw new Error(`recoup ${args[0]} ended with ${status}: ${stderr}`);
}

/** Texts and scores by setting. */
function textsOf({ settings }: Awaited<ReturnType<typeof readRun>>): string {
  const of = [...settings].map(([id, { rows }]) => [
    id,
    Object.values(rows).map((own) => own.map(({ record }) => record.text)),
  ]);
  return JSON.stringify([REFERENCE, of]);
}

/** As bytes, or in one line's values. */
function damaged(bytes: Buffer, name: string, random: RandomSource): Uint8Array {
  if (random.below(2) === 0) return damageBytes(bytes, random);
  if (name.endsWith(".json")) return Buffer.from(JSON.stringify(damageJson(JSON.parse(String(bytes)), random)));
  const lines = String(bytes).trimEnd().split("\n");
  const at = random.below(lines.length);
  lines[at] = JSON.stringify(damageJson(JSON.parse(lines[at]), random));
  return Buffer.from(`${lines.join("\n")}\n`);
}
