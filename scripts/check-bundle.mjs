#!/usr/bin/env node
/**
 * Bundles `import * as recoup from "recoup"` for the browser: nothing of Node, nothing from other packages, and at most
 * 30 KB gzipped. The bytes of the WebAssembly module are counted apart.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CEILING = 30 * 1024;
const GENERATED = join(root, "dist", "math", "simd", "generated.js");

const [whole] = await bundle([]);
const [code, imports] = await bundle([
  { name: "without-wasm", load: (id) => (id === GENERATED ? 'export const WASM_BYTES = "";' : null) },
]);

const problems = [];
if (imports.length > 0) problems.push(`expected no imports, got ${imports.join(", ")}`);
if (/["']node:|\brequire\(/.test(whole)) problems.push("expected no Node modules, got one");
const [size, total] = [code, whole].map((text) => gzipSync(text, { level: 9 }).length);
if (size > CEILING) problems.push(`expected at most ${CEILING} bytes gzipped, got ${size}`);

console.log(`${size} bytes gzipped of at most ${CEILING}; with the WebAssembly module ${total}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

/** The minified code of everything that "." exports, and what it imports from outside. */
async function bundle(plugins) {
  // A virtual entry that uses all exports, so that nothing is shaken off.
  const entry = join(root, "dist", "index.js");
  if (!readFileSync(entry, "utf8")) throw new Error("no build");
  const build = await rolldown({ input: entry, platform: "browser", plugins, logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  return [output.map((chunk) => chunk.code ?? "").join(""), output.flatMap((chunk) => chunk.imports ?? [])];
}
