#!/usr/bin/env node
/**
 * Makes a fresh clone ready: installs the dependencies if the lock file asks for others than are there, and builds if a
 * source is newer than the last build. Every npm script starts with it, so each works as the first command. Plain Node,
 * no dependency, since it runs before there are any.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const builtMark = join(root, "dist", ".built");
const installedMark = join(root, "node_modules", ".package-lock.json");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`recoup: expected Node.js 20.19 or newer, got ${process.version}`);
  process.exit(1);
}

if (isOlder(installedMark, [join(root, "package-lock.json"), join(root, "package.json")])) {
  say("installing dependencies");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  // npm keeps the lock file's own time in some versions: mark the moment of this install.
  writeFileSync(join(root, "node_modules", ".recoup-installed"), "");
}

const inputs = ["src", "scripts/build-wasm.mjs", "scripts/bundle-cli.mjs", "package.json", ...configs()].map((path) =>
  join(root, path),
);
if (process.argv.includes("--force") || isOlder(builtMark, inputs)) {
  say("building");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  run(process.execPath, [join(root, "scripts", "build-wasm.mjs")]);
  run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "--build", "tsconfig.node.json"]);
  run(process.execPath, [join(root, "scripts", "bundle-cli.mjs")]);
  mkdirSync(dirname(builtMark), { recursive: true });
  writeFileSync(builtMark, "");
}

function configs() {
  return readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
}

/** True if `mark` is missing or older than the newest of `paths` (files, or folders with all below them). */
function isOlder(mark, paths) {
  const marks = [mark, join(dirname(mark), ".recoup-installed")].filter((path) => existsSync(path));
  if (!existsSync(mark)) return true;
  const time = Math.max(...marks.map((path) => statSync(path).mtimeMs));
  return paths.some((path) => newest(path) > time);
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return isOutput(path) ? 0 : stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The generated source and the tests do not make a build stale. */
function isOutput(path) {
  return path.endsWith("generated.ts") || path.endsWith(".test.ts");
}

function say(what) {
  process.stderr.write(`recoup: ${what} …\n`);
}

/** The child writes to stderr: stdout belongs to the command that follows. */
function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  } catch (error) {
    console.error(`recoup: ${command} ${args.join(" ")} failed`);
    process.exit(error.status ?? 1);
  }
}
