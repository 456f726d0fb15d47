#!/usr/bin/env node
/** Every path that package.json promises exists in the build, with types first, and every entry can be imported. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const problems = [];

for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === "string") {
    if (!existsSync(join(root, target))) problems.push(`${subpath}: ${target} does not exist`);
    continue;
  }
  // A subpath with entries of its own for Node and for browsers has one of these for each.
  for (const entry of "types" in target ? [target] : Object.values(target)) await checkEntry(subpath, entry);
}
for (const [name, path] of Object.entries(bin)) {
  if (!existsSync(join(root, path))) problems.push(`bin ${name}: ${path} does not exist`);
  else if (!readFileSync(join(root, path), "utf8").startsWith("#!")) problems.push(`bin ${name}: no interpreter line`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

async function checkEntry(subpath, entry) {
  if (Object.keys(entry)[0] !== "types") problems.push(`${subpath}: "types" must come first`);
  for (const path of Object.values(entry)) {
    if (!existsSync(join(root, path))) problems.push(`${subpath}: ${path} does not exist`);
  }
  try {
    const module = await import(pathToFileURL(join(root, entry.default)));
    if (Object.keys(module).length === 0) problems.push(`${subpath}: exports nothing`);
    if ("default" in module) problems.push(`${subpath}: has a default export`);
  } catch (error) {
    problems.push(`${subpath}: ${error.message}`);
  }
}
