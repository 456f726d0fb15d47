/**
 * Types that callers meet. The compiler checks this file (`npm run check`): a line under `@ts-expect-error` must not compile, all else
 * must. What runs is next to nothing.
 */
import type * as host from "@huggingface/transformers";
import { expect, it } from "vitest";
import type {
  AbortSignalLike,
  AskOptions,
  Generation,
  ImageInput,
  ImagePixels,
  Vlm,
} from "../../src/vlm/transformers/node/index.js";

/** Names of recoup's own, that are options of `generate` beside the configuration. */
type Hooks = "logits_processor" | "stopping_criteria";
type HostConfig = host.GenerationConfig;
type Mutable<T> = T extends readonly (infer I)[] ? Mutable<I>[] : T;
type Settings = Omit<Generation, Hooks>;
/** `true`, or the names that the library does not have, or has with another type. */
type Strangers = {
  [N in keyof Settings]-?: N extends keyof HostConfig
    ? Mutable<NonNullable<Settings[N]>> extends HostConfig[N]
      ? never
      : N
    : N;
}[keyof Settings];

function images(canvas: HTMLCanvasElement, offscreen: OffscreenCanvas, bitmap: ImageBitmap, data: ImageData): void {
  const raw: host.RawImage = {} as host.RawImage;
  const all: ImageInput[] = [canvas, offscreen, bitmap, data, raw, new File([], "a"), new Blob([]), new URL("a:b")];
  all.push("a.png", new Uint8Array(1), new ArrayBuffer(1), { width: 1, height: 1, data: new Uint8ClampedArray(4) });
  const pixels: ImagePixels = raw;
  all.push(pixels);
  // @ts-expect-error floats
  all.push({ width: 1, height: 1, data: new Float32Array(3) });
  // @ts-expect-error a path as data
  all.push({ width: 1, height: 1, data: "a.png" });
  // @ts-expect-error numbers
  all.push([1, 2, 3]);
  // @ts-expect-error nothing
  all.push(undefined);
}

function generations(processors: host.LogitsProcessorList, criteria: host.StoppingCriteriaList): Generation[] {
  class Own extends ({} as typeof host).StoppingCriteria {}
  const stranger: [Strangers] extends [never] ? true : Strangers = true;
  return [
    { do_sample: stranger, temperature: 0.7, top_k: 40, top_p: 0.9, repetition_penalty: 1.1, eos_token_id: [1, 2] },
    { logits_processor: processors, stopping_criteria: criteria },
    { stopping_criteria: new Own() },
    { stopping_criteria: [new Own()], logits_processor: [(_ids, logits) => logits] },
    { temperature: undefined },
    // @ts-expect-error a typo
    { temprature: 0.7 },
    // @ts-expect-error recoup's own business
    { max_new_tokens: 5 },
    // @ts-expect-error a text
    { temperature: "0.7" },
    // @ts-expect-error no beams
    { num_beams: 4 },
  ];
}

async function asks(vlm: Vlm): Promise<void> {
  const { signal } = new AbortController();
  const own: AbortSignalLike = signal;
  const options: AskOptions = { question: "a", signal: own };
  const { answer }: { answer: string } = await vlm.ask(options);
  for await (const piece of vlm.ask({ question: answer, signal })) piece.trim();
  // @ts-expect-error a typo
  vlm.ask({ question: "a", maxTokens: 5 });
  // @ts-expect-error no image
  vlm.encodeImage(5);
  // @ts-expect-error of ask, not of a turn
  vlm.chat().ask({ question: "a", prompt: "a" });
}

it("is checked by the compiler", () => {
  expect([images, generations, asks].every((each) => typeof each === "function")).toBe(true);
});
