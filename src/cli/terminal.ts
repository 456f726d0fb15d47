/** @file The streams of the process as commands write to them. */
import { Console } from "node:console";
import { Writable } from "node:stream";
import type { CommandIo } from "./command.js";
import { hasColors, rendered } from "./style.js";
import { printable, wrapLines } from "./text-table.js";

/** Columns where a stream is no terminal. A terminal may say 0, too. */
const COLUMNS = 80;

/** Text for a stream; on a terminal without the control characters that a model or a file may put into it. */
function shown(text: string, stream: NodeJS.WriteStream): string {
  return rendered(stream.isTTY ? printable(text) : text, hasColors(stream));
}

/** Answers on stdout, all else on stderr. */
export function terminalIo({ stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr">): CommandIo {
  const write = (text: string) => void stdout.write(shown(text, stdout));
  const tell = (text: string) => {
    stderr.write(`${shown(wrapLines(text, stderr.columns || Infinity), stderr)}\n`);
  };
  let isOpen = false;
  const overwrite = (text: string, last: boolean) => {
    // Nothing to clear: the line may hold half an answer.
    if (text === "" && !isOpen) return;
    isOpen = text !== "" && !last;
    const columns = stderr.columns || COLUMNS;
    const line = rendered(printable(text), false);
    // A longer line would stay on the screen when the next one comes; the last one may.
    stderr.write(`\r\u001b[K${last ? `${wrapLines(line, columns)}\n` : line.slice(0, columns - 1)}`);
  };
  return {
    out: (text) => write(`${text}\n`),
    write,
    note: tell,
    tell,
    overwrite: stderr.isTTY ? overwrite : undefined,
    columns: stdout.columns || COLUMNS,
    noteColumns: stderr.columns || COLUMNS,
  };
}

/** The console of packages, which may print texts out of a model's files: on stderr, as stdout is the answer, and printable there. */
export function packageConsole({ stderr }: Pick<NodeJS.Process, "stderr">): Console {
  const stream = new Writable({
    decodeStrings: false,
    write(text, _, done) {
      stderr.write(stderr.isTTY ? printable(String(text)) : text);
      done();
    },
  });
  return new Console(stream, stream);
}
