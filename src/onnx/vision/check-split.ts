/** @file Checks that the parts of a split do the work of their files. They run once, at load, on one image. */
import { refusalFor } from "../../core/index.js";
import { extract } from "../graph/extract.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel } from "../proto/model.js";
import { sameTower } from "./same-tower.js";
import type { Split } from "./split.js";

/** Values of a tensor, as float32 in models of any precision. */
export interface FloatTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Runs a model once: tensors by the names of its inputs, to tensors by the names of its outputs. */
export type RunModel = (
  model: OnnxModel,
  inputs: Readonly<Record<string, FloatTensor>>,
) => Promise<Readonly<Record<string, FloatTensor>>>;

/** The files of the split, and the means to run them. */
export interface CheckOptions {
  /** The vision encoder's file. */
  readonly vision: OnnxModel;
  /** The CLIP file of the same tower, where the split uses one. */
  readonly clip?: OnnxModel;
  /** One image as the encoder takes it, [1, 3, H, W]. */
  readonly pixels: FloatTensor;
  /** The caller's runtime. */
  readonly run: RunModel;
}

/** The outcome of the checks. */
export interface SplitCheck {
  /** Largest difference of projector(trunk's rows) from the stock output, relative to the largest value. */
  readonly projector: number;
  /** Whether the CLIP file has the encoder's tower: by parameter bytes, or by hidden states where precisions differ. */
  readonly tower: "same" | "different" | "none";
  /** Sentences for the user: parts that are only nearly right. */
  readonly warnings: readonly string[];
}

/** Another layout of the same products moves half-precision results by this much; wrong rows are off by about 1. */
const PROJECTOR_TOLERANCE = 0.05;

/** Hidden states of one tower in 8 bits and in float32 differ by a few percent. Those of two towers differ by about 1. */
const STATES_TOLERANCE = 0.2;

/**
 * The self-checks of a split at load. The projector equals the stock output on the slice, and works on each row alone. The CLIP
 * file is of the same tower. Two passes of the encoder, and one of the CLIP tower where precisions differ.
 *
 * @throws OnnxUnsupportedError for a projector that mixes rows: it cannot be given the kept ones.
 */
export async function checkSplit(split: Split, options: CheckOptions): Promise<SplitCheck> {
  const { vision, clip, pixels, run } = options;
  const { trunk, tail, projector } = split.plan;
  const stock = (await run(vision, { [trunk.input]: pixels }))[projector.output];
  const states = (await run(split.trunk, { [trunk.input]: pixels }))[trunk.states];
  const input = await projectorRows(split, options, states);
  const own = (await run(split.projector, { [projector.input]: input }))[projector.output];
  const off = difference(own, stock);
  await assertRowWise(split, run, input, own);
  const tower =
    clip === undefined || tail.file === "vision" ? "none" : await compareTowers(clip, tail, options, states);
  const warnings: string[] = [];
  if (!(off <= PROJECTOR_TOLERANCE)) {
    warnings.push(`the projector gives rows that differ from the stock output by ${percent(off)}`);
  }
  if (tower === "different") {
    warnings.push(
      "the CLIP file has another tower than the encoder: attention and text similarity are only nearly right",
    );
  }
  return { projector: off, tower, warnings };
}

async function compareTowers(
  clip: OnnxModel,
  tail: Split["plan"]["tail"],
  { vision, pixels, run }: CheckOptions,
  states: FloatTensor,
): Promise<"same" | "different"> {
  const byBytes = await sameTower(vision, clip);
  if (byBytes !== "unknown") return byBytes;
  const image = clip.graph.inputs[0].name;
  const front = extract(clip, { inputs: [image], outputs: [tail.states] });
  const theirs = (await run(front, { [image]: pixels }))[tail.states];
  return difference(theirs, states) <= STATES_TOLERANCE ? "same" : "different";
}

/** Input of the projector: the trunk's rows after the class token, or the encoder's own tensor where it has the last layer. */
async function projectorRows({ plan }: Split, options: CheckOptions, states: FloatTensor): Promise<FloatTensor> {
  const { trunk, projector, tail } = plan;
  if (tail.file === "clip") return projector.drops === 1 ? someRows(states, 1, 1) : states;
  const rest = extract(options.vision, { inputs: [trunk.input], outputs: [projector.input] });
  return (await options.run(rest, { [trunk.input]: options.pixels }))[projector.input];
}

/** @throws OnnxUnsupportedError unless every second row gives every second row of the result. */
async function assertRowWise({ plan, projector }: Split, run: RunModel, rows: FloatTensor, all: FloatTensor) {
  const { input, output } = plan.projector;
  const some = await run(projector, { [input]: someRows(rows, 0, 2) }).catch((cause) => {
    throw mixesRows("one that fails on half of them", cause);
  });
  const off = all.dims.length === 3 ? difference(some[output], someRows(all, 0, 2)) : Number.POSITIVE_INFINITY;
  if (!(off <= PROJECTOR_TOLERANCE)) throw mixesRows("one that mixes rows, such as a pixel shuffle");
}

function mixesRows(got: string, cause?: unknown): OnnxUnsupportedError {
  const expected = "a projector that works on each row alone, so that it can be given the kept ones";
  return refusalFor("checkSplit", OnnxUnsupportedError)(expected, got, cause);
}

/** `[B, L, C]` with every `step`th row of each image, from row `first` on. */
function someRows({ dims: [batch, length, width], data }: FloatTensor, first: number, step: number): FloatTensor {
  const kept = Math.ceil((length - first) / step);
  const out = new Float32Array(batch * kept * width);
  for (let row = 0; row < batch * kept; row++) {
    const from = (Math.floor(row / kept) * length + first + step * (row % kept)) * width;
    out.set(data.subarray(from, from + width), row * width);
  }
  return { dims: [batch, kept, width], data: out };
}

/** Largest difference over the largest value of `b`; infinite where the lengths differ or a value is no finite number. */
function difference(a: FloatTensor, b: FloatTensor): number {
  if (a.data.length !== b.data.length) return Number.POSITIVE_INFINITY;
  let off = 0;
  let largest = 0;
  for (let i = 0; i < b.data.length; i++) {
    const apart = Math.abs(a.data[i] - b.data[i]);
    if (!Number.isFinite(apart)) return Number.POSITIVE_INFINITY;
    off = Math.max(off, apart);
    largest = Math.max(largest, Math.abs(b.data[i]));
  }
  return off === 0 ? 0 : off / largest;
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "their number, or are no finite numbers";
}
