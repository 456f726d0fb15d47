/** @file The folder of a run: what may be written into, and what an earlier run of the same request left there. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError } from "../../core/index.js";
import {
  folderEntries,
  readFolderState,
  removeTemporaries,
  withFileErrors,
  writeFileAtomic,
} from "../../files/index.js";
import type { RunState } from "../index.js";

/** Says what a folder holds. */
const STATE_FILE = "run.json";
/** Answers as they come. */
export const LOG_FILE = "answers.jsonl";
/** Everything else that a run writes, or is made of it. */
const OUTPUTS = ["tasks", "settings", "machine.json", "report.html", "report.md", "agreement.html", "agreement.json"];

export interface RunFolderOptions {
  /** Removes what another run left. */
  readonly force?: boolean;
  /** Names in the folder that count as nothing (the pictures that were made for the run). */
  readonly keep?: readonly string[];
}

/**
 * Makes the folder ready: a missing or empty one, or one with a run of exactly this request, which then goes on. `force` removes what
 * another run left; files that no run writes stay.
 *
 * @throws InvalidInputError for a folder with anything else in it, or another request, naming the first difference.
 */
export async function openRunFolder(
  out: string,
  state: RunState,
  { force = false, keep = [] }: RunFolderOptions = {},
): Promise<void> {
  const operation = "eval";
  await withFileErrors(operation, `a folder at ${out}`, () => removeTemporaries(out));
  const names = (await withFileErrors(operation, `a folder at ${out}`, () => folderEntries(out))).filter(
    (name) => !keep.includes(name),
  );
  const before = names.includes(STATE_FILE) ? await readFolderState("eval", join(out, STATE_FILE)) : undefined;
  if (force) {
    await withFileErrors(operation, `an earlier run in ${out} that can be removed`, async () => {
      for (const name of [STATE_FILE, LOG_FILE, ...OUTPUTS])
        await rm(join(out, name), { recursive: true, force: true });
    });
  } else if (before !== undefined) assertSame(out, state, before as Partial<RunState>);
  else if (names.length > 0) {
    throw new InvalidInputError({
      operation,
      expected: `a missing or empty folder ${out}, or one of an earlier run`,
      got: `${names.length} entries (${names.slice(0, 3).join(", ")})`,
    });
  }
  await withFileErrors(operation, `a folder ${out} that can be made`, () => mkdir(out, { recursive: true }));
  await writeFileAtomic(join(out, STATE_FILE), `${JSON.stringify(state, undefined, 2)}\n`);
}

function assertSame(out: string, state: RunState, before: Partial<RunState>): void {
  const keys = new Set([...Object.keys(state), ...Object.keys(before)]);
  for (const key of keys as Set<keyof RunState>) {
    const [wanted, got] = [JSON.stringify(state[key]), JSON.stringify(before[key])];
    if (wanted === got) continue;
    throw new InvalidInputError({
      operation: "eval",
      expected: `${key} ${difference(wanted, got)} (--force starts anew)`,
      got: `${difference(got, wanted)} in the run in ${out}`,
    });
  }
}

/** The part of a text from where it differs from the other on. */
function difference(text = "none", other = ""): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at++;
  const start = Math.max(0, at - 20);
  return `${start > 0 ? "…" : ""}${text.slice(start, start + 80)}`;
}
