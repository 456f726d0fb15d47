import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { writeFileAtomic, writeFilesAtomic } from "./write-file.js";

/** What the disk refuses, by call: the name of the verb that fails from its n-th call on. */
const disk = vi.hoisted(() => ({ fails: "", from: 0, calls: 0 }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const refuse = (verb: string) => {
    if (disk.fails !== verb || ++disk.calls < disk.from) return;
    throw Object.assign(new Error("refused"), { code: "ENOSPC", syscall: verb });
  };
  return {
    ...real,
    rename: async (from: string, to: string) => {
      refuse("rename");
      await real.rename(from, to);
    },
    open: async (path: string, flags: string) => {
      refuse("open");
      const handle = await real.open(path, flags);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        refuse("sync");
        await sync();
      };
      return handle;
    },
  };
});

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-file-failure-"));
  await writeFile(join(folder, "a"), "old");
});

afterEach(async () => {
  Object.assign(disk, { fails: "", from: 0, calls: 0 });
  await rm(folder, { recursive: true });
});

describe("writeFileAtomic on a failing disk", () => {
  it.each(["open", "sync", "rename"])("keeps the old file and no temporary when %s fails", async (verb) => {
    Object.assign(disk, { fails: verb, from: 1 });
    const error = await writeFileAtomic(join(folder, "a"), "new").catch((caught) => caught);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(join(folder, "a"));
    expect(error.got).toBe("a full disk (ENOSPC)");
    expect(await readFile(join(folder, "a"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it.each(["open", "sync"])("replaces none of two files when %s of the second fails", async (verb) => {
    Object.assign(disk, { fails: verb, from: 2 });
    const files = ["a", "b"].map((name) => ({ path: join(folder, name), data: "new" }));
    await expect(writeFilesAtomic(files)).rejects.toThrow(join(folder, "b"));
    expect(await readFile(join(folder, "a"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("leaves whole files and no temporary when the second rename fails", async () => {
    Object.assign(disk, { fails: "rename", from: 2 });
    await writeFile(join(folder, "b"), "old");
    const files = ["a", "b"].map((name) => ({ path: join(folder, name), data: "new" }));
    await expect(writeFilesAtomic(files)).rejects.toThrow(join(folder, "b"));
    expect(await readFile(join(folder, "a"), "utf8")).toBe("new");
    expect(await readFile(join(folder, "b"), "utf8")).toBe("old");
    expect((await readdir(folder)).sort()).toEqual(["a", "b"]);
  });
});
