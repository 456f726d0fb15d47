import { type Family, textFields } from "./family.js";

/** Gemma 3: SigLIP's features, a token before the image and one after it. */
export const gemma3: Family = {
  type: "gemma3",
  path: () => "features",
  // The default of transformers' Gemma3TextConfig (5.23), which published files leave out.
  maxPositions: 131072,
  firstPosition: 1,
  markup(processor) {
    const found = textFields(processor, ["image_token", "boi_token", "eoi_token"]);
    if (found === undefined) return undefined;
    const [image, before, after] = found;
    return { imageText: before, write: ({ each }) => `\n\n${before}${image.repeat(each)}${after}\n\n` };
  },
};
