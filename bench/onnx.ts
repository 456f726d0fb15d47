import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { applyPlan, createTokenTable } from "../src/core/index.js";
import { fileSource } from "../src/files/index.js";
import { median } from "../src/math/index.js";
import { recoup, recoverable } from "../src/methods/index.js";
import { type BakeMethodOptions, compressionModel, modelBytes, openOnnx } from "../src/onnx/index.js";
import { writeOnnx } from "../src/onnx/node/index.js";
import { makeTensor } from "../src/onnx/proto/make.js";
import { syntheticTable } from "../src/testing/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** One command on a long file. */
export interface OnnxRow {
  readonly name: string;
  readonly runs: number;
  readonly median_ms: number;
  /** Largest resident memory over the runs, of the whole process. */
  readonly peak_mib?: number;
  /** Of the whole command, the process's start included, against `cp` of the file, timed in the same rounds. */
  readonly ratio_to_copy?: number;
  /** Of the copying alone: without all that `tap --skeleton` does, too, which starts, locates, and writes all but the weights. */
  readonly copying_ratio_to_copy?: number;
  readonly file_mib?: number;
  readonly written_kib?: number;
  /** Of the compression as ONNX nodes: against the library's own, timed in the same run. */
  readonly ratio_to_own?: number;
}

/** Weights added to the bundled encoder, so that the file is as long as that of a large tower: 20 of 16 MiB. */
const WEIGHTS = 20;
const WEIGHT_BYTES = 16 * 2 ** 20;

