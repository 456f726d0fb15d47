/**
 * The packages as npm makes them, installed as a user would: into an empty project, with an empty cache, from the registry. The README's
 * lines run there: without optional packages first, then with all of them.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-install-"));
const project = join(folder, "project");
const installed = join(project, "node_modules", "recoup");
const readme = readFileSync(join(root, "README.md"), "utf8");
const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Bytes that the library's archive may have: the toy model, which is eight times that, must not come back. */
const MAX_ARCHIVE = 2e6;

/** The environment without the settings that `npm test` hands down to its children. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"))),
  ONNXRUNTIME_NODE_INSTALL: "skip",
};

function run(command: string, args: readonly string[], cwd = project) {
  return spawnSync(command, args, { cwd, env, encoding: "utf8", shell: process.platform === "win32" });
}

const recoup = (line: string) => run("npx", ["--no-install", "recoup", ...wordsOf(line)]);

/** Words of a shell line; quotes hold words together. */
function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain);
}

function install(...packages: readonly string[]): void {
  const flags = ["--cache", join(folder, "cache"), "--no-audit", "--no-fund"];
  const { status, stderr } = run("npm", ["install", ...flags, ...packages]);
  expect(status, stderr).toBe(0);
}

/** Packages in the versions that recoup asks for: a new major version of one is no fault of recoup's. */
const peers = (...names: readonly string[]) => names.map((name) => `${name}@${peerDependencies[name]}`);

/** The README's blocks in a language, in order. */
const blocks = (language: string) =>
  Array.from(readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g")), ([, text]) => text);
const commands = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .flatMap((line) => /^npx recoup (.*)$/.exec(line)?.[1] ?? []);

const archives: string[] = [];

beforeAll(() => {
  for (const path of [root, join(root, "models")]) {
    const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const { status, stderr } = run("npm", args, path);
    expect(status, stderr).toBe(0);
  }
  archives.push(...readdirSync(folder).map((name) => join(folder, name)));
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", version: "1.0.0", type: "module" }));
  install(...archives);
}, 120_000);
// Hundreds of megabytes of packages: a busy disk takes its time.
afterAll(() => rmSync(folder, { recursive: true }), 120_000);

describe("recoup and its model alone", () => {
  it("are two archives, the library's small", () => {
    const sizes = archives.map((path) => [path.split(/[\\/]/).at(-1), statSync(path).size < MAX_ARCHIVE]);
    expect(sizes).toEqual([
      ["recoup-0.1.0.tgz", true],
      ["recoup-tiny-0.1.0.tgz", false],
    ]);
    expect(existsSync(join(installed, "models"))).toBe(false);
  });

  it("have no map, and no link that leads nowhere", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => name.endsWith(".map"))).toEqual([]);
    const links = files
      .filter((name) => name.endsWith(".md"))
      .flatMap((name) =>
        Array.from(readFileSync(join(installed, name), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, to]) => ({
          name,
          to,
        })),
      );
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ name, to }) => !existsSync(join(installed, dirname(name), to)))).toEqual([]);
  });

  it("list methods, draw pictures, look into model files", () => {
    expect(recoup("methods").stdout).toMatch(/recoverable/);
    const drawn = recoup("synth --tasks syn_pope --split val --count 2 --out drawn");
    expect(drawn.status, drawn.stderr).toBe(0);
    const { stdout } = recoup("onnx inspect node_modules/recoup-tiny/tiny/onnx/vision_encoder.onnx");
    expect(stdout).toMatch(/vision tower/);
  });

  it.each(["demo", "ask drawn/x.png why", "eval --tasks syn_pope --out runs/none"])(
    "say what recoup %s needs",
    (line) => {
      const { status, stderr } = recoup(line);
      expect(status).toBe(2);
      expect(stderr).toMatch(/npm install @huggingface\/transformers/);
    },
  );
});

describe("with @huggingface/transformers", () => {
  beforeAll(() => install(...peers("@huggingface/transformers")), 300_000);

  it("shows the demo, as SVG, and says what a PNG needs", () => {
    const { status, stdout, stderr } = recoup("demo");
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/green/);
    expect(stderr).toMatch(/npm install @resvg\/resvg-wasm @expo-google-fonts\/pt-sans/);
    expect(readdirSync(join(project, "out")).sort()).toEqual(["plan.json", "plan.svg", "scene.png"]);
  });

  it("asks as the README does", () => {
    const [ask, chat, own] = blocks("js");
    writeFileSync(join(project, "ask.js"), `${ask}\n${chat}\nawait vlm.dispose();\n`);
    const asked = run(process.execPath, ["ask.js"]);
    expect(asked.status, asked.stderr).toBe(0);
    expect(asked.stdout).toMatch(/^green \{ source: 576, kept: 58, prompt: 69 \} [\d.]+\n *greenrecovered \d+ tokens/);
    writeFileSync(join(project, "own.js"), own);
    const computed = run(process.execPath, ["own.js"]);
    expect(computed.status, computed.stderr).toBe(0);
    // Features of chance: in one of ten, token 300 is among the 57.
    expect(computed.stdout).toMatch(/^57 of 576 tokens\n5[78]\n$/);
  });

  it("takes the README's commands", () => {
    expect(commands).toHaveLength(5);
    for (const line of commands) {
      const { status, stderr } = recoup(line);
      expect(status, `${line}: ${stderr}`).toBe(0);
    }
    expect(readFileSync(join(project, "kept.svg"), "utf8")).toMatch(/^<svg/);
    expect(readFileSync(join(project, "runs/first/report.html"), "utf8")).toMatch(/recoverable/);
  });
});

describe("with all optional packages", () => {
  beforeAll(
    () => install(...archives, ...peers(...Object.keys(peerDependencies).filter((name) => name !== "recoup-tiny"))),
    300_000,
  );

  it("draws PNG, and charts", () => {
    const demo = recoup("demo --out shown");
    expect(demo.status, demo.stderr).toBe(0);
    expect(readFileSync(join(project, "shown/plan.png")).subarray(1, 4).toString()).toBe("PNG");
    const report = recoup("report runs/first");
    expect(report.status, report.stderr).toBe(0);
    expect(readFileSync(join(project, "runs/first/report.html"), "utf8")).toMatch(/<svg role="img"/);
  });
});
