import { refusalFor } from "../../core/index.js";
import { type Family, type ImageMarkup, type ProcessorFields, textFields } from "./family.js";

/** Mistral 3: Pixtral's features; each line of the image ends with a token, the last one with another. */
export const mistral3: Family = { type: "mistral3", path: () => "features", markup: lineMarkup };

/** Pixtral's markup. */
export function lineMarkup({ config }: ProcessorFields): ImageMarkup | undefined {
  const names = ["image_token", "image_break_token", "image_end_token"];
  const found = textFields((config ?? {}) as ProcessorFields, names);
  if (found === undefined) return undefined;
  const [image, between, end] = found;
  return {
    write({ each, grid }) {
      if (grid === undefined) {
        const expected = "visual tokens in lines and columns of the image's proportions";
        throw refusalFor("ask")(expected, `${each} of them`);
      }
      return Array(grid.rows).fill(image.repeat(grid.columns)).join(between) + end;
    },
  };
}
