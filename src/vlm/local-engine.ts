/** @file An engine whose parts run in this process: asks wait for each other, since runs of one session must not overlap. */
import { answerStream } from "./answer-stream.js";
import { startChat } from "./chat.js";
import { assertImage } from "./encoded-image.js";
import type { Engine } from "./engine.js";
import type { ModelParts } from "./model-parts.js";
import { answerTurn, encodeImage } from "./pipeline.js";
import { checkedEncodeOptions, checkedRequest } from "./request.js";
import { StageClock } from "./stages.js";
import { WorkQueue } from "./work-queue.js";

/** An engine of loaded parts; its asks wait for each other. */
export function localEngine(model: ModelParts): Engine {
  const { name, manifest, encoder, prompts, decoder } = model;
  const queue = new WorkQueue(async () => {
    await Promise.all([encoder.release(), decoder.release()]);
  });
  return {
    name,
    manifest,
    capabilities: {
      positions: decoder.takesPositions ? ["compact", "original"] : ["compact"],
      recovery: ["append", "reprefill", "none"],
    },
    imageText: prompts.imageText,
    async encodeImage(image, options = {}) {
      assertImage(image);
      const { signals = true, signal } = checkedEncodeOptions(options);
      return queue.run(() => encodeImage(model, image, signals, new StageClock(), signal), signal);
    },
    ask: (options) =>
      answerStream(async (emit) => {
        const request = checkedRequest(model, options);
        return queue.run(async () => {
          const { result, state } = await answerTurn(model, request, emit);
          await state.tail?.sequence.dispose();
          const { turn: _, recovered: __, ...answer } = result;
          return answer;
        }, request.signal);
      }),
    chat: (options = {}) => startChat(model, options, queue),
    dispose: () => queue.dispose(),
  };
}
