/** @file A conversation: turns on top of each other, each agreed on only when its answer is whole. */
import { InvalidInputError, refusalFor } from "../core/index.js";
import { answerStream } from "./answer-stream.js";
import type { Chat, ChatOptions } from "./engine.js";
import { isUnread } from "./image-input.js";
import { conversationOf } from "./messages.js";
import type { ModelParts } from "./model-parts.js";
import { answerTurn, readRequest } from "./pipeline.js";
import {
  checkedCompression,
  checkedRequest,
  type ReadRequest,
  type TakenChatOptions,
  takenChatOptions,
  takenOptions,
} from "./request.js";
import { NEW_CONVERSATION } from "./turn-state.js";
import type { WorkQueue } from "./work-queue.js";

/** Starts a conversation; its images are encoded with the first question. */
export function startChat(model: ModelParts, given: ChatOptions, queue: WorkQueue): Chat {
  const { images, messages, recovery = "append", ...options } = takenChatOptions(given);
  if (recovery !== "append" && recovery !== "reprefill" && recovery !== "none") {
    throw refusalFor("chat")("recovery append, reprefill or none", recovery);
  }
  const compression = checkedCompression(model, options);
  /** Images and messages of the first turn, held until that is answered. */
  let opening: Pick<TakenChatOptions, "messages" | "images"> | undefined = { messages, images };
  conversationOf(messages);
  let state = NEW_CONVERSATION;
  let disposed = false;
  /** Settles when all turns so far are over. */
  let turns: Promise<unknown> = Promise.resolve();
  return {
    ask: (asked) =>
      answerStream(async (emit) => {
        if (disposed) throw new InvalidInputError({ operation: "chat", problem: "the chat is disposed of" });
        const taken = takenOptions(asked, true);
        const request = () => {
          const answered = state.messages.length;
          return checkedRequest(model, taken, { recovery, compression, answered, ...opening });
        };
        const { signal, images } = request();
        const work = async (read: ReadRequest) => {
          const turn = await answerTurn(model, read, emit, state);
          state = turn.state;
          opening = undefined;
          return turn.result;
        };
        const prepare = async () => readRequest(model, request(), state);
        const turn = queue.run(work, signal, { after: turns, reads: images.some(isUnread), prepare });
        // A result kept here would keep those of all turns before.
        turns = Promise.allSettled([turns, turn]).then(() => undefined);
        return turn;
      }),
    get context() {
      return state.images.map(({ plan }) => plan);
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await turns;
      await queue.free(async () => {
        await state.tail?.sequence.dispose();
        state = NEW_CONVERSATION;
      });
    },
  };
}
