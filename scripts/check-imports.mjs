#!/usr/bin/env node
/**
 * Import directions between the folders of src: who may import whom, only through the other folder's index, never through
 * one's own; no cycles between files. Tests may import anything.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(dirname(fileURLToPath(import.meta.url))), "src");

/** What each folder may import; "node:" stands for Node's own modules, "npm" for packages. */
const MAY_IMPORT = {
  math: [],
  core: ["math"],
  methods: ["core", "math"],
  viz: ["core"],
  testing: ["core", "math"],
  world: ["core", "math"],
  onnx: [],
  models: ["core", "math", "methods", "onnx", "npm"],
  eval: ["core", "math", "methods", "models"],
  report: ["core", "math", "eval", "viz", "npm"],
  browser: ["core", "models", "onnx", "npm"],
  node: ["core", "math", "methods", "models", "onnx", "viz", "world", "eval", "node:", "npm"],
  golden: ["core", "math", "methods", "eval", "node", "node:"],
  bench: ["core", "math", "methods", "models", "onnx", "world", "eval", "node", "testing", "node:", "npm"],
  cli: ["core", "math", "methods", "models", "onnx", "viz", "world", "eval", "report", "node", "testing", "node:"],
  ".": ["core", "methods"],
};

const problems = [];
const graph = new Map();

for (const file of sourceFiles()) {
  const folder = topFolder(file);
  const text = readFileSync(file, "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]);
  graph.set(file, []);
  for (const specifier of specifiers) checkImport(file, folder, specifier);
}
for (const cycle of cycles()) problems.push(`cycle: ${cycle.map((file) => relative(src, file)).join(" -> ")}`);

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkImport(file, folder, specifier) {
  const say = (what) => problems.push(`${relative(src, file)}: ${what} (${specifier})`);
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) return say(`folder ${folder} has no import rule`);
  if (!specifier.startsWith(".")) {
    const kind = specifier.startsWith("node:") ? "node:" : "npm";
    if (!allowed.includes(kind)) say(`${folder} may not import ${kind === "npm" ? "packages" : "Node modules"}`);
    return;
  }
  const target = resolve(dirname(file), specifier).replace(/\.js$/, ".ts");
  graph.get(file).push(target);
  const other = topFolder(target);
  if (other !== folder) {
    if (!allowed.includes(other)) say(`${folder} may not import ${other}`);
    // A folder's index, or that of a folder in it.
    else if (basename(target) !== "index.ts") say(`import ${other} through its index`);
  } else if (target === join(src, folder, "index.ts") && folder !== ".") {
    say("do not import your own folder's index");
  }
}

/** First folder below src; "." for files in src itself. */
function topFolder(file) {
  const parts = relative(src, file).split(/[\\/]/);
  return parts.length === 1 ? "." : parts[0];
}

function sourceFiles() {
  return readdirSync(src, { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".as.ts"))
    .map((name) => join(src, name));
}

function cycles() {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
