/** @file Failures of a command as one line and an exit status. */
import { debuglog } from "node:util";
import { RecoupError } from "../core/index.js";
import { printable } from "./text-table.js";

/** Shown with `NODE_DEBUG=recoup`. */
const debug = debuglog("recoup");

/** The last line of a command that failed, if it needs one, and its exit status. */
export function failureOf(command: string, error: unknown): { readonly text?: string; readonly status: number } {
  // Ctrl-C: the command has said what is left to do. 128 + 2, as shells report it.
  if ((error as Error)?.name === "AbortError") return { status: 130 };
  debug("%s", (error as Error)?.stack ?? error);
  const message = error instanceof Error || RecoupError.isInstance(error) ? error.message : String(error);
  const line = printable(message).replaceAll(/\s+/g, " ").trim();
  const text = `recoup ${[":", " "].some((next) => line.startsWith(command + next)) ? "" : `${command}: `}${line}`;
  return { text, status: RecoupError.isInstance(error) ? 2 : 1 };
}

/**
 * Work on a stage of a command. Errors of other packages say little of where they come from: theirs begin with the stage.
 *
 * @param stage with the file or model, as in `answering about a.png`.
 */
export async function inStage<T>(stage: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (RecoupError.isInstance(cause) || (cause as Error)?.name === "AbortError") throw cause;
    throw new Error(`${stage}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
