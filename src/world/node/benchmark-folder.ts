/** The output folder of `recoup synth`: what may be written into, and what an earlier run left there. */
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
import { WORLD_VERSION } from "../index.js";

/** Name of the file that says what a folder holds. */
export const STATE_FILE = "synth.json";

/** Layout of the folder and wording of its questions; another layout or wording gets another number. */
const FORMAT_VERSION = 2;

/** Everything that the content of a folder follows from. */
export interface SynthState {
  readonly format: "recoup-synth";
  readonly version: number;
  readonly world: number;
  readonly tasks: readonly string[];
  readonly split: string;
  readonly count: number;
  readonly seed: number;
  readonly level: number;
}

/** What to do with a folder that has something in it. */
export type FolderMode = "new" | "resume" | "force";

export function synthState(request: Omit<SynthState, "format" | "version" | "world">): SynthState {
  const { tasks, split, count, seed, level } = request;
  return { format: "recoup-synth", version: FORMAT_VERSION, world: WORLD_VERSION, tasks, split, count, seed, level };
}

/**
 * Makes the folder ready. `new`: it must be missing or empty. `resume`: it must hold a run of exactly this request. `force`:
 * what an earlier run of ours left is removed first (the folders of tasks), other files stay.
 *
 * @param folders of all tasks that exist.
 */
export async function openFolder(
  out: string,
  mode: FolderMode,
  state: SynthState,
  folders: readonly string[],
): Promise<void> {
  const operation = "synth";
  if (mode !== "new") await withFileErrors(operation, `a folder at ${out}`, () => removeTemporaries(out));
  const names = await withFileErrors(operation, `a folder at ${out}`, () => folderEntries(out));
  const before = names.includes(STATE_FILE) ? await readFolderState("synth", join(out, STATE_FILE)) : undefined;
  if (mode === "new" && names.length > 0) {
    const what = before === undefined ? `${names.length} entries` : "an earlier run";
    throw new InvalidInputError({
      operation,
      expected: `a missing or empty folder ${out}, or --resume or --force`,
      got: what,
    });
  }
  if (mode === "resume" && names.length > 0) assertSame(out, state, before);
  if (mode === "force" && before !== undefined) {
    for (const name of [...folders, "manifest.json"]) await rm(join(out, name), { recursive: true, force: true });
  }
  await withFileErrors(operation, `a folder ${out} that can be made`, () => mkdir(out, { recursive: true }));
  await writeFileAtomic(join(out, STATE_FILE), `${JSON.stringify(state, undefined, 2)}\n`);
}

function assertSame(out: string, state: SynthState, before: unknown): void {
  const operation = "synth --resume";
  const found = (before ?? {}) as Partial<SynthState>;
  if (found.format !== "recoup-synth") {
    throw new InvalidInputError({ operation, expected: `a folder with ${STATE_FILE}`, got: `${out} without one` });
  }
  for (const key of Object.keys(state) as (keyof SynthState)[]) {
    const [wanted, got] = [JSON.stringify(state[key]), JSON.stringify(found[key])];
    if (wanted !== got) {
      throw new InvalidInputError({ operation, expected: `${key} ${wanted}, as asked for`, got: `${got} in ${out}` });
    }
  }
}
