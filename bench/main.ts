#!/usr/bin/env node
/** `npm run bench -- NAME [--json FILE]`: rows on stdout as they are measured, results with their machine in a file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { assertOutputs } from "../src/files/index.js";
import { findMethod, type MethodId } from "../src/methods/index.js";
import { benchAsks } from "./asks.js";
import { disturbedRuns } from "./disturbed-runs.js";
import { writeResults } from "./machine.js";
import { benchOnnx } from "./onnx.js";
import { benchRobustness } from "./robustness/index.js";
import { benchRowFacts, ROW_FACTS_METHODS } from "./row-facts.js";
import { benchAllocations, benchSelect, SELECT_SIZES, type SelectRow } from "./select.js";
import { benchTell, START_WORD, startHere, type TellRow } from "./tell.js";
import { DECODER_PRECISIONS } from "./tell-decoder.js";
import { TELL_WAYS, type TellWay } from "./tell-session.js";
import { benchTtft } from "./ttft.js";
import { benchWorld } from "./world.js";

const USAGE = `usage: npm run bench -- select [--json FILE] [--sizes 144,576] [--only NAME] [--runs 50]

       npm run bench -- world [--json FILE] [--runs 50]

       npm run bench -- onnx [--json FILE] [--runs 5]

       npm run bench -- ttft [--json FILE] [--runs 10] [--model FOLDER]

       npm run bench -- asks [--json FILE] [--runs 200] [--only none]

       npm run bench -- disturbed [--json FILE]

       npm run bench -- facts --data FOLDER [--json FILE] [--limit 100] [--only cdpruner,facility] [--budgets 58] [--alphas 1]

       npm run bench -- robustness --data FOLDER [--json FILE] [--limit 100] [--budgets 16,32,58]

       npm run bench -- tell [--json FILE] [--runs 20] [--only q4] [--ways told,silent,places,again] [--threads 1] [--starts 3]

  select   every method from keys and query to compressed rows, at ${SELECT_SIZES.join(", ")} tokens of width 1024
  world    making synthetic pictures
  onnx     whole commands on a model file of 325 MiB
  ttft     time to first token by stage: the bundled model, and with --model another one, such as that of
           python -m recoup_train.random_llava (a random decoder of 0.3 billion parameters)
  asks     memory over many questions to the bundled model, by the method of --only (default: recoverable)
  disturbed  runs of recoup eval with two processes in one folder, kill -9, full disks, pictures away for a while
  facts    answers of the bundled model told where rows stand and how loudly they speak, or not, to questions of
           recoup synth --tasks all --out FOLDER, --limit of them per task
  robustness  answers of the bundled model to the same kind of questions where the similarity is noise, another picture's, or negative
  tell     a decoder of 360 million parameters told places and mass, against the file as it is`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "string" },
      sizes: { type: "string", default: SELECT_SIZES.join(",") },
      only: { type: "string" },
      runs: { type: "string", default: "50" },
      model: { type: "string" },
      threads: { type: "string" },
      starts: { type: "string", default: "3" },
      data: { type: "string" },
      limit: { type: "string", default: "100" },
      budgets: { type: "string" },
      alphas: { type: "string", default: "1" },
      ways: { type: "string", default: "told,silent,places,again" },
      help: { type: "boolean", short: "h" },
    },
  });
  const sizes = values.sizes.split(",").map(Number);
  const runs = Number(values.runs);
  const fits = sizes.every((size) => SELECT_SIZES.includes(size)) && Number.isInteger(runs) && runs >= 1;
  const [bench] = positionals;
  if (
    values.help ||
    positionals.length !== 1 ||
    !["select", "world", "onnx", "ttft", "asks", "disturbed", "tell", "facts", "robustness"].includes(bench) ||
    (["facts", "robustness"].includes(bench) && values.data === undefined) ||
    !fits
  ) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.json !== undefined) await assertOutputs([values.json]);
  const rows =
    bench === "facts"
      ? await facts(values)
      : bench === "robustness"
        ? await robustness(values)
        : bench === "tell"
          ? await told(runs, values)
          : bench === "disturbed"
            ? await disturbed()
            : bench === "asks"
              ? await asks(runs, values.only)
              : bench === "ttft"
                ? await ttft(runs, values.model)
                : bench === "onnx"
                  ? await onnx(runs)
                  : bench === "world"
                    ? world(runs)
                    : select({ sizes, runs, only: values.only });
  if (values.json !== undefined) await writeResults(values.json, bench, args, rows);
  return 0;
}

/** As many as the promise is about: no answer is wrong, lost or doubled, and no failure is silent. */
const DISTURBANCES = { races: 20, kills: 30, disks: 6, pictures: 6, seed: 1 };

