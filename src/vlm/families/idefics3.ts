import { type Family, type ImageMarkup, type ProcessorFields, textFields } from "./family.js";

/** Idefics3: an image is cut into tiles, each marked by row and column, the whole image last. */
export const idefics3: Family = { type: "idefics3", path: () => "features", markup: tileMarkup };

/** SmolVLM and SmolVLM2: Idefics3's layout under a name of its own. */
export const smolvlm: Family = { ...idefics3, type: "smolvlm" };

function tileMarkup(processor: ProcessorFields): ImageMarkup | undefined {
  const found = textFields(processor, ["image_token", "fake_image_token", "global_img_token"]);
  if (found === undefined) return undefined;
  const [image, around, global] = found;
  return {
    write({ each, tiles: [rows, columns] }) {
      const placeholders = image.repeat(each);
      const whole = `${around}${global}${placeholders}${around}`;
      if (rows === 0 && columns === 0) return whole;
      const tile = (row: number, column: number) => `${around}<row_${row + 1}_col_${column + 1}>${placeholders}`;
      const lines = Array.from({ length: rows }, (_, row) => [
        ...Array.from({ length: columns }, (_, column) => tile(row, column)),
        "\n",
      ]);
      return `${lines.flat().join("")}\n${whole}`;
    },
  };
}
