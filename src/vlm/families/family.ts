/** @file The shape of a model family: everything that is particular to one, in one place. */
import type { TokenGrid } from "../../core/index.js";

/**
 * How a family's visual tokens are reached. `clip`: a CLIP tower with class token, cut into trunk, tail and projector. `features`: the
 * output of the stock vision encoder, and the language model's token embeddings; no class token, no keys.
 */
export type FamilyPath = "clip" | "features";

/** A family that is supported. */
export interface Family {
  /** `model_type` of config.json. */
  readonly type: string;
  /** The way to its visual tokens, by `vision_config.model_type`. */
  path(tower: unknown): FamilyPath;
  /** Chat template of a family whose folders have none. */
  readonly template?: string;
  /** Positions of its language model where config.json says nothing. */
  readonly maxPositions?: number;
  /** Position of a prompt's first token. Default: 0. */
  readonly firstPosition?: 1;
  /** Whether all of a prompt attends to all of it, so that it has to go in at once. */
  readonly prefix?: true;
  /** The markup that its processor writes around placeholders; undefined for a processor that writes placeholders only. */
  markup?(processor: ProcessorFields): ImageMarkup | undefined;
}

/** Fields of a processor of transformers.js (4.3.1). */
export type ProcessorFields = Readonly<Record<string, unknown>>;

/** How the placeholders of one image lie. */
export interface ImageLayout {
  /** Placeholders of one tile; of the image, where it is not split. */
  readonly each: number;
  /** Rows and columns of tiles; 0 and 0 where the image is not split. */
  readonly tiles: readonly [rows: number, columns: number];
  /** Where the first tile's tokens lie, where that is known. */
  readonly grid?: TokenGrid;
}

/** Tokens that a family writes around the placeholders of an image. */
export interface ImageMarkup {
  /** The text by which the family's chat templates call an image, where that is not the placeholder. */
  readonly imageText?: string;
  /** The text of an image in a prompt, as the family's processor writes it. */
  write(layout: ImageLayout): string;
}

/** The named fields, if all of them are texts. */
export function textFields(fields: ProcessorFields, names: readonly string[]): string[] | undefined {
  const values = names.map((name) => fields[name]);
  return values.every((value) => typeof value === "string") ? (values as string[]) : undefined;
}
