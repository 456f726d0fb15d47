import { cpus, totalmem } from "node:os";
import { defaultKernels } from "../math/index.js";
import { writeFileAtomic } from "../node/index.js";

/** What numbers were measured on; they mean nothing without it. */
export function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    kernels: defaultKernels().id,
  };
}

/** Writes the rows of a bench with their machine and command. */
export async function writeResults(
  path: string,
  bench: string,
  args: readonly string[],
  rows: object[],
): Promise<void> {
  const result = { bench, machine: machine(), command: `npm run bench -- ${args.join(" ")}`, rows };
  await writeFileAtomic(path, `${JSON.stringify(result, undefined, 1)}\n`);
  console.error(`wrote ${path}`);
}
