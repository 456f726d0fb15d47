/** The lock of output folders between real processes: races, kills, reused process numbers. */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("writer.mjs", import.meta.url));
let folder = "";
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-lock-"));
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

interface Reply {
  readonly won?: boolean;
  readonly message?: string;
}

const reply = (child: ChildProcess) => new Promise<Reply>((resolve) => child.once("message", resolve));

async function writer(): Promise<ChildProcess> {
  const child = fork(script, { stdio: "ignore" });
  children.push(child);
  await reply(child);
  return child;
}

/** Opens a folder in each process at once. */
function race(path: string, processes: readonly ChildProcess[]): Promise<Reply[]> {
  const replies = processes.map(reply);
  for (const child of processes) child.send({ open: path });
  return Promise.all(replies);
}

async function release(path: string, child: ChildProcess): Promise<void> {
  const done = reply(child);
  child.send({ release: path });
  await done;
}

/** A folder with the lock of a process. */
function locked(name: string, holder: object): string {
  const path = join(folder, name);
  mkdirSync(path);
  const whole = {
    pid: 1,
    host: hostname(),
    start: "1",
    since: "2026-01-01T00:00:00.000Z",
    token: "01234567-89ab-cdef-0123-456789abcdef",
    ...holder,
  };
  writeFileSync(join(path, ".recoup.lock"), JSON.stringify(whole));
  return path;
}

/** The number of a process that has ended. */
const gone = () => spawnSync(process.execPath, ["--version"]).pid;

describe("the lock of an output folder", () => {
  it.each([
    ["a free folder", false],
    ["a folder with a stale lock", true],
  ])("goes to one of three processes that race for %s, 20 times", async (_, stale) => {
    const processes = await Promise.all([writer(), writer(), writer()]);
    const dead = gone();
    for (let round = 0; round < 20; round++) {
      const path = stale ? locked(`${round}`, { pid: dead }) : join(folder, `${round}`);
      const replies = await race(path, processes);
      const winners = processes.filter((_, i) => replies[i].won);
      expect(winners).toHaveLength(1);
      // By the winner, or by another one that was about to replace the stale lock and then found it replaced.
      const pids = processes.map(({ pid }) => pid).join("|");
      for (const { won, message } of replies) {
        if (!won) expect(message).toMatch(new RegExp(`is being written by process (${pids}) since `));
      }
      // Whoever comes later finds the winner's lock, and no rights to a stale one.
      expect(JSON.parse(readFileSync(join(path, ".recoup.lock"), "utf8")).pid).toBe(winners[0].pid);
      await release(path, winners[0]);
      expect(readdirSync(path)).toEqual(["state.json"]);
    }
  });

  it("is taken over after kill -9, again and again", async () => {
    const path = join(folder, "out");
    for (let round = 0; round < 5; round++) {
      const [first, second] = await Promise.all([writer(), writer()]);
      expect(await race(path, [first])).toEqual([{ path, won: true }]);
      expect((await race(path, [second]))[0].message).toContain(`is being written by process ${first.pid}`);
      const closed = new Promise((resolve) => first.once("close", resolve));
      first.kill("SIGKILL");
      await closed;
      expect(await race(path, [second])).toEqual([{ path, won: true }]);
      second.kill("SIGKILL");
      await new Promise((resolve) => second.once("close", resolve));
    }
    expect(existsSync(join(path, ".recoup.lock"))).toBe(true);
  });

  it("is taken over from a process whose number another one has by now", async () => {
    const child = await writer();
    const path = locked("out", { pid: process.pid, start: "long ago" });
    expect((await race(path, [child]))[0].won).toBe(true);
  });

  it("is taken over where the process that was taking it over was killed too", async () => {
    const child = await writer();
    const path = locked("out", { pid: gone() });
    const right = { pid: gone(), host: hostname(), start: "1", since: "", token: randomUUID() };
    writeFileSync(join(path, ".recoup.lock-01234567"), JSON.stringify(right));
    expect((await race(path, [child]))[0].won).toBe(true);
    expect(readdirSync(path).sort()).toEqual([".recoup.lock", "state.json"]);
  });

  it("counts a process of unknown start by its number alone", async () => {
    const child = await writer();
    const path = locked("out", { pid: process.pid, start: "" });
    const [{ message }] = await race(path, [child]);
    expect(message).toContain(`is being written by process ${process.pid} since 2026-01-01T00:00:00.000Z`);
  });

  it("is refused where it is of another machine, or damaged, naming the file to remove", async () => {
    const child = await writer();
    const far = locked("far", { host: "elsewhere" });
    expect((await race(far, [child]))[0].message).toMatch(
      /process 1 of elsewhere since .*remove .*far\/\.recoup\.lock/,
    );
    const damaged = locked("damaged", { pid: "1" });
    expect((await race(damaged, [child]))[0].message).toMatch(/damaged\/\.recoup\.lock is damaged; remove it/);
  });

  it.each([
    ["a link to nothing", (lock: string) => symlinkSync("nowhere", lock)],
    ["a folder", (lock: string) => mkdirSync(lock)],
    ["a pipe", (lock: string) => void spawnSync("mkfifo", [lock])],
    ...[
      { token: "/nodir/x" },
      { token: "\0abc" },
      { token: "/../../Z" },
      { token: `${randomUUID()}/x` },
      { pid: 0 },
      { pid: -1 },
      { pid: 999_999_999_999 },
    ].map((odd) => [
      JSON.stringify(odd),
      (lock: string) => {
        const whole = { pid: 1, host: hostname(), start: "1", since: "", token: randomUUID(), ...odd };
        writeFileSync(lock, JSON.stringify(whole));
      },
    ]),
  ] as [string, (lock: string) => void][])("is refused at once as damaged where it is %s", async (_, make) => {
    const child = await writer();
    const path = join(folder, "odd");
    mkdirSync(path);
    make(join(path, ".recoup.lock"));
    expect((await race(path, [child]))[0].message).toMatch(/test: .*odd\/\.recoup\.lock is damaged; remove it/);
    expect(readdirSync(path)).toEqual([".recoup.lock"]);
  });

  it("leaves no lock behind where the rights to a stale one cannot be cleared", async () => {
    const child = await writer();
    const path = locked("out", { pid: gone() });
    mkdirSync(join(path, ".recoup.lock-folder"));
    expect((await race(path, [child]))[0].message).toContain("a folder");
    expect(readdirSync(path)).toEqual([".recoup.lock-folder"]);
  });
});
