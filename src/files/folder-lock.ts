/**
 * @file The lock of an output folder: a file in it that names the process which writes there. A process that is gone, or whose number
 * another process has by now, holds nothing: its lock is taken over, so that a run goes on after kill -9.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants, copyFile, link, lstat, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { InvalidInputError, shape } from "../core/index.js";
import { withFileErrors } from "./file-errors.js";

/** Name of the lock; names that begin with it are rights to replace a stale one (see `take`). */
export const LOCK_FILE = ".recoup.lock";

/** A folder that this process alone writes. */
export interface FolderLock {
  /** @throws InvalidInputError when the lock is no longer there: the folder was removed, or its files were. */
  assertHeld(): Promise<void>;
  /** Lets others write; does nothing when the lock is not there any more. */
  release(): Promise<void>;
}

const HOLDER = shape.object({
  /** Beyond these no system has processes, and the question whether one runs has no answer. */
  pid: shape.integer(1, 2 ** 31 - 1),
  host: shape.text,
  /** See `processStart`. */
  start: shape.text,
  since: shape.text,
  /** Part of a file's name (see `take`). */
  token: shape.value<string>("a UUID", (token) => typeof token === "string" && /^[0-9a-f-]{36}$/.test(token)),
});
type Holder = shape.TypeOf<typeof HOLDER>;

/**
 * Locks an existing folder for this process.
 *
 * @param operation names the caller in errors.
 * @throws InvalidInputError while another process holds it (named with its start), or one of another machine, which cannot be asked
 *   whether it still runs; for one that is damaged; for a folder that cannot be written.
 */
export async function lockFolder(operation: string, folder: string): Promise<FolderLock> {
  const content = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    start: (await processStart(process.pid)) ?? "",
    since: new Date().toISOString(),
    token: randomUUID(),
  } satisfies Holder);
  const path = join(folder, LOCK_FILE);
  const isHeld = async () => (await readLock(path).catch(() => undefined)) === content;
  const release = async () => {
    if (await isHeld()) await rm(path, { force: true });
  };
  await withFileErrors(operation, `a folder ${folder} that can be written`, async () => {
    await take({ operation, folder, content }, LOCK_FILE);
    try {
      // Whoever still holds such a right will find that the lock has changed.
      const rights = (await readdir(folder)).filter((name) => name.startsWith(`${LOCK_FILE}-`));
      for (const name of rights) await rm(join(folder, name), { force: true });
    } catch (error) {
      await release();
      throw error;
    }
  });
  return {
    async assertHeld() {
      if (await isHeld()) return;
      throw new InvalidInputError({ operation, problem: `${folder} was removed while it was written` });
    },
    release,
  };
}

interface Claim {
  readonly operation: string;
  readonly folder: string;
  /** Of the lock file. */
  readonly content: string;
}

/** Each failed try is another process that was faster; so many of them are none. */
const MOST_TRIES = 100;

/**
 * Makes the file `name` with the claim's content, where there is none or a stale one. The right to replace a stale file is a lock
 * itself, named after the stale one's token: of several processes only one gets it, and it ends with the file that it is for.
 */
async function take(claim: Claim, name: string): Promise<void> {
  const { folder, content } = claim;
  const path = join(folder, name);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const temporary = join(folder, `.recoup-${randomUUID()}.tmp`);
    await writeFile(temporary, content, { flag: "wx" });
    try {
      if (await linkNew(temporary, path)) return;
      const found = await readHolder(claim, path);
      if (found === undefined) continue;
      await assertGone(claim, found, path);
      const right = `${name}-${found.token.slice(0, 8)}`;
      await take(claim, right);
      const stays = (await readHolder(claim, path))?.token === found.token;
      if (stays) await rename(temporary, path);
      await rm(join(folder, right), { force: true });
      if (stays) return;
    } finally {
      await rm(temporary, { force: true });
    }
  }
  const problem = `${path} came and went ${MOST_TRIES} times: others write there`;
  throw new InvalidInputError({ operation: claim.operation, problem });
}

/** File systems without hard links; there the content may be seen before it is whole. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Gives a file a second name that is new, with its whole content at once. @returns false where there is such a name already. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: NodeJS.ErrnoException) => {
      if (!NO_LINKS.includes(error.code ?? "")) throw error;
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    // ENOENT: the holder has cleared the temporary away.
    if (["EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Text of a lock; undefined where there is none. A link or pipe in its place is not followed or read: no recoup has put it there. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path, "utf8") : "";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readHolder({ operation }: Claim, path: string): Promise<Holder | undefined> {
  const text = await readLock(path);
  if (text === undefined) return undefined;
  try {
    return shape.parsed(text, HOLDER, (expected, got) => new SyntaxError(`no ${expected}: ${got}`));
  } catch (cause) {
    const problem = `${path} is damaged; remove it if no recoup writes there`;
    throw new InvalidInputError({ operation, problem, cause });
  }
}

/** A holder of this machine is gone when its number is free, or taken by a process with another start. */
async function assertGone({ operation, folder }: Claim, holder: Holder, path: string): Promise<void> {
  const { pid, host, start, since } = holder;
  const writer = `${folder} is being written by process ${pid}`;
  if (host !== hostname()) {
    const problem = `${writer} of ${host} since ${since}; if that has ended, remove ${path}`;
    throw new InvalidInputError({ operation, problem });
  }
  const now = await processStart(pid);
  // Where one of the two starts is unknown, the number alone decides.
  const runs = now !== undefined && (now === "" || start === "" || now === start);
  if (runs) throw new InvalidInputError({ operation, problem: `${writer} since ${since}` });
}

/** When a process started, in the system's own words; empty where it does not say, undefined when there is no such process. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    // Signal 0 asks only whether there is such a process.
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  if (process.platform === "linux") {
    const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // Behind the name in brackets: the state (Z, X: dead, not yet collected by its parent), and 19 fields later the start.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : (fields[19] ?? "");
  }
  if (process.platform === "win32") return "";
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const asked = promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)], { env });
  return asked.then(({ stdout }) => stdout.trim()).catch(() => "");
}
