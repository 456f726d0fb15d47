/** @file The end of the process, also where modules of one's own run in it: their timers keep it alive, and they may not end it. */
import { writeSync } from "node:fs";

const { exit } = process;
let isForced = false;

/** From now on the process ends when its command does, whatever is still under way. */
export function endWithCommand(): void {
  isForced = true;
}

/** The command is done: once its answer is written the process ends with this status. */
export async function endProcess(status: number): Promise<void> {
  process.exitCode = status;
  if (!isForced) return;
  for (const stream of [process.stdout, process.stderr]) {
    // One that nobody reads any more is as good as written.
    await new Promise<unknown>((done) => stream.write("", done));
  }
  exit.call(process, status);
}

/** Ends the process at once, with a line on stderr if there is one to say. */
export function endNow(line: string, status: number): never {
  try {
    if (line !== "") writeSync(process.stderr.fd, `${line}\n`);
  } catch {
    // The status is left to say it.
  }
  return exit.call(process, status);
}
