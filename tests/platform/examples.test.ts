/** Every numbered example runs as a user would run it, against the built package by its own name. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const examples = readdirSync(new URL("examples/", root)).filter((name) => /^\d.*\.mjs$/.test(name));

const run = (name: string) =>
  execFileSync(process.execPath, [`examples/${name}`], { cwd: fileURLToPath(root), encoding: "utf8" });

it("finds the examples", () => {
  expect(examples).toEqual(["01-compress.mjs", "02-prompt.mjs", "03-ask.mjs"]);
});

it("compresses and recovers, and prints what the README says", () => {
  const printed = run("01-compress.mjs");
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const [first, second] = printed.split("\n");
  expect(first).toMatch(/^58 of 576 tokens/);
  expect(readme).toContain(`${first}\n${second}\n`);
  expect(printed).toContain("rows: 58, after recovering token 300: 59");
});

it("shortens a prompt", () => {
  expect(run("02-prompt.mjs")).toContain("32000 32000 32000 32000 1724");
});

it("asks and recovers, and prints what the README says", () => {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  expect(readme).toContain(run("03-ask.mjs"));
});
