import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { assertOutputs, writeFileAtomic, writeFilesAtomic } from "./write-file.js";

let folder = "";
const at = (name: string) => join(folder, name);
const text = (name: string) => readFile(at(name), "utf8");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-file-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("writeFileAtomic", () => {
  it("writes text and bytes, over an old file too, and leaves nothing else", async () => {
    await writeFile(at("old"), "a much longer text than the new one");
    await writeFileAtomic(at("old"), "grün");
    await writeFileAtomic(at("new"), Uint8Array.of(0, 255));
    expect(await text("old")).toBe("grün");
    expect([...(await readFile(at("new")))]).toEqual([0, 255]);
    expect(await readdir(folder)).toEqual(["new", "old"]);
  });

  it("keeps the permissions of the file it replaces", async () => {
    await writeFile(at("secret"), "old");
    await chmod(at("secret"), 0o600);
    await writeFileAtomic(at("secret"), "new");
    expect((await stat(at("secret"))).mode & 0o777).toBe(0o600);
    expect(await text("secret")).toBe("new");
  });

  it("writes a name as long as a file system allows", async () => {
    const name = "x".repeat(255);
    await writeFileAtomic(at(name), "new");
    expect(await readdir(folder)).toEqual([name]);
  });

  it("makes the folders of its files only when it is told to", async () => {
    await writeFileAtomic(at("a/b/new"), "new", { folders: true });
    expect(await text("a/b/new")).toBe("new");
    const files = [{ path: at("a/b/new/c"), data: "c" }];
    const refused = { message: expect.stringContaining(`a folder ${at("a/b/new")} that can be made`) };
    await expect(writeFilesAtomic(files, { folders: true })).rejects.toMatchObject(refused);
    await expect(writeFileAtomic(at("d/new"), "new")).rejects.toBeInstanceOf(InvalidInputError);
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("follows a link to the file it means", async () => {
    await mkdir(at("real"));
    await writeFile(at("real/file"), "old");
    await symlink(at("real/file"), at("link"));
    await writeFileAtomic(at("link"), "new");
    expect(await text("real/file")).toBe("new");
    expect(await readdir(at("real"))).toEqual(["file"]);
  });

  it("names the output as the caller did when its folder is missing", async () => {
    const error = await writeFileAtomic(at("none/file"), "new").catch((caught) => caught);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(`output ${at("none/file")} in an existing, writable folder, got ENOENT`);
    expect(error.cause.code).toBe("ENOENT");
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["a folder", ".", "a folder"],
    ["a device", "/dev/null", "a device or pipe"],
  ])("refuses %s as output", async (_, path, got) => {
    const target = path === "." ? folder : path;
    await expect(writeFileAtomic(target, "new")).rejects.toMatchObject({ name: "InvalidInputError", got });
  });

  it("refuses a file as folder", async () => {
    await writeFile(at("file"), "old");
    await expect(writeFileAtomic(at("file/inner"), "new")).rejects.toMatchObject({
      name: "InvalidInputError",
      got: "ENOTDIR",
    });
    expect(await text("file")).toBe("old");
  });

  it("refuses to write over an input, by the same, a relative or a linked path", async () => {
    await writeFile(at("input"), "precious");
    await symlink(at("input"), at("link"));
    await symlink(folder, at("folder"));
    const same = [at("input"), relative(".", at("input")), `${folder}/./input`, at("link"), at("folder/input")];
    for (const output of same) {
      for (const input of same) {
        await expect(writeFileAtomic(output, "new", { inputs: [input] })).rejects.toThrow(InvalidInputError);
      }
    }
    expect(await text("input")).toBe("precious");
    expect((await readdir(folder)).sort()).toEqual(["folder", "input", "link"]);
  });

  it("refuses an output that is another name of an input: a hard link, a file: address", async () => {
    await writeFile(at("input"), "precious");
    await link(at("input"), at("hard"));
    const refused = (output: string, input: string) =>
      expect(writeFileAtomic(output, "new", { inputs: [input] })).rejects.toThrow("an output other than the input");
    await refused(at("hard"), at("input"));
    await refused(at("input"), pathToFileURL(at("input")).href);
    await refused(at("hard"), pathToFileURL(at("input")).href);
    expect([await text("input"), await text("hard")]).toEqual(["precious", "precious"]);
  });

  it("does not mind an input that is not there", async () => {
    await writeFileAtomic(at("file"), "new", { inputs: [at("none"), "-"] });
    expect(await text("file")).toBe("new");
  });
});

describe("writeFilesAtomic", () => {
  it("writes all files, in several folders", async () => {
    await mkdir(at("inner"));
    await writeFilesAtomic([
      { path: at("a"), data: "1" },
      { path: at("inner/b"), data: "2" },
    ]);
    expect([await text("a"), await text("inner/b")]).toEqual(["1", "2"]);
    expect(await readdir(at("inner"))).toEqual(["b"]);
  });

  it("writes none when one of them cannot be written", async () => {
    await writeFile(at("a"), "old");
    const files = [
      { path: at("a"), data: "new" },
      { path: at("none/b"), data: "new" },
    ];
    await expect(writeFilesAtomic(files)).rejects.toThrow(InvalidInputError);
    expect(await text("a")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("writes none when the second content fails after the first is on the disk", async () => {
    await writeFile(at("a"), "old");
    const files = [
      { path: at("a"), data: "new" },
      { path: at("b"), data: () => Promise.reject(new TypeError("no content")) },
    ];
    await expect(writeFilesAtomic(files)).rejects.toThrow(TypeError);
    expect(await text("a")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("writes none when it is stopped", async () => {
    await writeFile(at("a"), "old");
    const stopped = writeFilesAtomic([{ path: at("a"), data: "new" }], { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    const controller = new AbortController();
    const running = writeFilesAtomic([{ path: at("a"), data: "new" }], { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(await text("a")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("refuses one file as two outputs", async () => {
    const files = [
      { path: at("a"), data: "1" },
      { path: `${folder}/./a`, data: "2" },
    ];
    await expect(writeFilesAtomic(files)).rejects.toThrow("outputs that are different files");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("assertOutputs", () => {
  it("says beforehand what writing would refuse, and writes nothing", async () => {
    await writeFile(at("input"), "precious");
    await assertOutputs([at("a"), at("b")], { inputs: [at("input")] });
    await expect(assertOutputs([at("input")], { inputs: [at("input")] })).rejects.toThrow(InvalidInputError);
    await expect(assertOutputs([at("a"), at("a")])).rejects.toThrow(InvalidInputError);
    await expect(assertOutputs([at("none/a")])).rejects.toThrow(InvalidInputError);
    await expect(assertOutputs([folder])).rejects.toThrow(InvalidInputError);
    expect(await readdir(folder)).toEqual(["input"]);
  });
});
