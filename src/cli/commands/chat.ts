import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { RecoupError, type TokenGrid } from "../../core/index.js";
import { readImage } from "../../node.js";
import type { Chat, Recovery } from "../../vlm/index.js";
import { answerLines } from "../answer-report.js";
import type { Command, CommandIo } from "../command.js";
import { tokenMap } from "../token-map.js";
import { compressionOf, exactly, loadModel, maxNewTokens, VLM_FLAGS, VLM_USAGE } from "../vlm-command.js";

const USAGE = `usage: recoup chat IMAGE [--model tiny] [--recovery append|reprefill|none] [options]

Talks about one picture. Each question gets back the visual tokens that it needs and the conversation lacks.
One question a line; /tokens shows what the conversation holds of the picture, /quit ends.
Ctrl-C stops an answer, and at the prompt the conversation.

${VLM_USAGE}
  --recovery HOW       append: adds rows to the running cache (default); reprefill: computes the conversation
                       anew with them in the picture's place; none: never recovers`;

/** `recoup chat`: a conversation about one picture. */
export const chatCommand: Command = {
  name: "chat",
  summary: "talk about a picture; later questions recover the tokens they need",
  usage: USAGE,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
    exactly("chat", ["IMAGE"], positionals);
    const longest = maxNewTokens("chat", values);
    const picture = await readImage(positionals[0]);
    const vlm = await loadModel(values, io, new AbortController().signal);
    const terminal = process.stdin.isTTY === true;
    const lines = createInterface({
      input: process.stdin,
      output: terminal ? process.stderr : undefined,
      prompt: "> ",
    });
    const answering: AnswerStream = {};
    // readline takes Ctrl-C on a terminal, the process elsewhere.
    const interrupt = () => (answering.stop === undefined ? lines.close() : answering.stop.abort());
    lines.on("SIGINT", interrupt);
    process.on("SIGINT", interrupt);
    try {
      const recovery = values.recovery as Recovery;
      const chat = vlm.chat({ image: picture, recovery, compression: compressionOf("chat", values) });
      let grids: readonly TokenGrid[] = [];
      if (terminal) lines.prompt();
      for await (const line of lines) {
        const text = line.trim();
        if (text === "/quit") break;
        if (text === "/tokens") {
          io.note(chat.context.length === 0 ? "nothing yet: ask something" : tokenMap(chat.context[0], grids));
        } else if (text.startsWith("/")) io.note("expected a question, /tokens or /quit");
        else if (text !== "") grids = (await answer(chat, text, longest, answering, io)) ?? grids;
        if (terminal) lines.prompt();
      }
      await chat.dispose();
    } finally {
      process.removeListener("SIGINT", interrupt);
      lines.close();
      await vlm.dispose();
    }
  },
};

/** The answer that is being given, if one is: Ctrl-C stops it. */
interface AnswerStream {
  stop?: AbortController;
}

/** One question's answer and what it took; refusals are notes, since the conversation goes on. @returns where the tokens lie. */
async function answer(
  chat: Chat,
  question: string,
  longest: number | undefined,
  answering: AnswerStream,
  io: CommandIo,
): Promise<readonly TokenGrid[] | undefined> {
  const stop = new AbortController();
  answering.stop = stop;
  try {
    const asked = chat.ask({ question, maxNewTokens: longest, signal: stop.signal });
    for await (const piece of asked) io.write(piece);
    const result = await asked.result;
    io.write("\n");
    io.note(answerLines(result)[1]);
    io.note(recoveredLine(result.turn, result.recovered[0].length, result.tokens.kept));
    return result.tables[0].grids;
  } catch (error) {
    if (stop.signal.aborted) {
      io.write("\n");
      io.note("stopped; the conversation is as it was before this question");
    } else if (RecoupError.isInstance(error)) io.note(error.message);
    else throw error;
  } finally {
    answering.stop = undefined;
  }
  return undefined;
}

const FLAGS = { ...VLM_FLAGS, recovery: { type: "string", default: "append" } } as const;

function recoveredLine(turn: number, recovered: number, held: number): string {
  if (turn === 1) return `the conversation holds ${held} rows of the picture`;
  return recovered === 0
    ? `nothing to recover: ${held} rows of the picture`
    : `recovered ${recovered} tokens for this question: ${held} rows of the picture`;
}
