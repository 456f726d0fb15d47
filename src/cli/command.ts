/** @file A command: its words, its flags, and its work. */
import { refusalFor } from "../core/index.js";
import { type CommandFacts, type Flags, helpText, parseFlags, type Values } from "./flags.js";

/** The parts of the process that a command uses. */
export interface CommandIo {
  /** The answer. */
  readonly out: (text: string) => void;
  /** A piece of the answer, without a line's end. */
  readonly write: (text: string) => void;
  /** Progress and notices; with --quiet nowhere. */
  readonly note: (text: string) => void;
  /** Errors, and what was asked for beside the answer. */
  readonly tell: (text: string) => void;
  /** On a terminal: replaces the last line of progress; `last` ends it. Undefined where notes go to a file or pipe. */
  readonly overwrite?: (text: string, last: boolean) => void;
  /** Width of the terminal that answers go to, in characters; 80 where there is none. */
  readonly columns: number;
  /** The same of notes. */
  readonly noteColumns: number;
}

/** Flags of every command. */
const COMMON_FLAGS = {
  quiet: { type: "flag", help: "no progress and no notices on stderr, only errors" },
} as const satisfies Flags;

/** One word of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of --help, for a terminal of so many columns. @param args the arguments after the name. */
  help(columns: number, args?: readonly string[]): string;
  /** Runs with the arguments after the name. @returns the exit status, if it is not 0. @throws RecoupError for input that does not fit. */
  run(args: readonly string[], io: CommandIo): Promise<number | undefined>;
}

/** The command line of one run. */
export interface Invocation<F extends Flags> {
  readonly flags: Values<F>;
  /** As many as the command has names for; of optional ones, `[NAME]`, the first few. */
  readonly words: readonly string[];
  /** All arguments as they came. */
  readonly args: readonly string[];
}

interface Definition<F extends Flags> extends CommandFacts {
  readonly flags: F;
  run(invocation: Invocation<F>, io: CommandIo): Promise<number | undefined>;
}

/** A command by its table of flags, which is parsed and checked before `run`. */
export function defineCommand<const F extends Flags>(definition: Definition<F>): Command {
  const { name, summary, words: names = [] } = definition;
  const table = { ...definition.flags, ...COMMON_FLAGS };
  return {
    name,
    summary,
    help: (columns) => helpText({ ...definition, flags: table }, columns),
    async run(args, io) {
      const { flags, words } = parseFlags(name, table, args);
      const least = names.filter((word) => !word.startsWith("[")).length;
      if (words.length < least || words.length > names.length) {
        // What a shell takes apart at its spaces was meant as one.
        const hint =
          words.length > names.length && names.at(-1) === "QUESTION" ? "; put quotes around the question" : "";
        throw refusalFor(name)(names.join(" ") || "flags only", (words.join(" ") || "nothing") + hint);
      }
      const empty = names.find((_, at) => words[at]?.trim() === "")?.toLowerCase();
      if (empty !== undefined)
        throw refusalFor(name)(`${/^[aeiou]/.test(empty) ? "an" : "a"} ${empty}`, "an empty text");
      const own = flags.quiet ? { ...io, note: () => {}, overwrite: undefined } : io;
      return definition.run({ flags: flags as Values<F>, words, args }, own);
    },
  };
}
