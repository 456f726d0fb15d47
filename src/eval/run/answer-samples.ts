/** @file Asks every sample in every cell. Each picture goes through the tower once. */

import { type Conversation, vicunaPrompt } from "../../benchmarks/index.js";
import { groupBy, InvalidInputError, ROLES, type Role } from "../../core/index.js";
import { findMethod } from "../../methods/index.js";
import type { AskResult, Compression, EncodedImage, RgbImage, StageTimes, Vlm } from "../../vlm/index.js";
import { STAGES } from "../../vlm/index.js";
import type { Sample } from "../task.js";
import { type Cell, signalsOf } from "./cells.js";
import { cornerMethod, cornerPicture } from "./downsample.js";
import { type AnswerRecord, keyText } from "./record.js";
import { type Box, ownRowsOf, patchesOf } from "./region-recall.js";
import { withoutRoles } from "./without-roles.js";

/** A task, as far as asking goes. */
export interface AskedTask {
  readonly id: string;
  readonly maxNewTokens: number;
  readonly samples: readonly Sample[];
}

export interface AnswerOptions {
  readonly vlm: Pick<Vlm, "ask" | "encodeImage" | "manifest" | "imageText">;
  readonly tasks: readonly AskedTask[];
  readonly cells: readonly Cell[];
  /** Answers that there are already, by `keyText`. */
  readonly done?: ReadonlySet<string>;
  /** Pixels of a sample's picture. */
  readonly picture: (task: AskedTask, sample: Sample) => Promise<RgbImage>;
  /** A picture drawn anew at `side` x `side` pixels, padded to a square first as the model's own preprocessing would. */
  readonly shrink: (picture: RgbImage, side: number) => Promise<RgbImage>;
  /** The frame around each question: `vicuna_v1`, LLaVA-1.5's, as its scripts write it. Default: the model's own chat template. */
  readonly conversation?: Conversation;
  /** Stops at the first sample that fails. Default: it is recorded as failed. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Yields each answer as it is there: task by task, picture by picture, sample by sample, cell by cell. The same options give the same
 * answers in the same order, whatever is done already.
 *
 * @throws the first failure if `strict`; the signal's reason when it is aborted.
 */
export async function* answerSamples(options: AnswerOptions): AsyncGenerator<AnswerRecord> {
  const { tasks, cells, done = new Set(), signal } = options;
  const texts: TextTimes = new Map();
  for (const task of tasks) {
    for (const samples of byPicture(task.samples)) {
      const open = (sample: Sample) =>
        cells.filter(({ id }) => !done.has(keyText({ task: task.id, doc: sample.docId, cell: id })));
      if (samples.every((sample) => open(sample).length === 0)) continue;
      const pictures = pictureOnce(options, task, samples[0]);
      for (const sample of samples) {
        let alike: AnswerRecord | undefined;
        for (const cell of open(sample)) {
          signal?.throwIfAborted();
          // Without a picture all cells are the same question.
          const record: AnswerRecord =
            sample.image === undefined && alike !== undefined
              ? { ...alike, cell: cell.id }
              : await answerOne(options, { task, sample, cell, pictures, texts });
          alike = record;
          yield record;
        }
      }
    }
  }
}

/** Milliseconds that a text took on its way through CLIP; the model keeps the vectors of the last ones. */
type TextTimes = Map<string, number>;

/** Samples of one picture together, in the order of the first of each. */
function byPicture(samples: readonly Sample[]): Sample[][] {
  const groups = groupBy(samples, ({ image, docId }) =>
    image === undefined ? `none ${docId}` : "path" in image ? `path ${image.path}` : `base64 ${image.base64}`,
  );
  return [...groups.values()];
}

/** An image after its pass, with the times of decoding and the pass. */
interface TimedImage extends Pick<EncodedImage, "timings"> {
  readonly image: EncodedImage;
}

interface PictureOnce {
  whole(): Promise<TimedImage>;
  /** A smaller picture, of `side` patches a side. */
  corner(side: number): Promise<TimedImage>;
  size(): Promise<{ readonly width: number; readonly height: number }>;
}

/** A picture's passes, each made when it is asked for first. */
function pictureOnce({ vlm, picture, shrink, signal }: AnswerOptions, task: AskedTask, sample: Sample): PictureOnce {
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => (made ??= make());
  };
  const decoded = once(async () => {
    const start = performance.now();
    const pixels = await picture(task, sample);
    return { pixels, timings: performance.now() - start };
  });
  const encode = async (pixels: RgbImage, decodeImage: number): Promise<TimedImage> => {
    const image = await vlm.encodeImage(pixels, { signal });
    return { image, timings: { ...image.timings, decodeImage } };
  };
  const corners = new Map<number, () => Promise<TimedImage>>();
  return {
    whole: once(async () => {
      const { pixels, timings } = await decoded();
      return encode(pixels, timings);
    }),
    corner(side) {
      const known = corners.get(side);
      if (known !== undefined) return known();
      const made = once(async () => {
        const { pixels, timings } = await decoded();
        const { grid, imageSize } = vlm.manifest;
        if (grid === undefined || imageSize === undefined) {
          throw new InvalidInputError({
            operation: "eval",
            expected: "a model with one grid",
            got: vlm.manifest.family,
          });
        }
        const start = performance.now();
        const inner = await shrink(pixels, (side * imageSize) / grid[1]);
        return encode(cornerPicture(inner, side, grid[1]), timings + performance.now() - start);
      });
      corners.set(side, made);
      return made();
    },
    size: async () => (await decoded()).pixels,
  };
}

