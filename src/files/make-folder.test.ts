import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-folder-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (path: string) => makeFolder("test", `a folder ${path}`, path);

describe("makeFolder", () => {
  it("makes it with those above, also through a link, twice, and several times at once", async () => {
    const path = join(folder, "a/b/../c/d");
    await Promise.all([make(path), make(path), make(join(path, "e"))]);
    await make(path);
    symlinkSync(join(folder, "a"), join(folder, "link"));
    await make(join(folder, "link/f"));
    expect(["a/c/d/e", "a/f"].map((name) => statSync(join(folder, name)).isDirectory())).toEqual([true, true]);
    await make("/");
  });

  it("refuses what stands in the way", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(make(join(folder, "file"))).rejects.toThrow(/^test: .*expected a folder .*file.* got EEXIST/);
    await expect(make(join(folder, "file/x"))).rejects.toThrow(/a file in the place of a folder/);
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    await expect(make(join(folder, "dangling"))).rejects.toThrow(/EEXIST/);
    await expect(make(join(folder, "x".repeat(300)))).rejects.toThrow(/a name that is too long/);
  });

  it.skipIf(!existsSync("/proc/self"))("ends where the system allows no folder", async () => {
    await expect(make("/proc/recoup/out")).rejects.toThrow(/no such file.*ENOENT/);
  });
});
