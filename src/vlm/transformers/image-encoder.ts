/** @file How a family's pictures are seen: what `ask` and `chat` need of a vision side, whatever it is made of. */
import type { TokenGrid, TokenTableColumns, VisualTokens } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { StageClock } from "../stages.js";

/** One picture, seen. */
export interface Sight {
  /** Source tokens, what `project` takes, `[N, C]`. */
  readonly features: Matrix;
  /** Where they lie; undefined where that is not known. */
  readonly grids?: readonly TokenGrid[];
  /** What stands in the prompt for the picture where that is more than N placeholders: marks between tiles. */
  readonly text?: string;
  /** The family's own signals; undefined where no method asks for any. */
  readonly signals?: unknown;
}

export interface ImageEncoder {
  /** One pass over a picture. @param signals whether a method reads any. */
  see(image: unknown, signals: boolean, clock: StageClock): Promise<Sight>;
  /** The columns of a table that the question and the family's signals give. */
  columns(sight: Sight, question: string, clock: StageClock): Promise<Partial<TokenTableColumns>>;
  /** Rows [K, C] to the language model's width, `[K, D]`. */
  project(rows: VisualTokens<Float32Array>): Promise<VisualTokens<Float32Array>>;
  release(): Promise<void>;
}
