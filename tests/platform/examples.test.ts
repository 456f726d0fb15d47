/** Every numbered example runs as a user would run it, against the built package by its own name. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const examples = readdirSync(new URL("examples/", root)).filter((name) => /^\d.*\.mjs$/.test(name));

const run = (name: string) =>
  execFileSync(process.execPath, [`examples/${name}`], { cwd: fileURLToPath(root), encoding: "utf8" });

it("finds the examples", () => {
  expect(examples).toEqual(["01-compress.mjs", "02-prompt.mjs", "03-ask.mjs"]);
});

it("compresses and recovers", () => {
  const printed = run("01-compress.mjs");
  const [first, second] = printed.split("\n");
  expect(first).toBe("58 of 576 tokens { visual: 25, text: 20, merged: 13, residual: 0 }");
  expect(second).toBe("row 50: merged, 22 source tokens");
  expect(printed).toContain("rows: 58, after recovering token 300: 59");
});

it("shortens a prompt", () => {
  expect(run("02-prompt.mjs")).toContain("32000 32000 32000 32000 1724");
});

it("asks and recovers", () => {
  expect(run("03-ask.mjs")).toBe(`green { source: 576, kept: 57, prompt: 68 } { full: 2404352, kept: 278528 }
recovered 18 tokens for the second question
`);
});
