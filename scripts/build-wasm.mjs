#!/usr/bin/env node
/** Compiles the SIMD row kernels (AssemblyScript) and writes their bytes as a TypeScript constant. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "src", "math", "simd");

const outputs = new Map();
const { error, stderr } = await asc.main(
  ["rows.as.ts", "--outFile", "rows.wasm", "-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd"],
  {
    readFile: (name, base) => {
      try {
        return readFileSync(join(base === "." ? folder : join(folder, base), name), "utf8");
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => outputs.set(name, contents),
    listFiles: () => [],
  },
);
const bytes = outputs.get("rows.wasm");
if (error || bytes === undefined) {
  console.error(`build-wasm: ${error?.message ?? "no output"}\n${stderr.toString()}`);
  process.exit(1);
}

writeFileSync(
  join(folder, "generated.ts"),
  `// Made by scripts/build-wasm.mjs from rows.as.ts; do not edit.\n
/** The WebAssembly module of the row kernels, ${bytes.length} bytes, two hexadecimal digits each. */
export const WASM_BYTES =\n  "${Buffer.from(bytes).toString("hex")}";\n`,
);
