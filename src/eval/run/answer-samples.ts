/** @file Asks every sample in every setting. Each picture goes through the tower once. */

import { CONVERSATIONS, type Conversation, vicunaPrompt } from "../../benchmarks/index.js";
import { groupBy, messageOf, refusalFor, shape } from "../../core/index.js";
import type { AskResult, Compression, EncodedImage, RgbImage, Vlm } from "../../vlm/index.js";
import type { Sample, Task } from "../task.js";
import { type Answer, type AnswerRecord, keyText } from "./answer-record.js";
import { type TextTimes, textTime, timesAlone } from "./answer-times.js";
import { cornerMethod, cornerPicture } from "./downsample.js";
import { type WholeShares, wholeShares } from "./first-token.js";
import { cellBits, separateRows } from "./own-cells.js";
import { type OwnHopes, ownHopes } from "./own-hopes.js";
import { ownRowsOf, patchesOf } from "./region-recall.js";
import {
  type ModuleMethod,
  methodBudget,
  methodOf,
  REFERENCE,
  type Setting,
  settingShape,
  signalsOf,
} from "./settings.js";
import { withoutRoles } from "./without-roles.js";

/** A task, as far as asking goes. */
export type AskedTask = Pick<Task, "id" | "folder" | "maxNewTokens" | "samples">;

