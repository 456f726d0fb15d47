import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { RecoupError, type TokenGrid } from "../../core/index.js";
import type { Recovery } from "../../models/index.js";
import { readImage } from "../../node/index.js";
import { answerLines } from "../answer-report.js";
import type { Command } from "../command.js";
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
    try {
      const chat = vlm.chat({
        image: picture,
        recovery: values.recovery as Recovery,
        compression: compressionOf("chat", values),
      });
      let answering: AbortController | undefined;
      let grids: readonly TokenGrid[] = [];
      // readline takes Ctrl-C on a terminal, the process elsewhere.
      const interrupt = () => (answering === undefined ? lines.close() : answering.abort());
      lines.on("SIGINT", interrupt);
      process.on("SIGINT", interrupt);
      if (terminal) lines.prompt();
      for await (const line of lines) {
        const text = line.trim();
        if (text === "/quit") break;
        if (text === "/tokens") {
          io.note(chat.context === undefined ? "nothing yet: ask something" : tokenMap(chat.context, grids));
        } else if (text.startsWith("/")) io.note("expected a question, /tokens or /quit");
        else if (text !== "") {
          answering = new AbortController();
          try {
            const asked = chat.ask({
              question: text,
              maxNewTokens: longest,
              signal: answering.signal,
            });
            for await (const piece of asked) io.write(piece);
            const result = await asked.result;
            grids = result.tables[0].grids ?? [];
            io.write("\n");
            io.note(answerLines(result)[1]);
            io.note(recoveredLine(result.turn, result.recovered.length, result.tokens.kept));
          } catch (error) {
            if (answering.signal.aborted) {
              io.write("\n");
              io.note("stopped; the conversation is as it was before this question");
            } else if (RecoupError.isInstance(error)) io.note(error.message);
            else throw error;
          } finally {
            answering = undefined;
          }
        }
        if (terminal) lines.prompt();
      }
      process.removeListener("SIGINT", interrupt);
      await chat.dispose();
    } finally {
      lines.close();
      await vlm.dispose();
    }
  },
};

const FLAGS = { ...VLM_FLAGS, recovery: { type: "string", default: "append" } } as const;

function recoveredLine(turn: number, recovered: number, held: number): string {
  if (turn === 1) return `the conversation holds ${held} rows of the picture`;
  return recovered === 0
    ? `nothing to recover: ${held} rows of the picture`
    : `recovered ${recovered} tokens for this question: ${held} rows of the picture`;
}
