/**
 * @file What stands in a prompt for a picture: a family's processor of transformers.js (4.3.1) writes marks around its placeholders and
 * between them. Each kind is told by the names of the marks that the processor has, and writes what the processor would.
 */
import { InvalidInputError, type TokenGrid } from "../../core/index.js";

/** How the placeholders of one picture lie. */
export interface PictureLayout {
  /** Placeholders of one tile; of the picture, where it is not split. */
  readonly each: number;
  /** Rows and columns of tiles; 0 and 0 where the picture is not split. */
  readonly tiles: readonly [rows: number, columns: number];
  /** Where the first tile's tokens lie, where that is known. */
  readonly grid?: TokenGrid;
}

export interface ImageMarkup {
  /** What the family's chat templates have for a picture, where that is not the placeholder. */
  readonly slot?: string;
  /** What stands in the prompt for a picture. */
  readonly write: (layout: PictureLayout) => string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The marks of a processor; undefined where it writes placeholders only. */
export function pictureMarks(processor: unknown): ImageMarkup | undefined {
  const fields = processor as Fields;
  return tileMarks(fields) ?? frameMarks(fields) ?? lineMarks((fields.config ?? {}) as Fields);
}

/** Idefics3's and SmolVLM's: each tile by row and column, the whole picture last. */
function tileMarks(fields: Fields): ImageMarkup | undefined {
  const found = texts(fields, ["image_token", "fake_image_token", "global_img_token"]);
  if (found === undefined) return undefined;
  const [image, around, global] = found;
  return {
    write({ each, tiles: [rows, columns] }) {
      const placeholders = image.repeat(each);
      const whole = `${around}${global}${placeholders}${around}`;
      if (rows === 0 && columns === 0) return whole;
      const lines = span(rows).map((row) =>
        span(columns)
          .map((column) => `${around}<row_${row + 1}_col_${column + 1}>${placeholders}`)
          .join(""),
      );
      return `${lines.map((line) => `${line}\n`).join("")}\n${whole}`;
    },
  };
}

/** Gemma 3's: one mark before the picture, by which its chat template calls it, and one after it. */
function frameMarks(fields: Fields): ImageMarkup | undefined {
  const found = texts(fields, ["image_token", "boi_token", "eoi_token"]);
  if (found === undefined) return undefined;
  const [image, before, after] = found;
  return { slot: before, write: ({ each }) => `\n\n${before}${image.repeat(each)}${after}\n\n` };
}

/** Pixtral's, which Mistral 3 has: each line of the picture ends with a mark, the last one with another. */
function lineMarks(config: Fields): ImageMarkup | undefined {
  const found = texts(config, ["image_token", "image_break_token", "image_end_token"]);
  if (found === undefined) return undefined;
  const [image, between, end] = found;
  return {
    write({ each, grid }) {
      if (grid === undefined) {
        const expected = "visual tokens in lines and columns of the picture's proportions";
        throw new InvalidInputError({ operation: "ask", expected, got: `${each} of them` });
      }
      return Array(grid.rows).fill(image.repeat(grid.columns)).join(between) + end;
    },
  };
}

function texts(fields: Fields, names: readonly string[]): string[] | undefined {
  const values = names.map((name) => fields[name]);
  return values.every((value) => typeof value === "string") ? (values as string[]) : undefined;
}

function span(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
