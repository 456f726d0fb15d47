import { linkSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lmmsEvalFiles } from "./lmms-eval-files.js";
import { readOwnData } from "./read-own.js";

let folder = "";
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-read-own-"));
  mkdirSync(at("pics/deep/er"), { recursive: true });
  mkdirSync(at("empty"));
  for (const name of ["pics/a.PNG", "pics/notes.txt", "pics/deep/er/b.jpeg"]) writeFileSync(at(name), "");
  writeFileSync(at("q.txt"), "what?");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("readOwnData", () => {
  it("finds images in all folders, by their endings", async () => {
    const { task } = await readOwnData({ images: at("pics"), questions: at("q.txt") });
    expect(task.samples.map(({ picture }) => picture)).toEqual(["a.PNG", "deep/er/b.jpeg"]);
    expect(task.folder).toBe(at("pics"));
  });

  it("names the file in messages and in the task without its folder", async () => {
    writeFileSync(at("mine.csv"), "image,question,answers\na.PNG,q,a\nx,q,a\n");
    const { task } = await readOwnData({ images: at("pics"), questions: at("mine.csv") });
    expect(task).toMatchObject({ id: "mine", problems: [{ file: "mine.csv", line: 3 }] });
  });

  it.each([
    [{}, /readOwnData: expected a path, got undefined/],
    [{ images: "pics" }, /expected a path, got undefined/],
    [{ images: "\0", questions: "q.txt" }, /one with a zero byte/],
    [{ images: "nowhere", questions: "q.txt" }, /a folder of images at .*nowhere/],
    [{ images: "empty", questions: "q.txt" }, /images \(\.jpg.*, got none/],
    [{ images: "pics", questions: "nowhere.txt" }, /questions in .*nowhere\.txt/],
    [{ images: "pics", questions: "pics" }, /a file at .*pics, got a folder/],
    [{ images: "pics", questions: "q.txt", metric: "bleu" }, /metric as one of/],
  ])("refuses %j", async (options, message) => {
    const paths = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, /\0|bleu/.test(value) ? value : at(value)]),
    );
    await expect(readOwnData(paths as never)).rejects.toThrow(message);
  });

  it("refuses a file above 64 MiB before it is read", async () => {
    writeFileSync(at("large.csv"), "");
    truncateSync(at("large.csv"), 2 ** 26 + 1);
    linkSync(at("large.csv"), at("linked.csv"));
    await expect(readOwnData({ images: at("pics"), questions: at("linked.csv") })).rejects.toThrow(/at most 64 MiB/);
  });
});

describe("lmmsEvalFiles", () => {
  it("refuses what is no path, and a folder that is no run", async () => {
    await expect(lmmsEvalFiles(undefined as never)).rejects.toThrow(/expected a path/);
    await expect(lmmsEvalFiles(at("empty"))).rejects.toThrow(/a folder of recoup eval at .*, got no run\.json/);
  });
});