interface Asked {
  readonly task: AskedTask;
  readonly sample: Sample;
  readonly cell: Cell;
  readonly pictures: PictureOnce;
  readonly texts: TextTimes;
}

async function answerOne(options: AnswerOptions, asked: Asked): Promise<AnswerRecord> {
  const { task, sample, cell } = asked;
  const key = { task: task.id, doc: sample.docId, cell: cell.id };
  try {
    return { ...key, ...(await ask(options, asked)) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (options.strict) throw error;
    return { ...key, error: (error as Error).message.slice(0, 500), ...NOTHING };
  }
}

const NO_TIMES = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<keyof StageTimes, number>;
const NO_ROLES = Object.fromEntries(ROLES.map((role) => [role, 0])) as Record<Role, number>;

/** What a failed sample used. */
const NOTHING: Omit<AnswerRecord, "task" | "doc" | "cell"> = {
  tokens: { source: 0, kept: 0, prompt: 0 },
  roles: NO_ROLES,
  kvBytes: { full: 0, kept: 0 },
  timings: { ...NO_TIMES, firstToken: 0, total: 0 },
};

async function ask(
  { vlm, conversation, signal }: AnswerOptions,
  { task, sample, cell, pictures, texts }: Asked,
): Promise<Omit<AnswerRecord, "task" | "doc" | "cell">> {
  const { question, relevanceText } = sample;
  const side = Math.sqrt(cell.budget as number);
  const isSmaller = cell.method === "downsample";
  const seen =
    sample.image === undefined || cell.method === "zero"
      ? undefined
      : await (isSmaller ? pictures.corner(side) : pictures.whole());
  const images = seen === undefined ? [] : [seen.image];
  const compression = isSmaller ? { method: cornerMethod(side) } : compressionOf(cell);
  // Tasks allow up to 2048; the prompt needs room, too.
  const maxNewTokens = Math.min(task.maxNewTokens, Math.floor(vlm.manifest.maxPositions / 2));
  const prompt =
    conversation === undefined
      ? {}
      : { prompt: vicunaPrompt(question, seen !== undefined).replace("<image>", vlm.imageText) };
  const result = await vlm.ask({ images, question, ...prompt, relevanceText, compression, maxNewTokens, signal })
    .result;
  const { answer: text, tokens, roles, kvBytes } = result;
  const counted = seen !== undefined && !isSmaller ? await region(sample, result, pictures) : undefined;
  const timings = timesAlone(result, {
    seen,
    texts,
    relevanceText: readsText(cell) && seen !== undefined ? relevanceText : undefined,
  });
  return { text, tokens, roles, ...(counted !== undefined && { region: counted }), kvBytes, timings };
}

/** A cell as the model's options. */
export function compressionOf({ method: id, budget, options, without }: Cell): Compression {
  if (id === "zero") return { method: "none" };
  const method = without === undefined ? id : withoutRoles(findMethod(id), without);
  return { method, ...options, ...(typeof budget === "number" && { budget: { retain: budget } }) };
}

function readsText({ method, options }: Cell): boolean {
  if (method === "zero" || method === "downsample") return false;
  return signalsOf(method, options).some((signal) => signal === "textSimilarity" || signal === "wordSimilarity");
}

async function region(
  { region: asked }: Sample,
  { plans: [plan], tables: [table] }: AskResult,
  pictures: PictureOnce,
): Promise<AnswerRecord["region"]> {
  const [grid, ...more] = table.grids ?? [];
  const boxes: readonly Box[] = asked?.boxes ?? [];
  if (boxes.length === 0 || grid === undefined || more.length > 0) return undefined;
  const { rows, columns } = grid;
  const { width, height } = await pictures.size();
  const patches = patchesOf(boxes, { rows, columns, width, height });
  return { patches: patches.length, kept: ownRowsOf(plan, patches) };
}

interface Shared {
  readonly seen?: TimedImage;
  readonly texts: TextTimes;
  /** The text that the method went by. */
  readonly relevanceText?: string;
}

/** Times of an answer with what it shared with others. */
function timesAlone({ timings }: AskResult, { seen, texts, relevanceText }: Shared): AnswerRecord["timings"] {
  let text = timings.text;
  if (relevanceText !== undefined) {
    text = Math.max(text, texts.get(relevanceText) ?? 0);
    texts.set(relevanceText, text);
  }
  const { decodeImage, preprocess, vision } = seen?.timings ?? NO_TIMES;
  const more = decodeImage + preprocess + vision + text - timings.text;
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, timings[stage]])) as Record<keyof StageTimes, number>;
  return {
    ...stages,
    decodeImage,
    preprocess,
    vision,
    text,
    firstToken: timings.firstToken + more,
    total: timings.total + more,
  };
}
