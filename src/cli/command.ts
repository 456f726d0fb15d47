/** What a command sees of the process: where answers go, where all else goes, how wide the terminal is. */
export interface CommandIo {
  /** The answer. */
  readonly out: (text: string) => void;
  /** A piece of the answer, without a line's end. */
  readonly write: (text: string) => void;
  /** Progress, notices, errors. */
  readonly note: (text: string) => void;
  /** On a terminal: replaces the last line of progress; `last` ends it. Undefined where notes go to a file or pipe. */
  readonly overwrite?: (text: string, last: boolean) => void;
  /** Width of the terminal in characters; 80 where there is none. */
  readonly columns: number;
}

/** One word of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Shown by --help. */
  readonly usage: string;
  /** Runs with the words after the name. Throws a RecoupError for input that does not fit. */
  run(args: readonly string[], io: CommandIo): Promise<void>;
}
