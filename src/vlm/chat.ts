/** @file A conversation: turns on top of each other, each agreed on only when its answer is whole. */
import { InvalidInputError, refusalFor } from "../core/index.js";
import { answerStream } from "./answer-stream.js";
import type { Chat, ChatOptions } from "./engine.js";
import { conversationOf, imagesOf } from "./messages.js";
import type { ModelParts } from "./model-parts.js";
import { answerTurn, NEW_CONVERSATION } from "./pipeline.js";
import { checkedChatOptions, checkedCompression, checkedRequest } from "./request.js";
import type { WorkQueue } from "./work-queue.js";

/** Starts a conversation; its images are encoded with the first question. */
export function startChat(model: ModelParts, given: ChatOptions, queue: WorkQueue): Chat {
  const { image, images, messages = [], recovery = "append", ...options } = checkedChatOptions(given);
  if (recovery !== "append" && recovery !== "reprefill" && recovery !== "none") {
    throw refusalFor("chat")("recovery append, reprefill or none", recovery);
  }
  const compression = checkedCompression(model, options);
  const opening = { messages, images: imagesOf({ image, images }) };
  conversationOf(messages);
  let state = NEW_CONVERSATION;
  let disposed = false;
  return {
    ask: (asked) =>
      answerStream(async (emit) => {
        if (disposed) throw new InvalidInputError({ operation: "chat", problem: "the chat is disposed of" });
        const request = () => {
          const answered = state.messages.length;
          return checkedRequest(model, asked, { recovery, compression, answered, ...(state.turn === 0 && opening) });
        };
        const { signal } = request();
        return queue.run(async () => {
          const turn = await answerTurn(model, request(), emit, state);
          state = turn.state;
          return turn.result;
        }, signal);
      }),
    get context() {
      return state.images.map(({ plan }) => plan);
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await queue.free(async () => {
        await state.tail?.sequence.dispose();
        state = NEW_CONVERSATION;
      });
    },
  };
}
