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

/** What these files cannot be without. */
const NEEDED: Readonly<Record<string, string>> = { "config.json": "model_type", "tokenizer.json": "model" };

/**
 * A hub may answer with an object that is JSON, but not the file: its own message, which would be kept as the model's.
 *
 * @throws FormatError for a message of an error, and for a file without what it must have.
 */
export function assertModelJson(path: string, json: Json, file: string): void {
  const refuse = refusalFor("loadVlm", FormatError);
  // No file of a model has an entry of this name.
  if (typeof json.error === "string") throw refuse(`the file ${file}`, `a message: ${shape.brief(json.error)}`);
  const needed = NEEDED[path.split("/").at(-1) ?? ""];
  if (needed !== undefined && json[needed] === undefined) throw refuse(`${needed} in ${file}`, "none");
}
