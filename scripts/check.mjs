#!/usr/bin/env node
/** `npm run check`: types in every environment, lint and format, import directions, generated pages, exports, browser bundle. All are run. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join("node_modules", "typescript", "bin", "tsc");
const publint = join("node_modules", "publint", "src", "cli.js");
const attw = join("node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
const biome = join("node_modules", "@biomejs", "biome", "bin", "biome");

const checks = [
  ["types: portable code without DOM or Node", [tsc, "-p", "tsconfig.portable.json", "--noEmit"]],
  ["types: code on packages of others, without Node", [tsc, "-p", "tsconfig.hosted.json", "--noEmit"]],
  ["types: Node code", [tsc, "-p", "tsconfig.node.json", "--noEmit"]],
  ["types: tests", [tsc, "-p", "tsconfig.test.json"]],
  ["lint and format", [biome, "ci", "--error-on-warnings", "."]],
  ["import directions", [join("scripts", "check-imports.mjs")]],
  ["docs/methods.md is current", [join("scripts", "methods-page.mjs"), "--check"]],
  ["package exports", [join("scripts", "check-exports.mjs")]],
  ["package: publint", [publint, "--strict"]],
  // ESM only: resolution as CommonJS or by Node 10's rules is not asked for.
  ["package: types of every subpath", [attw, "--profile", "esm-only", "--pack", "."]],
  ["browser bundle", [join("scripts", "check-bundle.mjs")]],
];

let failed = 0;
for (const [name, args] of checks) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${name}`);
  const output = `${stdout}${stderr}`.trim();
  if (output && (status !== 0 || name === "browser bundle")) console.log(output.replace(/^/gm, "     "));
  if (status !== 0) failed++;
}
console.log(failed === 0 ? "all checks passed" : `${failed} of ${checks.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
