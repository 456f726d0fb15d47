#!/usr/bin/env node
/** The `recoup` command. Answers go to stdout, all else to stderr. Exit status 2: input that does not fit; 1: a failure. */
import { RecoupError } from "../core/index.js";
import type { Command, CommandIo } from "./command.js";
import { printable } from "./text-table.js";

/** Only the command that runs is loaded: that halves the time to its first line. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  ask: async () => (await import("./commands/ask.js")).askCommand,
  chat: async () => (await import("./commands/chat.js")).chatCommand,
  compress: async () => (await import("./commands/compress.js")).compressCommand,
  methods: async () => (await import("./commands/methods.js")).methodsCommand,
  demo: async () => (await import("./commands/demo.js")).demoCommand,
  eval: async () => (await import("./commands/eval.js")).evalCommand,
  report: async () => (await import("./commands/report.js")).reportCommand,
  synth: async () => (await import("./commands/synth.js")).synthCommand,
  scenes: async () => (await import("./commands/synth.js")).scenesCommand,
  onnx: async () => (await import("./commands/onnx/index.js")).onnxCommand,
};

async function usage(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return [
    "usage: recoup COMMAND [options]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`),
    "",
    "recoup COMMAND --help says more.",
  ].join("\n");
}

async function main([name, ...args]: readonly string[], io: CommandIo): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(await usage());
    return name === undefined ? 2 : 0;
  }
  if (name === "loyalty") {
    io.note("recoup: loyalty is now recoup eval --images DIR --questions FILE --out DIR");
    return 2;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    io.note(`recoup: expected a command (${Object.keys(COMMANDS).join(", ")}), got ${name}`);
    return 2;
  }
  const command = await COMMANDS[name]();
  if (args.includes("--help") || args.includes("-h")) {
    io.out(command.help(io.columns));
    return 0;
  }
  try {
    return (await command.run(args, io)) ?? 0;
  } catch (error) {
    if (RecoupError.isInstance(error)) {
      io.note(`recoup ${name}: ${printable(error.message)}`);
      return 2;
    }
    // Ctrl-C: the command has said what is left to do. 128 + 2, as shells report it.
    if ((error as Error)?.name === "AbortError") return 130;
    throw error;
  }
}

// A reader that closes early (`recoup methods | head`) ends the command without noise.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  write: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(`${text}\n`),
  overwrite: process.stderr.isTTY
    ? (text, last) => process.stderr.write(`\r\u001b[K${text}${last ? "\n" : ""}`)
    : undefined,
  columns: process.stdout.columns ?? 80,
});
