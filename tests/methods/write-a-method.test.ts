/** docs/write-a-method.md as a reader follows it: every block, in order, in one folder where recoup is installed. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/write-a-method.md"), "utf8");
const blocks = Array.from(page.matchAll(/^```(\w+)(?: file=(\S+))?\n(.*?)^```$/gms), ([, kind, file, text]) => {
  return { kind, file, text };
});

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-page-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/recoup"), "dir");
  copyFileSync(join(root, "examples/garden.safetensors"), join(folder, "garden.safetensors"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("docs/write-a-method.md", () => {
  it("is short, and every block has a known kind", () => {
    expect(page.split("\n").length).toBeLessThanOrEqual(120);
    expect(page.match(/^```\w/gm)).toHaveLength(blocks.length);
    for (const { kind, file } of blocks) expect([kind, file === undefined]).toEqual([kind, kind === "sh"]);
    expect(blocks.map(({ kind }) => kind)).toEqual(["sh", "js", "js", "sh", "js", "sh"]);
  });

  it("runs, block by block, and its methods keep the contract", { timeout: 180_000 }, () => {
    const main = join(root, "dist/bin/recoup.js");
    for (const { file, text } of blocks) {
      if (file === undefined) {
        for (const line of text.trim().split("\n")) {
          const words = Array.from(
            line.split(" #")[0].matchAll(/"([^"]*)"|(\S+)/g),
            ([, quoted, plain]) => quoted ?? plain,
          );
          const args = words.slice(2);
          expect(words.slice(0, 2)).toEqual(["npx", "recoup"]);
          expect({ line, ...node(main, ...args) }).toMatchObject({ line, status: 0 });
        }
        continue;
      }
      writeFileSync(join(folder, file), text);
      if (file.endsWith(".test.mjs")) expect(node("--test", file)).toMatchObject({ status: 0 });
      else expect({ file, ...node(main, "method", "check", file) }).toMatchObject({ file, status: 0 });
    }
    const report = readFileSync(join(folder, "runs/mine/report.md"), "utf8");
    expect(report).toContain("mine@58");
    expect(report).toContain("weighted:alpha=0.2@58");
    expect(report).toMatch(/SHA-256 [0-9a-f]{64}/);
  });

  it("says the types that make its method TypeScript", () => {
    const [types] = /defineMethod<.*>\(\{/.exec(page) ?? [];
    const text = blocks.find(({ file }) => file === "weighted.mjs")?.text ?? "";
    const typed = text.replace("defineMethod({", String(types)).replace("import {", "import { type MethodOptions,");
    writeFileSync(join(folder, "typed.mts"), typed);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", ""];
    expect(node(tsc, "typed.mts", ...options)).toEqual({ status: 0, output: "" });
    writeFileSync(join(folder, "typed.mts"), typed.replace("alpha?: number", "beta?: number"));
    expect(node(tsc, "typed.mts", ...options).output).toContain("beta");
  });

  it("says true of code", () => {
    const code = `
      import { readTokenTable } from "recoup/node";
      import { compress } from "recoup";
      import mine from "./mine.mjs";
      const { table } = await readTokenTable("garden.safetensors");
      console.log(compress(table, { method: mine, budget: 58, alpha: 0.2 }).report.rowCount);`;
    writeFileSync(join(folder, "code.mjs"), code);
    expect(node("code.mjs")).toEqual({ status: 0, output: "58\n" });
    expect(page).toContain("compress(table, { method: mine, budget: 58, alpha: 0.2 })");
  });
});
