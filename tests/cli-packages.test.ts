/** The built command where optional packages are missing: a copy of it among chosen packages, as npm would have installed them. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const table = join(root, "examples/garden.safetensors");
const QUESTION = "What color is the star?";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-packages-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Installs a package that is there and does not load. */
function installBroken(name: string): void {
  const path = join(folder, "node_modules", name);
  mkdirSync(path, { recursive: true });
  writeFileSync(
    join(path, "package.json"),
    JSON.stringify({ name, version: "6.0.0", type: "module", main: "index.js" }),
  );
  writeFileSync(join(path, "index.js"), `throw new Error("${name} is broken");`);
}

/** Installs recoup with some packages beside those that it depends on. */
function install(...optional: string[]): void {
  const modules = join(folder, "node_modules");
  for (const path of ["package.json", "dist/bin", "examples/scene.png"]) {
    cpSync(join(root, path), join(modules, "recoup", path), { recursive: true });
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), ...optional]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}

function recoup(...args: string[]) {
  const main = join(folder, "node_modules/recoup/dist/bin/recoup.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

const made = () =>
  readdirSync(folder)
    .filter((name) => name !== "node_modules")
    .sort();

describe("without any optional package", () => {
  beforeEach(() => install());

  it("compresses, draws as SVG, lists methods and makes benchmarks", () => {
    expect(recoup("compress", "--table", table, "--svg", "plan.svg")).toMatchObject({ status: 0 });
    expect(recoup("methods").status).toBe(0);
    const synth = recoup("synth", "--tasks", "syn_textvqa", "--split", "val", "--count", "2", "--out", "data");
    expect(synth).toMatchObject({ status: 0, stdout: expect.stringMatching(/^syn_textvqa +2 +2 /m) });
    expect(recoup("scenes", "--split", "val", "--count", "2", "--out", "scenes.jsonl").status).toBe(0);
    expect(made()).toEqual(["data", "plan.svg", "scenes.jsonl"]);
  });

  it("says in one line what to install, before it reads a picture", () => {
    const line = (needed: string) =>
      `expected the package @huggingface/transformers (install it with: npm install ${needed}), got none that loads\n`;
    for (const args of [
      ["ask", "ghost.png", QUESTION],
      ["chat", "ghost.png"],
      ["demo"],
      ["eval", "--tasks", "syn_mme", "--out", "run"],
    ]) {
      const stderr = `recoup ${args[0]}: ${line("@huggingface/transformers recoup-tiny")}`;
      expect(recoup(...args)).toEqual({ status: 2, stdout: "", stderr });
    }
    // Another model needs no recoup-tiny.
    expect(recoup("ask", "ghost.png", QUESTION, "--model", "owner/name").stderr).toBe(
      `recoup ask: ${line("@huggingface/transformers")}`,
    );
    // Mistakes come first: they are there with any packages.
    expect(recoup("ask", "ghost.png", QUESTION, "--method", "recoverble").stderr).toMatch(/did you mean recoverable\?/);
    expect(made()).toEqual([]);
  });

  it("names the SVG that can be had in place of a PNG", () => {
    const line = (svg: string) =>
      `a PNG needs packages that are not installed: npm install @resvg/resvg-wasm @expo-google-fonts/pt-sans; ${svg} needs none\n`;
    const compressed = recoup("compress", "--table", table, "--png", "a/plan.PNG");
    expect(compressed).toEqual({ status: 2, stdout: "", stderr: `recoup compress: ${line("a/plan.svg")}` });
    const asked = recoup("ask", "ghost.png", QUESTION, "--overlay", "x.png");
    expect(asked).toEqual({ status: 2, stdout: "", stderr: `recoup ask: ${line("x.svg")}` });
  });
});

describe("without the packages that draw PNG files", () => {
  beforeEach(() => install("@huggingface/transformers", "recoup-tiny", "sharp"));

  it("shows the demo, writes the rest and says in a line what is left", () => {
    const { status, stderr } = recoup("demo");
    expect(status).toBe(0);
    expect(readdirSync(join(folder, "out")).sort()).toEqual(["plan.json", "plan.svg", "scene.png"]);
    expect(stderr).toContain(
      "plan.png, too, with two more packages: npm install @resvg/resvg-wasm @expo-google-fonts/pt-sans\n",
    );
    expect(stderr).toContain(`go on with: recoup ask out/scene.png "${QUESTION}"\n`);
    const asked = recoup("ask", "out/scene.png", QUESTION, "--overlay", "x.svg");
    expect(asked).toMatchObject({ status: 0, stdout: "green\n" });
    expect(asked.stderr).not.toMatch(/tells nothing/);
    expect(made()).toEqual(["out", "x.svg"]);
  });

  it("does so, too, where they are there and do not load", () => {
    for (const name of ["@resvg/resvg-wasm", "@expo-google-fonts/pt-sans"]) installBroken(name);
    const { status, stderr } = recoup("demo", "--quiet");
    expect([status, stderr]).toEqual([0, ""]);
    expect(readdirSync(join(folder, "out")).sort()).toEqual(["plan.json", "plan.svg", "scene.png"]);
    const asked = recoup("ask", "out/scene.png", QUESTION, "--overlay", "x.png", "--quiet");
    expect(asked).toMatchObject({ status: 2, stdout: "green\n" });
    expect(asked.stderr).toMatch(/remove node_modules\/@resvg\/resvg-wasm, then npm install @resvg.*index\.js: @resvg/);
  });
});

describe("with a bundled model that is damaged", () => {
  it.each([
    ["cut short", "tiny/onnx/vision_encoder.onnx", 100_000],
    ["of CLIP cut short", "tiny-clip/onnx/vision_model.onnx", 100_000],
    ["removed", "tiny/manifest.json", undefined],
    ["removed", "tiny/onnx/decoder_model_merged.onnx", undefined],
    ["emptied", "tiny/onnx/embed_tokens.onnx", 0],
  ])("names the file that was %s: %s", (_, name, length) => {
    install("@huggingface/transformers", "sharp");
    const tiny = join(folder, "node_modules/recoup-tiny");
    cpSync(join(root, "models"), tiny, { recursive: true });
    if (length === undefined) rmSync(join(tiny, name));
    else truncateSync(join(tiny, name), length);
    const { status, stderr } = recoup("ask", join(root, "examples/scene.png"), QUESTION, "--quiet");
    expect([status, stderr.trim().split("\n").length]).toEqual([2, 1]);
    expect(stderr).toContain("damaged (remove node_modules/recoup-tiny, then npm install recoup-tiny): ");
    expect(stderr).toContain(name);
  });
});

describe("without the packages that draw charts", () => {
  beforeEach(() => {
    install("@huggingface/transformers", "recoup-tiny", "sharp");
    const args = [
      "--tasks",
      "syn_mme",
      "--pictures",
      "1",
      "--no-controls",
      "--methods",
      "recoverable",
      "--budgets",
      "16",
    ];
    expect(recoup("eval", ...args, "--out", "run").status).toBe(0);
  });

  it("makes the page without charts, and says what adds them", () => {
    const { status, stderr } = recoup("report", "run");
    const hint = "the page has no charts; for them: npm install vega vega-lite\n";
    expect([status, stderr]).toEqual([0, expect.stringContaining(hint)]);
    const [page, text] = ["html", "md"].map((ending) => readFileSync(join(folder, `run/report.${ending}`), "utf8"));
    expect(page).toContain('<th scope="col" class="n" aria-sort="descending">');
    expect(page).not.toContain('class="panels"');
    expect(text).toMatch(/^# /);
    // Tables need none.
    expect(recoup("report", "run", "--format", "csv,latex").stderr).not.toMatch(/npm install/);
  });

  it.each(["throws", "has a broken package.json"])("does without one that %s, and says which to remove", (how) => {
    for (const name of ["vega", "vega-lite"]) installBroken(name);
    if (how !== "throws") writeFileSync(join(folder, "node_modules/vega/package.json"), "{");
    const { status, stderr } = recoup("report", "run", "--format", "html");
    expect(status).toBe(0);
    expect(stderr).toMatch(/no charts; for them: remove node_modules\/vega(-lite)?, then npm install vega vega-lite\n/);
    expect(readFileSync(join(folder, "run/report.html"), "utf8")).not.toContain('<div class="panels">');
  });
});
