/** @file Images after a model's vision pass, ready for any number of questions. */
import {
  createTokenTable,
  type RgbImage,
  refusalFor,
  shape,
  type TokenGrid,
  type TokenTable,
  type TokenTableColumns,
  type VisualTokens,
} from "../core/index.js";
import type { Matrix } from "../math/index.js";
import { StageClock, type StageTimes } from "./stages.js";
import { disposedError } from "./work-queue.js";

/**
 * An image after its vision pass: `encodeImage` makes one, and any number of asks and chats of the same model take it without another
 * pass. Plain memory, freed when nothing holds it. `table` and `project` run the model: not while it answers.
 */
export interface EncodedImage {
  /** Name of the model that encoded it. Only the engine that made it takes it, not another load of the same model. */
  readonly model: string;
  /** Source tokens before the projector, `[N, C]`. */
  readonly features: Matrix;
  /** The text of the image in a prompt where that is more than N placeholders: with tokens around tiles or lines. */
  readonly markup?: string;
  /** Milliseconds of decoding, preprocessing and the tower. Asks about it count none of this. */
  readonly timings: StageTimes;
  /** The signals for a text; without one, features and grids only. @throws InvalidInputError once the model is disposed of. */
  table(relevanceText: string | undefined, clock?: StageClock): Promise<TokenTable>;
  /** Rows [K, C] to the language model's width, `[K, D]`. @throws InvalidInputError once the model is disposed of. */
  project(rows: VisualTokens<Float32Array>): Promise<VisualTokens<Float32Array>>;
}

/** A family's tower. */
export interface VisionTower {
  /** One pass over an image. @param signals whether a method reads any. */
  encode(image: RgbImage, signals: boolean, clock: StageClock): Promise<TowerOutput>;
  release(): Promise<void>;
}

/** The output of one pass. */
export interface TowerOutput extends Pick<EncodedImage, "features" | "markup" | "project"> {
  /** Where the source tokens lie; undefined where that is not known. */
  readonly grids?: readonly TokenGrid[];
  /** The columns of a table that a text and the tower's signals give; none where the pass left the signals out. */
  columns(relevanceText: string, clock: StageClock): Promise<Partial<TokenTableColumns>>;
}

/** Encodes images of one model, and knows its own again. */
export class ImageEncoder {
  readonly #own = new WeakSet<object>();
  #released = false;

  constructor(
    /** The model's name. */
    private readonly model: string,
    private readonly tower: VisionTower,
    /** Of its similarities; undefined where nobody has measured it. */
    private readonly textPolarity?: 1 | -1,
  ) {}

  /** One vision pass. @param signals whether a method will read any. */
  async encode(image: RgbImage, signals: boolean, clock: StageClock): Promise<EncodedImage> {
    const { textPolarity } = this;
    const { grids, columns, project, ...output } = await this.tower.encode(image, signals, clock);
    const assertHeld = () => {
      if (this.#released) throw disposedError("encodeImage");
    };
    const encoded: EncodedImage = {
      ...output,
      model: this.model,
      timings: { ...clock.timings },
      async project(rows) {
        assertHeld();
        assertRows(rows, output.features.dim);
        return project(rows);
      },
      async table(relevanceText, clock = new StageClock()) {
        assertHeld();
        shape.shaped({ relevanceText }, RELEVANCE, refuse);
        const signals = relevanceText === undefined ? {} : await columns(relevanceText, clock);
        const { features } = output;
        return clock.time("signals", () => createTokenTable({ features, grids, ...signals, textPolarity }));
      },
    };
    this.#own.add(encoded);
    return encoded;
  }

  /** @throws InvalidInputError for an image that another model, or another load of this one, has encoded. */
  assertOwn(image: EncodedImage): void {
    if (this.#own.has(image)) return;
    const again = image.model === this.model ? ", loaded another time" : "";
    throw refuse(`an image encoded by ${this.model}`, `one encoded by ${image.model}${again}`);
  }

  release(): Promise<void> {
    this.#released = true;
    return this.tower.release();
  }
}

const refuse = refusalFor("ask");

const RELEVANCE = shape.object({ relevanceText: shape.optional(shape.text) });

function assertRows(rows: unknown, dim: number): void {
  const whole = shape.object({ data: shape.instance(Float32Array), count: shape.count, dim: shape.oneOf(dim) });
  const { data, count } = shape.shaped(rows, whole, refuse);
  if (data.length !== count * dim) throw refuse(`${count} rows of width ${dim}`, `${data.length} values`);
}

/** True for an image after its pass, of whatever model. */
export function isEncoded(image: unknown): image is EncodedImage {
  return shape.isRecord(image) && "features" in image && "table" in image && typeof image.model === "string";
}
