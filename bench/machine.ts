import { thisMachine, writeFileAtomic } from "../src/files/index.js";
import { defaultKernels } from "../src/math/index.js";

/** What numbers were measured on, and with which kernels. */
export function machine() {
  return { ...thisMachine(), kernels: defaultKernels().id };
}

/** Writes the rows of a bench with their machine and command. @param script of package.json that runs it. */
export async function writeResults(
  path: string,
  bench: string,
  args: readonly string[],
  rows: object[],
  script = "bench",
): Promise<void> {
  const result = { bench, machine: machine(), command: `npm run ${script} -- ${args.join(" ")}`, rows };
  await writeFileAtomic(path, `${JSON.stringify(result, undefined, 1)}\n`);
  console.error(`wrote ${path}`);
}
