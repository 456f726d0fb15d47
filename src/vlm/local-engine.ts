/** @file An engine whose parts run in this process: asks wait for each other, since runs of one session must not overlap. */
import { answerStream } from "./answer-stream.js";
import { startChat } from "./chat.js";
import type { Engine } from "./engine.js";
import { isUnread, type ReadImage, takeImage } from "./image-input.js";
import type { ModelParts } from "./model-parts.js";
import { answerTurn, encodeImage, readImage, readRequest } from "./pipeline.js";
import { checkedEncodeOptions, checkedRequest, type ReadRequest, takenOptions } from "./request.js";
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
      positions: decoder.untold.positions === undefined ? ["compact", "original"] : ["compact"],
      mass: decoder.untold.mass === undefined,
      untold: decoder.untold,
      recovery: ["append", "reprefill", "none"],
    },
    imageText: prompts.imageText,
    async encodeImage(image, options = {}) {
      const taken = takeImage(image);
      const { signals = true, signal } = checkedEncodeOptions(options);
      const clock = new StageClock();
      const prepare = () => clock.time("decodeImage", () => readImage(model, taken, signal));
      const work = (read: ReadImage) => encodeImage(model, read, signals, clock, signal);
      return queue.run(work, signal, { reads: isUnread(taken), prepare });
    },
    ask: (options) =>
      answerStream(async (emit) => {
        const request = checkedRequest(model, takenOptions(options, false));
        const work = async (read: ReadRequest) => {
          const { result, state } = await answerTurn(model, read, emit);
          await state.tail?.sequence.dispose();
          const { turn: _, recovered: __, ...answer } = result;
          return answer;
        };
        const reads = request.images.some(isUnread);
        return queue.run(work, request.signal, { reads, prepare: () => readRequest(model, request) });
      }),
    chat: (options = {}) => startChat(model, options, queue),
    dispose: () => queue.dispose(),
  };
}
