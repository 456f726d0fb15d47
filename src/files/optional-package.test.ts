/** Real packages in a folder of their own, each broken in its way, and the errors that Node makes of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MissingPackageError, optionalPackage } from "./optional-package.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-optional-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string) => {
  const file = join(folder, "node_modules", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
const own = (name: string, more = {}) =>
  write(`${name}/package.json`, JSON.stringify({ name, main: "index.js", ...more }));

/** Imports as a module of the folder does: by Node itself. */
async function failing(name: string, needed?: readonly string[]): Promise<MissingPackageError> {
  write("importer.mjs", "export const load = (name) => import(name);");
  const { load } = await import(/* @vite-ignore */ pathToFileURL(join(folder, "node_modules/importer.mjs")).href);
  return optionalPackage("test", name, load(name), { needed }).then(
    () => expect.fail("it loads"),
    (error) => error,
  );
}

describe("an optional package", () => {
  it.each([
    ["whole/../absent", () => {}, "install it with: npm install absent", "none that loads"],
    [
      "unparsed",
      () => write("unparsed/package.json", "{"),
      "remove node_modules/unparsed, then npm install unparsed",
      "unparsed/package.json: Invalid package config",
    ],
    [
      "without-main",
      () => own("without-main"),
      "remove node_modules/without-main",
      "without-main/index.js is not there",
    ],
    [
      "without-need",
      () => {
        own("without-need", { type: "module" });
        write("without-need/index.js", 'import "need";');
      },
      "remove node_modules/need, then npm install without-need",
      "need is not there, which it needs",
    ],
    [
      "half-need",
      () => {
        own("half-need", { type: "module" });
        own("@a/half");
        write("half-need/index.js", 'import "@a/half";');
      },
      "remove node_modules/@a/half, then npm install half-need",
      "@a/half/index.js is not there",
    ],
    [
      "no-binary",
      () => {
        own("no-binary");
        write("no-binary/index.js", 'require("./bin/x.node");');
      },
      "remove node_modules/no-binary",
      "./bin/x.node is not there, which no-binary/index.js needs",
    ],
    [
      "cut-binary",
      () => {
        own("cut-binary");
        write("cut-binary/index.js", 'require("./x.node");');
        write("cut-binary/x.node", "");
      },
      "remove node_modules/cut-binary",
      "cut-binary/x.node: ",
    ],
    [
      "throwing",
      () => {
        own("throwing");
        write("throwing/lib/a.js", 'throw new Error("no\\nmore");');
        write("throwing/index.js", 'require("./lib/a.js");');
      },
      "remove node_modules/throwing",
      "throwing/lib/a.js: no",
    ],
  ])("%s: the sentence says what to do, and what fails", async (path, install, remedy, problem) => {
    install();
    const name = path.split("/").at(-1) as string;
    const error = await failing(name);
    expect(error).toBeInstanceOf(MissingPackageError);
    expect(error).toMatchObject({ package: name, code: "MISSING_PACKAGE" });
    expect(error.expected).toContain(remedy);
    expect(error.got).toContain(problem);
    expect(error.message).not.toContain("\n");
  });

  it("names all to install, and one in whose place another lies", async () => {
    own("stub", { type: "module" });
    write("stub/index.js", "export const a = 1;");
    expect((await failing("absent", ["absent", "more"])).remedy).toBe("npm install absent more");
    const loading = import(/* @vite-ignore */ pathToFileURL(join(folder, "node_modules/stub/index.js")).href);
    await expect(optionalPackage("test", "stub", loading, { exports: ["draw"] })).rejects.toThrow(
      "remove node_modules/stub, then npm install stub), got one that does not load: it has no function draw",
    );
  });

  it("tells a package that is not there from one without a file", () => {
    const { resolve } = createRequire(import.meta.url);
    const errorOf = (name: string, file: string) => {
      try {
        return expect.fail(resolve(`${name}/${file}`));
      } catch (cause) {
        return new MissingPackageError("test", name, [name], cause).message;
      }
    };
    expect(errorOf("no-such-package", "a.ttf")).toMatch(/\(install it with.*got none that loads$/);
    expect(errorOf("@expo-google-fonts/pt-sans", "a.ttf")).toMatch(/\(remove .*pt-sans\/a\.ttf is not there$/);
  });
});
