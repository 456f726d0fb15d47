/** @file The texts of a model's folder, JSON and templates: bounded, since whoever made the folder may be a stranger. */
import { FormatError, refusalFor, shape } from "../../core/index.js";

/** Most bytes of a tokenizer.json: Gemma 3's, of 262,144 words, has 33 MB. */
const MAX_TOKENIZER = 2 ** 26;
/** Most bytes of any other: a tokenizer_config.json with thousands of added tokens has 1 MB. */
const MAX_TEXT = 2 ** 23;

/** Most bytes of a text in a model's folder. */
export function maxTextLength(path: string): number {
  return path.endsWith("tokenizer.json") ? MAX_TOKENIZER : MAX_TEXT;
}

/** An object of JSON. @param file names it in errors. */
export type Json = Readonly<Record<string, unknown>>;

/** The object in a JSON file. @throws FormatError for anything else. */
export function jsonObject(text: string, file: string): Json {
  const refuse = refusalFor("loadVlm", FormatError);
  return shape.parsed(text.replace(/^\uFEFF/, ""), shape.record(shape.anything), (expected, got, cause) =>
    refuse(`${expected} in ${file}`, got, cause),
  );
}
