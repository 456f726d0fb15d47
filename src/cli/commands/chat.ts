import { createInterface } from "node:readline";
import { RecoupError, type TokenGrid } from "../../core/index.js";
import { readImage } from "../../node.js";
import type { Chat } from "../../vlm/index.js";
import { answerLines } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { compressionOf } from "../method-flags.js";
import { tokenMap } from "../token-map.js";
import { loadModel, VLM_FLAGS } from "../vlm-command.js";

/** `recoup chat`: a conversation about one image. */
export const chatCommand = defineCommand({
  name: "chat",
  summary: "talk about an image; later questions recover the tokens they need",
  words: ["IMAGE"],
  about: [
    "Talks about one image. Each question gets back the visual tokens that it needs and the conversation lacks.",
    "One question a line; /tokens shows what the conversation holds of the image, /quit ends. Ctrl-C stops an answer, and at the prompt the conversation.",
  ],
  flags: {
    recovery: {
      type: "choice",
      choices: ["append", "reprefill", "none"],
      default: "append",
      placeholder: "HOW",
      help: "append adds rows to the running cache; reprefill computes the conversation anew with them in the image's place; none never recovers",
    },
    ...VLM_FLAGS,
  },
  async run({ flags, words: [path] }, io) {
    const { method, options } = compressionOf("chat", flags);
    const image = await readImage(path);
    const vlm = await loadModel(flags, io, new AbortController().signal);
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
      const chat = vlm.chat({ image, recovery: flags.recovery, compression: { method, ...options } });
      let grids: readonly TokenGrid[] = [];
      if (terminal) lines.prompt();
      for await (const line of lines) {
        const text = line.trim();
        if (text === "/quit") break;
        if (text === "/tokens") {
          io.note(chat.context === undefined ? "nothing yet: ask something" : tokenMap(chat.context, grids));
        } else if (text.startsWith("/")) io.note("expected a question, /tokens or /quit");
        else if (text !== "") grids = (await answer(chat, text, flags.maxNewTokens, answering, io)) ?? grids;
        if (terminal) lines.prompt();
      }
      await chat.dispose();
    } finally {
      process.removeListener("SIGINT", interrupt);
      lines.close();
      await vlm.dispose();
    }
  },
});

/** The answer that is being given, if one is: Ctrl-C stops it. */
interface AnswerStream {
  stop?: AbortController;
}

/** One question's answer and what it took; refusals are notes, since the conversation goes on. @returns where the tokens lie. */
async function answer(
  chat: Chat,
  question: string,
  maxNewTokens: number | undefined,
  answering: AnswerStream,
  io: CommandIo,
): Promise<readonly TokenGrid[] | undefined> {
  const stop = new AbortController();
  answering.stop = stop;
  try {
    const asked = chat.ask({ question, maxNewTokens, signal: stop.signal });
    for await (const piece of asked) io.write(piece);
    const result = await asked.result;
    io.write("\n");
    io.note(answerLines(result)[1]);
    io.note(recoveredLine(result.turn, result.recovered.length, result.tokens.kept));
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

function recoveredLine(turn: number, recovered: number, held: number): string {
  if (turn === 1) return `the conversation holds ${held} rows of the image`;
  return recovered === 0
    ? `nothing to recover: ${held} rows of the image`
    : `recovered ${recovered} tokens for this question: ${held} rows of the image`;
}
