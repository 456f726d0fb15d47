import { createInterface } from "node:readline";
import {
  type CompressionPlan,
  planRows,
  RecoupError,
  type Role,
  sourceName,
  type TokenGrid,
} from "../../core/index.js";
import { readImage } from "../../files/index.js";
import type { Chat, TurnOptions } from "../../vlm/index.js";
import { answerLines, untoldLine, writeAnswer } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { inStage } from "../failure.js";
import { compressionOf } from "../method-flags.js";
import { assertModel } from "../model-check.js";
import { interruptible } from "../progress.js";
import { rowOptions } from "../row-flags.js";
import { styled } from "../style.js";
import { printable } from "../text-table.js";
import { toyCaution } from "../toy.js";
import { loadModel, VLM_FLAGS } from "../vlm-command.js";

/** `recoup chat`: a conversation about one image. */
export const chatCommand = defineCommand({
  name: "chat",
  summary: "talk about an image; later questions recover the tokens they need",
  words: ["IMAGE"],
  about: [
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
    const compression = await compressionOf("chat", flags);
    const rows = rowOptions("chat", flags);
    await assertModel("chat", flags, compression);
    const image = await readImage(path);
    const caution = await toyCaution(flags.model, path);
    const vlm = await interruptible(io, (work) => loadModel(flags, work));
    const terminal = process.stdin.isTTY === true;
    const output = terminal ? process.stderr : undefined;
    const lines = createInterface({ input: process.stdin, output, prompt: "> " });
    let stop: AbortController | undefined;
    // readline takes Ctrl-C on a terminal, the process elsewhere.
    const interrupt = () => (stop === undefined ? lines.close() : stop.abort());
    lines.on("SIGINT", interrupt);
    process.on("SIGINT", interrupt);
    try {
      const chat = vlm.chat({ image, recovery: flags.recovery, compression, ...rows });
      let grids: readonly TokenGrid[] = [];
      let left = false;
      if (terminal) lines.prompt();
      for await (const line of lines) {
        const text = line.trim();
        left = text === "/quit";
        if (left) break;
        if (text === "/tokens") {
          io.tell(chat.context.length === 0 ? "nothing yet: ask something" : tokenMap(chat.context[0], grids, io));
        } else if (text.startsWith("/")) io.tell("expected a question, /tokens or /quit");
        else if (text !== "") {
          stop = new AbortController();
          const asking = { question: text, maxNewTokens: flags.maxNewTokens, signal: stop.signal };
          const answered = () => answer(chat, asking, caution, io);
          grids = (await inStage(`answering about ${sourceName(path)} with ${flags.model}`, answered)) ?? grids;
          stop = undefined;
        }
        if (terminal) lines.prompt();
      }
      // Ctrl-C and Ctrl-D leave the prompt's line open.
      if (terminal && !left) io.tell("");
      await chat.dispose();
    } finally {
      process.removeListener("SIGINT", interrupt);
      lines.close();
      await vlm.dispose();
    }
  },
});

/** One question's answer and what it took; refusals are notes, since the conversation goes on. @returns where the tokens lie. */
async function answer(
  chat: Chat,
  asking: TurnOptions,
  caution: string | undefined,
  io: CommandIo,
): Promise<readonly TokenGrid[] | undefined> {
  try {
    const asked = chat.ask(asking);
    await writeAnswer(asked, io);
    const result = await asked.result;
    // Once: they hold for all answers.
    for (const text of [caution, untoldLine(result)]) {
      if (text !== undefined && result.turn === 1) io.note(styled("warning", text));
    }
    for (const line of answerLines(result).slice(1)) io.note(line);
    io.note(recoveredLine(result.turn, result.recovered[0].length, result.tokens.kept));
    return result.tables[0].grids;
  } catch (error) {
    if (asking.signal?.aborted) io.tell("stopped; the conversation is as it was before this question");
    else if (RecoupError.isInstance(error)) io.tell(styled("error", printable(error.message)));
    else throw error;
  }
  return undefined;
}

function recoveredLine(turn: number, recovered: number, held: number): string {
  if (turn === 1) return `the conversation holds ${held} rows of the image`;
  const done =
    recovered === 0
      ? "nothing to recover"
      : `recovered ${recovered} ${recovered === 1 ? "token" : "tokens"} for this question`;
  return `${done}: ${held} rows of the image`;
}

/** Role of a token in one character; all that stands in merged rows only is a dot. */
const MARKS: Readonly<Record<Role, string>> = { visual: "#", text: "?", merged: "o", residual: "." };

/**
 * Each grid of tokens as lines of text, two characters a token or, in a narrow terminal, one; and what the marks mean.
 */
function tokenMap(plan: CompressionPlan, grids: readonly TokenGrid[], { noteColumns }: CommandIo): string {
  const marks: string[] = Array(plan.sourceCount).fill(".");
  // Own rows last: a center of a merged row may have been recovered since.
  for (const { role, anchor } of planRows(plan).reverse()) marks[anchor] = MARKS[role];
  const gap = grids.every(({ columns }) => 2 * columns - 1 <= noteColumns) ? " " : "";
  const maps = grids.map(({ rows, columns, offset }) =>
    Array.from({ length: rows }, (_, row) => {
      const start = offset + row * columns;
      return marks.slice(start, start + columns).join(gap);
    }).join("\n"),
  );
  return [...maps, "# visual   ? for a question\no center of a merged row   . in merged rows only"].join("\n\n");
}