/** Whole commands (`recoup onnx …`) on a file of 325 MiB, the process's start included. */
export async function benchOnnx(runs: number): Promise<OnnxRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-bench-"));
  try {
    const file = join(folder, "long.onnx");
    await writeLongFile(file);
    const [out, small, copy] = ["tapped", "skeleton", "copy"].map((name) => join(folder, `${name}.onnx`));
    const commands: readonly [name: string, args: readonly string[], written?: string][] = [
      ["recoup onnx --help", ["onnx", "--help"]],
      ["inspect", ["onnx", "inspect", file]],
      ["tap", ["onnx", "tap", file, "--out", out], out],
      ["tap --skeleton", ["onnx", "tap", file, "--out", small, "--skeleton"], small],
    ];
    const results = commands.map(([name, , written]) => ({ name, written, ms: [] as number[], peak: 0, kib: 0 }));
    const copies: number[] = [];
    // In rounds, so that other work of the machine falls on all alike.
    for (let round = 0; round < runs; round++) {
      for (const [i, [, args, written]] of commands.entries()) {
        const { ms, peak } = command(args);
        const result = results[i];
        result.ms.push(ms);
        result.peak = Math.max(result.peak, peak);
        // Gone at once, so that the disk's writing of one file does not slow the next.
        if (written !== undefined) result.kib = sizeAndRemove(written);
      }
      copies.push(timed(() => run("cp", file, copy)));
      rmSync(copy);
    }
    const file_mib = statSync(file).size / 2 ** 20;
    const copied = median(copies);
    const rows = results.map(({ name, written, ms, peak, kib }): OnnxRow => {
      const row = { name, runs, median_ms: median(ms), peak_mib: peak, file_mib };
      return written === undefined ? row : { ...row, written_kib: kib };
    });
    const [, , tap, skeleton] = rows;
    const ratios = {
      ratio_to_copy: tap.median_ms / copied,
      copying_ratio_to_copy: (tap.median_ms - skeleton.median_ms) / copied,
    };
    return [
      ...rows.map((row) => (row === tap ? { ...row, ...ratios } : row)),
      { name: "cp", runs, median_ms: copied, file_mib },
      ...(await bakedRows(runs)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compression as ONNX nodes in onnxruntime-node, beside the library's own, on one table: 576 tokens of width 1024. */
async function bakedRows(runs: number): Promise<OnnxRow[]> {
  const { features, keys, clsAttention, textSimilarity } = syntheticTable({
    rows: 24,
    columns: 24,
    dim: 1024,
    seed: 2,
  });
  const matrix = ({ data }: { data: Float32Array | Uint16Array }) =>
    new Tensor("float32", data as Float32Array, [576, 1024]);
  const feeds = {
    features: matrix(features),
    keys: matrix(keys),
    cls_attention: new Tensor("float32", clsAttention, [576]),
    text_similarity: new Tensor("float32", textSimilarity, [576]),
  };
  const table = createTokenTable({ features, keys, clsAttention, textSimilarity });
  const shared = { tokens: 576, textPolarity: 1 } as const;
  const paper = { ...shared, method: "recoverable" } as const;
  const own = { ...shared, method: "recoup", width: 1024 } as const;
  const [textOnly, all] = [{ features: feeds.features, text_similarity: feeds.text_similarity }, feeds];
  return [
    ...(await besideOwn(runs, "recoverable", () => applyPlan(recoverable.plan(table), features), all, {
      dynamic: paper,
      static: { ...paper, form: "static", budget: { max: 128 } },
    })),
    ...(await besideOwn(runs, "recoup", () => applyPlan(recoup.plan(table), features), textOnly, {
      dynamic: own,
      static: { ...own, form: "static" },
    })),
  ];
}

/** A method in TypeScript, and its forms as ONNX nodes. */
async function besideOwn(
  runs: number,
  method: string,
  work: () => unknown,
  feeds: Readonly<Record<string, Tensor>>,
  forms: Readonly<Record<string, BakeMethodOptions>>,
): Promise<OnnxRow[]> {
  const own = await times(runs, async () => {
    work();
  });
  const rows: OnnxRow[] = [{ name: `${method}, TypeScript`, runs, median_ms: median(own) }];
  for (const [form, options] of Object.entries(forms)) {
    const bytes = await modelBytes(compressionModel(options));
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
    const baked = await times(runs, async () => {
      await session.run(feeds);
    });
    await session.release();
    rows.push({
      name: `${method}, ONNX ${form}`,
      runs,
      median_ms: median(baked),
      ratio_to_own: median(baked) / median(own),
    });
  }
  return rows;
}

/** Milliseconds of each run after as many to warm up. */
async function times(runs: number, work: () => Promise<void>): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < 2 * runs; i++) {
    const start = performance.now();
    await work();
    if (i >= runs) out.push(performance.now() - start);
  }
  return out;
}

/** KiB of a file, which then is no more. */
function sizeAndRemove(path: string): number {
  const { size } = statSync(path);
  rmSync(path);
  return size / 1024;
}

async function writeLongFile(path: string): Promise<void> {
  const source = await fileSource(join(root, "models/tiny/onnx/vision_encoder.onnx"));
  const model = await openOnnx(source);
  const bytes = new Uint8Array(WEIGHT_BYTES);
  const weights = Array.from({ length: WEIGHTS }, (_, i) => makeTensor(`long.${i}`, "float32", [2048, 2048], bytes));
  const { graph } = model;
  await writeOnnx(path, { ...model, graph: { ...graph, initializers: [...weights, ...graph.initializers] } });
  await source.close();
}

/**
 * Prints the process's largest resident memory in KiB when it ends. Linux counts it from the start of the program; what getrusage
 * says includes the parent's before that.
 */
const WATCH = `data:text/javascript,import{readFileSync}from"node:fs";process.on("exit",()=>process.stderr.write("peak "+readFileSync("/proc/self/status","utf8").match(/VmHWM:\\s+(\\d+)/)[1]))`;

function command(args: readonly string[]): { ms: number; peak: number } {
  let peak = 0;
  const ms = timed(() => {
    const words = [`--import=${WATCH}`, join(root, "dist/bin/recoup.js"), ...args];
    const { stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
    const kib = /peak (\d+)/.exec(stderr)?.[1];
    if (kib === undefined || (status !== 0 && args[0] === "onnx"))
      throw new Error(`bench onnx: ${args.join(" ")}: ${stderr}`);
    peak = Number(kib) / 1024;
  });
  return { ms, peak };
}

function run(command: string, ...args: string[]): void {
  if (spawnSync(command, args).status !== 0) throw new Error(`bench onnx: ${command} ${args.join(" ")} failed`);
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