async function disturbed(): Promise<object[]> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-disturbed-"));
  const rows: object[] = [];
  try {
    for await (const row of disturbedRuns(folder, DISTURBANCES)) {
      const { disturbance, ...counts } = row;
      console.log(
        `${disturbance}: ${Object.entries(counts)
          .map(([name, count]) => `${count} ${name}`)
          .join(", ")}`,
      );
      rows.push(row);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

const numbers = (list: unknown) => String(list).split(",").map(Number);

async function robustness({
  data,
  limit,
  budgets = "16,32,58",
}: Record<string, string | boolean | undefined>): Promise<object[]> {
  const start = performance.now();
  const asked = { data: String(data), limit: Number(limit), budgets: numbers(budgets) };
  const rows = await benchRobustness(asked, (done, of) => {
    if (done % 10 === 0)
      console.error(`${done} of ${of} questions, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  });
  const signed = (value: number) => (value < 0 ? "" : "+") + value.toFixed(3);
  for (const row of rows) {
    if (row.part === "all tokens") console.log(`all tokens: right ${percent(row.score)}, ${row.answered} answers`);
    if (row.part === "answers") {
      const names = [row.method.padEnd(22), String(row.budget).padEnd(4), (row.condition ?? "").padEnd(13)];
      console.log(...names, `KL ${row.kl.toFixed(3)}`, `right ${percent(row.score)} same ${percent(row.same)}`);
    }
    if (row.part === "bars") {
      const [low, high] = row.kl_interval?.map(signed) ?? ["equal", "equal"];
      console.log(`${row.condition}, ${row.budget}: recoup - ${row.against}`, signed(row.kl), `[${low}, ${high}]`);
    }
    if (row.part === "plans")
      console.log(`${row.table}, ${row.method}, ${row.budget}: ${row.fact} ${row.value?.toFixed(2) ?? "refused"}`);
  }
  return rows;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

async function facts({ data, only, limit, budgets = "58", alphas }: Record<string, string | boolean | undefined>) {
  const methods = only === undefined ? ROW_FACTS_METHODS : String(only).split(",");
  const asked = {
    data: String(data),
    limit: Number(limit),
    methods,
    budgets: numbers(budgets),
    alphas: numbers(alphas),
  };
  const rows = await benchRowFacts(asked, (done, of) => {
    if (done % 20 === 0) console.error(`${done} of ${of} questions`);
  });
  for (const { method, budget, positions, mass, score, kl, ratio, same, kinds } of rows) {
    const shares = [score, same, kinds.count.right, kinds.letter.right].map(percent);
    const names = [method.padEnd(14), String(budget).padEnd(4), positions.padEnd(9), `mass ${mass}`.padEnd(9)];
    const numbers = [`KL ${kl.toFixed(3)}`, ratio === undefined ? "" : `x ${ratio.toFixed(2)}`];
    console.log(...names, ...numbers, `right ${shares[0]} same ${shares[1]} counts ${shares[2]} letters ${shares[3]}`);
  }
  return rows;
}

async function told(
  runs: number,
  { only, ways, threads, starts }: Record<"ways" | "starts", string> & { only?: string; threads?: string },
): Promise<object[]> {
  const rows: TellRow[] = [];
  const precisions = DECODER_PRECISIONS.filter((one) => only === undefined || only.split(",").includes(one));
  const asked = ways.split(",").filter((way): way is TellWay => Object.hasOwn(TELL_WAYS, way));
  const often = {
    runs,
    answers: Math.min(runs, TELL_ANSWERS),
    starts: Number(starts),
    ...(threads && { threads: Number(threads) }),
  };
  for await (const row of benchTell(often, asked, precisions)) {
    const { precision, way, figure, stock, told, ratio } = row;
    const quarters = `${ratio.lower_quarter.toFixed(3)} to ${ratio.upper_quarter.toFixed(3)}`;
    const facts = [
      `${stock.toFixed(1)} -> ${told.toFixed(1)}`.padEnd(20),
      `x ${ratio.median.toFixed(3)} (${quarters})`,
    ];
    console.log([precision.padEnd(5), way.padEnd(7), figure.padEnd(28), ...facts].join(" "));
    rows.push(row);
  }
  return rows;
}

/** Answers of 64 tokens, each token a pair. */
const TELL_ANSWERS = 1;

async function onnx(runs: number): Promise<object[]> {
  const rows = await benchOnnx(runs);
  for (const { name, median_ms, peak_mib, ratio_to_copy, copying_ratio_to_copy, ratio_to_own, written_kib } of rows) {
    const facts = [`${name.padEnd(26)}${median_ms.toFixed(0).padStart(6)} ms`];
    if (peak_mib !== undefined) facts.push(`${peak_mib.toFixed(0)} MiB at most`);
    if (ratio_to_copy !== undefined) facts.push(`${ratio_to_copy.toFixed(2)} times cp`);
    if (copying_ratio_to_copy !== undefined) facts.push(`its copying ${copying_ratio_to_copy.toFixed(2)} times cp`);
    if (ratio_to_own !== undefined) facts.push(`${ratio_to_own.toFixed(1)} times TypeScript`);
    if (written_kib !== undefined) facts.push(`${written_kib.toFixed(0)} KiB written`);
    console.log(facts.join(", "));
  }
  return rows;
}

async function asks(runs: number, method = "recoverable"): Promise<object[]> {
  const row = await benchAsks(runs, findMethod(method).id as MethodId);
  const { after_10_mib, after_all_mib, growth, peak_mib, held_after_10_mib, held_after_all_mib } = row;
  const [ten, all, peak] = [after_10_mib, after_all_mib, peak_mib].map((mib) => mib.toFixed(0));
  console.log(`${method}: ${ten} MiB after 10, ${all} after ${runs} (${(100 * growth).toFixed(1)} %), ${peak} at most`);
  console.log(
    `held by JavaScript: ${held_after_10_mib.toFixed(1)} MiB after 10, ${held_after_all_mib.toFixed(1)} after ${runs}`,
  );
  return [row];
}

async function ttft(runs: number, folder: string | undefined): Promise<object[]> {
  const rows = await benchTtft("tiny", "tiny", runs);
  if (folder !== undefined) rows.push(...(await benchTtft(basename(folder), folder, runs)));
  for (const { model, way, kept, first_token_ms, stages_ms, prefill_ratio, overhead_ratio, ratio_to_stock } of rows) {
    const facts = [
      `${model.padEnd(8)}${way.padEnd(12)}${String(kept).padStart(4)} rows`,
      `first token ${first_token_ms.toFixed(0)} ms`,
    ];
    for (const [stage, ms] of Object.entries(stages_ms ?? {})) if (ms >= 0.05) facts.push(`${stage} ${ms.toFixed(1)}`);
    if (prefill_ratio !== undefined) facts.push(`prefill x ${prefill_ratio.toFixed(3)}`);
    if (overhead_ratio !== undefined) facts.push(`selection x ${overhead_ratio.toFixed(4)}`);
    if (ratio_to_stock !== undefined) facts.push(`x ${ratio_to_stock.toFixed(3)} of stock`);
    console.log(facts.join(", "));
  }
  return rows;
}

function world(runs: number): object[] {
  const rows = benchWorld(runs);
  for (const { name, median_ms, per_second } of rows) {
    console.log(
      `${name.padEnd(26)}${median_ms.toFixed(2).padStart(8)} ms${per_second.toFixed(0).padStart(8)} per second`,
    );
  }
  return rows;
}

function select(options: Parameters<typeof benchSelect>[0]): object[] {
  const timed: SelectRow[] = [];
  console.log(HEADING);
  for (const row of benchSelect(options)) {
    timed.push(row);
    console.log(line(row));
  }
  console.error("counting allocations …");
  const bytes = [...benchAllocations(options)];
  const rows = timed.map((row, i) => ({ ...row, extra_bytes: bytes[i] }));
  console.log("\nmegabytes allocated in one run (upper bound of the extra peak)\n");
  for (const { name, n, extra_bytes } of rows) {
    console.log(`${name.padEnd(30)} ${String(n).padStart(6)} ${(extra_bytes / 2 ** 20).toFixed(2).padStart(9)}`);
  }
  return rows;
}

const HEADING = "name                               n     k  median ms     p95 ms   floor  ratio  stages";

function line(row: SelectRow): string {
  return [
    row.name.padEnd(29),
    String(row.n).padStart(6),
    String(row.k).padStart(5),
    row.median_ms.toFixed(2).padStart(10),
    row.p95_ms.toFixed(2).padStart(10),
    row.floor_ms.toFixed(2).padStart(7),
    row.floor_ratio.toFixed(1).padStart(6),
    "",
    Object.entries(row.stages)
      .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
      .join(", "),
  ].join(" ");
}

const [word, ...rest] = process.argv.slice(2);
if (word === START_WORD) console.log(JSON.stringify(await startHere(rest[0], rest[1] as TellWay)));
else process.exitCode = await main(process.argv.slice(2));
