#!/usr/bin/env node
/** @file The `recoup` command. Answers go to stdout, all else to stderr. Status 2: input that does not fit; 1: a failure; 130: Ctrl-C. */
import { createRequire } from "node:module";
import type { Command, CommandIo } from "./command.js";
import { endNow, endProcess } from "./end-process.js";
import { failureOf } from "./failure.js";
import { typoHint } from "./flags.js";
import { styled } from "./style.js";
import { packageConsole, terminalIo } from "./terminal.js";
import { definitions, hanging, printable, TEXT_WIDTH } from "./text-table.js";

/** Only the command that runs is loaded: that halves the time to its first line. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  ask: async () => (await import("./commands/ask.js")).askCommand,
  chat: async () => (await import("./commands/chat.js")).chatCommand,
  compress: async () => (await import("./commands/compress.js")).compressCommand,
  methods: async () => (await import("./commands/methods.js")).methodsCommand,
  method: async () => (await import("./commands/method.js")).methodCommand,
  demo: async () => (await import("./commands/demo.js")).demoCommand,
  eval: async () => (await import("./commands/eval/index.js")).evalCommand,
  report: async () => (await import("./commands/report.js")).reportCommand,
  export: async () => (await import("./commands/export.js")).exportCommand,
  synth: async () => (await import("./commands/synth.js")).synthCommand,
  scenes: async () => (await import("./commands/synth.js")).scenesCommand,
  onnx: async () => (await import("./commands/onnx/index.js")).onnxCommand,
};

async function usage(columns: number): Promise<string> {
  const width = Math.min(columns, TEXT_WIDTH);
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    "usage: recoup COMMAND [options]\n",
    definitions(rows, width),
    hanging("\nrecoup ", "help COMMAND says more, recoup --version which version this is.", width),
  ].join("\n");
}

/** @returns the exit status. */
async function main(words: readonly string[], io: CommandIo): Promise<number> {
  // `recoup help ask` is `recoup ask --help`.
  const [name, ...args] = words[0] === "help" && words.length > 1 ? [...words.slice(1), "--help"] : words;
  if (name === "--version") {
    io.out(createRequire(import.meta.url)("recoup/package.json").version);
    return 0;
  }
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    io.out(await usage(io.columns));
    return name === undefined ? 2 : 0;
  }
  if (name === "loyalty") {
    io.tell(styled("error", "recoup: loyalty is now recoup eval --images DIR --questions FILE --out DIR"));
    return 2;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const known = Object.keys(COMMANDS);
    const problem = `expected a command (${known.join(", ")}), got ${printable(name)}${typoHint(name, known)}`;
    io.tell(styled("error", `recoup: ${problem}`));
    return 2;
  }
  const command = await COMMANDS[name]();
  // Behind a bare "--" there are no flags.
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  if (args.slice(0, end).some((word) => word === "--help" || word === "-h")) {
    io.out(command.help(io.columns, args));
    return 0;
  }
  try {
    return (await command.run(args, io)) ?? 0;
  } catch (error) {
    const { text, status } = failureOf(name, error);
    if (text !== undefined) io.tell(styled("error", text));
    return status;
  }
}

// A reader that closes early (`recoup methods | head`) ends the command without noise.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") endNow("", 0);
  endNow(`recoup: expected a writable stdout, got ${error.code}`, 1);
});
// Notes that nobody can read end no command.
process.stderr.on("error", () => {});

Object.assign(console, packageConsole(process));
await endProcess(await main(process.argv.slice(2), terminalIo(process)));