/** A model, what to ask it, and how to read and shrink pictures. */
export interface AnswerOptions {
  readonly vlm: Pick<Vlm, "ask" | "encodeImage" | "manifest" | "imageText">;
  readonly tasks: readonly AskedTask[];
  readonly settings: readonly Setting[];
  /** Methods of settings that are no part of recoup. */
  readonly own?: readonly ModuleMethod[];
  /** Answers that there are already, by `keyText`. */
  readonly done?: ReadonlySet<string>;
  /** Pixels of a sample's picture. */
  readonly picture: (task: AskedTask, sample: Sample) => Promise<RgbImage>;
  /** A picture drawn anew at `side` x `side` pixels, padded to a square first as the model's own preprocessing would. */
  readonly shrink: (picture: RgbImage, side: number) => Promise<RgbImage>;
  /** The frame around each question: `vicuna_v1`, LLaVA-1.5's, as its scripts write it. Default: the model's own chat template. */
  readonly conversation?: Conversation;
  /** Whether answers have the KL of their first token to that with all tokens; then `none` must be among the settings. */
  readonly logits?: boolean;
  /** Stops at the first sample that fails. Default: it is recorded as failed. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
}

const callable = shape.value<() => void>("a function", (given) => typeof given === "function");
const OPTIONS = {
  vlm: shape.object({}),
  tasks: shape.list(
    shape.object({
      id: shape.text,
      maxNewTokens: shape.count,
      samples: shape.list(shape.object({ docId: shape.count, question: shape.text, relevanceText: shape.text })),
    }),
  ),
  settings: shape.list(settingShape),
  own: shape.optional(shape.list(shape.object({ method: shape.object({ id: shape.text }) }))),
  done: shape.optional(shape.instance(Set)),
  picture: callable,
  shrink: callable,
  conversation: shape.optional(shape.oneOf(...CONVERSATIONS)),
  logits: shape.optional(shape.flag),
  strict: shape.optional(shape.flag),
  signal: shape.optional(shape.value<AbortSignal>("an AbortSignal", (given) => given instanceof AbortSignal)),
};

/**
 * Yields each answer as it is there: task by task, picture by picture, sample by sample, setting by setting. The same options give the
 * same answers in the same order, whatever is done already.
 *
 * @throws the first failure if `strict`; the signal's reason when it is aborted.
 */
export async function* answerSamples(options: AnswerOptions): AsyncGenerator<AnswerRecord> {
  shape.options(options, OPTIONS, refusalFor("answerSamples"));
  const { tasks, settings, logits, done = new Set() } = options;
  const whole = settings.find(({ id }) => id === REFERENCE);
  if (logits && whole === undefined) throw refusalFor("answerSamples")(`the setting ${REFERENCE} with logits`, "none");
  const texts: TextTimes = new Map();
  const hopes = ownHopes(options);
  for (const task of tasks) {
    const open = ({ docId: doc }: Sample) =>
      settings.filter(({ id: setting }) => !done.has(keyText({ task: task.id, doc, setting })));
    // Samples of one picture together, in the order of the first of each.
    for (const samples of groupBy(task.samples, ({ picture, docId }) => picture ?? docId).values()) {
      const pictures = pictureOnce(options, task, samples[0]);
      for (const sample of samples) {
        const asked = { task, sample, pictures, texts, hopes };
        const again = () => askAgain(options, asked, whole as Setting);
        yield* answerSample(options, { ...asked, ...(logits && { whole: wholeShares(again) }) }, open(sample));
      }
    }
  }
}

interface Asked {
  readonly task: AskedTask;
  readonly sample: Sample;
  readonly pictures: PictureOnce;
  readonly texts: TextTimes;
  readonly hopes: OwnHopes;
  /** Where the KL of first tokens is wanted: that with all tokens. */
  readonly whole?: WholeShares;
}

async function* answerSample(
  options: AnswerOptions,
  asked: Asked,
  settings: readonly Setting[],
): AsyncGenerator<AnswerRecord> {
  const { task, sample } = asked;
  // Without a picture all settings are the same question.
  let same: Answer | undefined;
  for (const setting of settings) {
    options.signal?.throwIfAborted();
    const lost = asked.hopes.lost(setting.id);
    const given = same ?? (lost === undefined ? await answerOrError(options, asked, setting) : { error: lost });
    if (setting.id === REFERENCE && "error" in given) asked.whole?.keep(undefined);
    if (sample.image === undefined && !("error" in given)) same = given;
    const record: AnswerRecord = { task: task.id, doc: sample.docId, setting: setting.id, ...given };
    asked.hopes.heard(record);
    yield record;
  }
}

/** Longest reason of a failure that is kept. */
const LONGEST_REASON = 500;

async function answerOrError(
  options: AnswerOptions,
  asked: Asked,
  setting: Setting,
): Promise<Answer | { readonly error: string }> {
  try {
    return await answer(options, asked, setting);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (options.strict) throw error;
    return { error: messageOf(error).slice(0, LONGEST_REASON) };
  }
}

/** An image after its pass, with the times of decoding and the pass. */
interface TimedImage extends Pick<EncodedImage, "timings"> {
  readonly image: EncodedImage;
}

type PictureOnce = ReturnType<typeof pictureOnce>;

/** A picture's passes, each made when it is asked for first. */
function pictureOnce(options: AnswerOptions, task: AskedTask, sample: Sample) {
  const decoded = once(async () => {
    const start = performance.now();
    const pixels = await options.picture(task, sample);
    return { pixels, milliseconds: performance.now() - start };
  });
  const encode = async (side: number | undefined): Promise<TimedImage> => {
    const { pixels, milliseconds } = await decoded();
    const start = performance.now();
    const drawn = side === undefined ? pixels : await cornerOf(options, pixels, side);
    const decodeImage = milliseconds + performance.now() - start;
    const image = await options.vlm.encodeImage(drawn, { signal: options.signal });
    return { image, timings: { ...image.timings, decodeImage } };
  };
  const passes = new Map<number | undefined, Promise<TimedImage>>();
  return {
    /** The picture after its pass: whole, or a smaller one of `side` patches a side. */
    encoded(side: number | undefined): Promise<TimedImage> {
      const made = passes.get(side) ?? encode(side);
      passes.set(side, made);
      return made;
    },
    pixels: async () => (await decoded()).pixels,
  };
}

async function cornerOf({ vlm, shrink }: AnswerOptions, pixels: RgbImage, side: number): Promise<RgbImage> {
  const { grid, imageSize, family } = vlm.manifest;
  if (grid === undefined || imageSize === undefined) throw refusalFor("eval")("a model with one grid", family);
  return cornerPicture(await shrink(pixels, (side * imageSize) / grid[1]), side, grid[1]);
}

/** Makes a value when it is asked for first, and keeps it. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** All tokens once more, for their logits; undefined where that fails. */
async function askAgain(options: AnswerOptions, asked: Asked, whole: Setting): Promise<AskResult | undefined> {
  try {
    return (await ask(options, asked, whole)).result;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (options.strict) throw error;
    return undefined;
  }
}

async function ask(
  { vlm, own, conversation, logits, signal }: AnswerOptions,
  { task, sample, pictures }: Asked,
  setting: Setting,
) {
  const { question, relevanceText } = sample;
  const { side, method, positions, mass } = setting;
  // All tokens of a smaller picture stay, without gaps.
  const rows = side === undefined ? { positions, mass } : ({ positions: "compact", mass: false } as const);
  const hasImage = sample.image !== undefined && method !== "zero";
  const encoded = hasImage ? await pictures.encoded(side) : undefined;
  const result = await vlm.ask({
    images: encoded === undefined ? [] : [encoded.image],
    question,
    prompt: conversation && vicunaPrompt(question, hasImage ? vlm.imageText : undefined),
    relevanceText,
    compression: compressionOf(setting, own),
    ...rows,
    // Tasks allow up to 2048; the prompt needs room, too.
    maxNewTokens: Math.min(task.maxNewTokens, Math.floor(vlm.manifest.maxPositions / 2)),
    ...(logits && { firstLogits: true }),
    signal,
  }).result;
  return { result, encoded, hasImage };
}

async function answer(options: AnswerOptions, asked: Asked, setting: Setting): Promise<Answer> {
  const { vlm, own } = options;
  const { sample, pictures, texts, whole } = asked;
  const { side } = setting;
  const { relevanceText } = sample;
  const { result, encoded, hasImage } = await ask(options, asked, setting);
  const { answer: text, tokens, roles, told, kvBytes } = result;
  if (setting.id === REFERENCE) whole?.keep(result);
  const [evidence] = result.evidence;
  const kl = await whole?.divergenceOf(result);
  const isWhole = hasImage && side === undefined;
  const region = isWhole ? await regionOf(sample, result, pictures) : undefined;
  const cells = isWhole ? cellsOf(result, vlm) : undefined;
  const readsIt = hasImage && readsText(setting, own);
  const timings = timesAlone(result, encoded, readsIt ? textTime(result, texts, relevanceText) : result.timings.text);
  return {
    text,
    tokens,
    roles,
    ...(region !== undefined && { region }),
    ...(cells !== undefined && { cells }),
    ...(kl !== undefined && { kl }),
    told,
    ...(evidence && { evidence }),
    kvBytes,
    timings,
  };
}

/** A setting as the model's options. */
export function compressionOf(setting: Setting, own?: readonly ModuleMethod[]): Compression {
  const { method: id, options, without, side } = setting;
  if (id === "zero") return { method: "none" };
  if (side !== undefined) return { method: cornerMethod(side) };
  const known = methodOf(id, own);
  const method = without === undefined ? known : withoutRoles(known, without);
  const budget = methodBudget(setting);
  return { method, ...options, ...(budget !== undefined && { budget }) };
}

function readsText({ method, options, side }: Setting, own?: readonly ModuleMethod[]): boolean {
  if (method === "zero" || side !== undefined) return false;
  return [...signalsOf(method, options, own), ...(methodOf(method, own).uses ?? [])].some(
    (signal) => signal === "textSimilarity" || signal === "wordSimilarity",
  );
}

async function regionOf(
  { region }: Sample,
  { plans: [plan], tables: [table] }: AskResult,
  pictures: PictureOnce,
): Promise<Answer["region"]> {
  const [grid, ...more] = table.grids ?? [];
  const boxes = region?.boxes ?? [];
  if (boxes.length === 0 || grid === undefined || more.length > 0) return undefined;
  const patches = patchesOf(boxes, { ...grid, ...(await pictures.pixels()) });
  return { patches: patches.length, kept: ownRowsOf(plan, patches) };
}

/** Where the tokens with rows of their own lie; undefined where none is lost, or the picture is in several grids. */
function cellsOf({ plans: [plan], tables: [table], tokens }: AskResult, { manifest }: AnswerOptions["vlm"]) {
  const [grid, ...more] = table.grids ?? [];
  if (grid === undefined || more.length > 0 || tokens.kept === tokens.source) return undefined;
  const { rows, columns } = grid;
  return { rows, columns, square: manifest.path === "clip", own: cellBits(separateRows(plan), rows * columns) };
}
