#!/usr/bin/env node
/**
 * Import directions of src. A subject imports only subjects above it in SUBJECTS, through an index; a floor of a subject only the
 * floors before it. Node's modules are for `node/` folders and for subjects that run in Node alone; another subject's `node/` only
 * for them too. No circle of imports between files, and no chain of them longer than MAX_FLOORS. Tests may import anything.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(dirname(fileURLToPath(import.meta.url))), "src");

/** What each subject may import beside itself, from the bottom up; "npm" stands for packages. */
const SUBJECTS = {
  math: [],
  core: ["math"],
  methods: ["core", "math"],
  viz: ["core", "math"],
  onnx: ["core", "math"],
  vlm: ["core", "math", "methods", "onnx", "npm"],
  benchmarks: ["core", "math"],
  world: ["core", "math", "benchmarks"],
  eval: ["core", "math", "methods", "viz", "vlm", "benchmarks", "world", "npm"],
  testing: ["core", "math", "methods"],
  files: ["core", "math", "viz", "npm"],
  "index.ts": ["core", "methods"],
  "node.ts": ["core", "math", "methods", "viz", "onnx", "vlm", "world", "eval", "files"],
  cli: [
    "core",
    "math",
    "methods",
    "viz",
    "onnx",
    "vlm",
    "benchmarks",
    "world",
    "eval",
    "testing",
    "files",
    "node.ts",
    "npm",
  ],
};

/** Floors inside a subject, from the bottom up: a file of one may not import a later one. */
const FLOORS = {
  onnx: ["proto", "graph", "decoder", "vision", "bake"],
};

/**
 * Files on the longest chain of imports inside a subject at most, its index and node/ included. A chain is the way that a reader goes
 * from the public face down: the graph tools have four floors, of about two files each.
 */
const MAX_FLOORS = { onnx: 8 };

/** Subjects that run in Node alone. */
const NODE_ONLY = ["files", "node.ts", "cli"];

const problems = [];
const graph = new Map();

for (const file of sourceFiles()) {
  const text = readFileSync(file, "utf8");
  graph.set(file, []);
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) checkImport(file, specifier);
}
const circles = cycles();
for (const cycle of circles) problems.push(`circle: ${cycle.map((file) => relative(src, file)).join(" -> ")}`);
// A circle has no longest chain.
if (circles.length === 0) for (const [subject, most] of Object.entries(MAX_FLOORS)) checkFloors(subject, most);

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkImport(file, specifier) {
  const refuse = (rule) => problems.push(`${relative(src, file)}: ${rule} (${specifier})`);
  const from = placeOf(file);
  const allowed = SUBJECTS[from.subject];
  if (allowed === undefined) return refuse(`${from.subject} has no import rule`);
  const inNode = from.environment === "node" || NODE_ONLY.includes(from.subject);
  if (specifier.startsWith("node:")) return inNode || refuse("only node/ imports Node's modules");
  if (!specifier.startsWith(".")) {
    return inNode || allowed.includes("npm") || refuse(`${from.subject} may not import packages`);
  }
  const target = resolve(dirname(file), specifier).replace(/\.js$/, ".ts");
  graph.get(file).push(target);
  if (isFace(target)) refuse("public.ts is for other packages");
  const to = placeOf(target);
  if (to.environment !== undefined && (to.environment !== from.environment || to.subject !== from.subject)) {
    const face = ["node.ts", "cli"].includes(from.subject);
    if (!face) refuse(`${to.environment}/ is not for code outside it`);
  }
  if (to.subject !== from.subject) {
    if (!allowed.includes(to.subject) && !(to.subject === "files" && inNode)) {
      refuse(`${from.subject} may not import ${to.subject}`);
    } else if (to.subject !== "node.ts" && basename(target) !== "index.ts") {
      refuse(`import ${to.subject} through an index`);
    }
  } else if (target === join(src, to.subject, "index.ts") && !isFace(file) && from.environment === undefined) {
    refuse("do not import your own subject's index");
  }
  const floors = FLOORS[from.subject] ?? [];
  if (
    to.subject === from.subject &&
    floors.indexOf(to.floor) > floors.indexOf(from.floor) &&
    from.floor !== undefined
  ) {
    if (floors.includes(from.floor)) refuse(`${from.floor} may not import ${to.floor}`);
  }
}

function checkFloors(subject, most) {
  const chains = new Map();
  const chainFrom = (file) => {
    if (chains.has(file)) return chains.get(file);
    const inside = graph.get(file).filter((next) => graph.has(next) && placeOf(next).subject === subject);
    const longest = inside.map(chainFrom).reduce((long, each) => (each.length > long.length ? each : long), []);
    chains.set(file, [file, ...longest]);
    return chains.get(file);
  };
  for (const file of graph.keys()) {
    if (placeOf(file).subject !== subject || isFace(file) || chainFrom(file).length <= most) continue;
    const chain = chainFrom(file).map((each) => relative(join(src, subject), each));
    problems.push(`floors: ${subject} at most ${most}, got ${chain.length}: ${chain.join(" -> ")}`);
    return;
  }
}

/** A `public.ts` picks what the package exports from its subject's index; nothing imports it. */
function isFace(file) {
  return basename(file) === "public.ts";
}

/** Subject (first folder, or a file in src itself), floor (second folder) and environment of a source file. */
function placeOf(file) {
  const [subject, ...rest] = relative(src, file).split(/[\\/]/);
  const environment = rest.find((part) => part === "node" || part === "browser");
  return { subject, floor: rest.length > 1 ? rest[0] : undefined, environment };
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
