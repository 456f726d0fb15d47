import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FormatError, InvalidInputError, shape } from "../core/index.js";
import { openOutputFolder } from "./output-folder.js";

let parent = "";
let path = "";
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "output-folder-"));
  path = join(parent, "a/out");
});
afterEach(() => rm(parent, { recursive: true }));

const open = (state: object, options: { force?: boolean; keep?: string[] } = {}) =>
  openOutputFolder({
    operation: "test",
    path,
    stateFile: "state.json",
    state: { format: "ours", ...state },
    shape: shape.object({ format: shape.oneOf("ours"), parts: shape.list(shape.text) }),
    outputs: ({ parts }) => parts,
    ...options,
  });
const opened = async (...args: Parameters<typeof open>) => (await open(...args)).release();
const PARTS = { parts: ["cells", "log"] };
const TEMPORARY = ".recoup-01234567-89ab-cdef-0123-456789abcdef.tmp";

describe("openOutputFolder", () => {
  it("takes a missing folder, an empty one, and one without files; writes the request", async () => {
    await opened(PARTS);
    expect(JSON.parse(await readFile(join(path, "state.json"), "utf8"))).toEqual({ format: "ours", ...PARTS });
    expect(await readdir(path)).toEqual(["state.json"]);
    await rm(path, { recursive: true });
    await mkdir(join(path, "cells/none"), { recursive: true });
    await writeFile(join(path, "cells/none", TEMPORARY), "");
    await opened(PARTS);
    expect(await readdir(join(path, "cells/none"))).toEqual([]);
  });

  it("resumes the same request: all files stay, but for temporaries of a killed run", async () => {
    await opened(PARTS);
    await writeFile(join(path, "log"), "answers");
    await writeFile(join(path, TEMPORARY), "half");
    await opened(PARTS);
    expect((await readdir(path)).sort()).toEqual(["log", "state.json"]);
    expect(await readFile(join(path, "log"), "utf8")).toBe("answers");
  });

  it("refuses another request by its first difference, and leaves the folder as it is", async () => {
    await opened({ ...PARTS, seed: 1, name: "x".repeat(100) });
    const before = await readFile(join(path, "state.json"), "utf8");
    await expect(open({ ...PARTS, seed: 2, name: "x".repeat(100) })).rejects.toMatchObject({
      name: "InvalidInputError",
      message: `test: ${path} was made with seed 1, this asks for seed 2: give another --out, or --force to begin anew`,
    });
    await expect(open({ ...PARTS, seed: 1 })).rejects.toThrow("this asks for name none");
    await expect(open({ ...PARTS, seed: 1, name: `${"x".repeat(99)}y` })).rejects.toThrow(
      /with name …x+", this asks for name …x+y":/,
    );
    expect(await readFile(join(path, "state.json"), "utf8")).toBe(before);
    expect(await readdir(path)).toEqual(["state.json"]);
  });

  it("asks for the request once the folder is locked, and not in a folder of something else", async () => {
    let asked = 0;
    const later = async () => {
      asked++;
      await expect(open(PARTS)).rejects.toThrow("is being written by process");
      return { format: "ours", ...PARTS };
    };
    const request = { operation: "test", path, stateFile: "state.json", state: later, outputs: () => [] };
    const shapeOf = { shape: shape.object({ format: shape.text }) };
    await (await openOutputFolder({ ...request, ...shapeOf })).release();
    expect(JSON.parse(await readFile(join(path, "state.json"), "utf8"))).toEqual({ format: "ours", ...PARTS });
    await rm(join(path, "state.json"));
    await writeFile(join(path, "mine.txt"), "mine");
    await expect(openOutputFolder({ ...request, ...shapeOf })).rejects.toThrow("mine.txt");
    expect(asked).toBe(1);
  });

  it("removes with force what the earlier request says it wrote, and nothing else", async () => {
    await opened({ parts: ["log"] });
    for (const name of ["log", "cells", "notes.txt"]) await writeFile(join(path, name), "old");
    await opened(PARTS, { force: true });
    expect((await readdir(path)).sort()).toEqual(["cells", "notes.txt", "state.json"]);
    expect(JSON.parse(await readFile(join(path, "state.json"), "utf8"))).toMatchObject(PARTS);
  });

  it.each([false, true])(
    "refuses files of something else by name and touches nothing, with force: %s",
    async (force) => {
      await mkdir(join(path, "cells"), { recursive: true });
      await writeFile(join(path, "cells/mine.txt"), "mine");
      await writeFile(join(path, TEMPORARY), "half");
      const error = await open(PARTS, { force }).catch((caught) => caught);
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toMatch(
        /missing or empty folder .*, or one of an earlier run, got one with cells.mine\.txt/,
      );
      expect((await readdir(path, { recursive: true })).sort()).toEqual([
        TEMPORARY,
        "cells",
        join("cells", "mine.txt"),
      ]);
      await opened(PARTS, { force, keep: ["cells"] });
      expect((await readdir(path, { recursive: true })).sort()).toEqual([
        "cells",
        join("cells", "mine.txt"),
        "state.json",
      ]);
    },
  );

  it.each([
    ["{", "JSON in", false],
    ["{", "JSON in", true],
    ["null", "an object in", true],
    ['{"format":"theirs"}', 'format as "ours" in', true],
    ['{"format":"ours"}', "parts as a list in", true],
  ])("refuses a state file %s, expecting %s, with force: %s", async (text, expected, force) => {
    await opened(PARTS);
    await writeFile(join(path, "state.json"), text);
    const error = await open(PARTS, { force }).catch((caught) => caught);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.expected).toBe(`${expected} ${join(path, "state.json")}`);
  });

  it("refuses a pipe as state file, and waits for no writer", async () => {
    await opened(PARTS);
    await rm(join(path, "state.json"));
    spawnSync("mkfifo", [join(path, "state.json")]);
    await expect(open(PARTS)).rejects.toThrow("got a device or pipe");
    expect(await readdir(path)).toEqual(["state.json"]);
  });

  it("refuses a path through a file", async () => {
    await writeFile(join(parent, "a"), "");
    await expect(open(PARTS)).rejects.toMatchObject({ name: "InvalidInputError", got: "ENOTDIR" });
  });

  it("lets one writer in at a time, and notices that its folder is gone", async () => {
    const lock = await open(PARTS);
    await expect(open(PARTS)).rejects.toThrow(`${path} is being written by process ${process.pid} since 20`);
    await lock.assertHeld();
    await rm(path, { recursive: true });
    await expect(lock.assertHeld()).rejects.toThrow(`test: ${path} was removed while it was written`);
    const next = await open(PARTS);
    // The first has nothing to release any more: the lock is the other's.
    await lock.release();
    await next.assertHeld();
    await next.release();
    expect(await readdir(path)).toEqual(["state.json"]);
  });
});
