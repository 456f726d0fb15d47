/** @file The user's own questions about their own pictures. */
import { FormatError, InvalidInputError } from "../../core/index.js";
import type { Sample } from "../task.js";

/** A question about one picture, or, without `image`, about each of them. */
export interface OwnQuestion {
  readonly image?: string;
  readonly question: string;
}

/**
 * Reads questions: JSON lines with `question` (or `text`) and `image`, a path below the pictures' folder; or plain text, each line a
 * question about every picture.
 *
 * @throws FormatError naming the line; InvalidInputError for a file without questions.
 */
export function parseQuestions(text: string, file: string): OwnQuestion[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ text: line.trim(), number: i + 1 }));
  const asked = lines.filter((line) => line.text !== "");
  if (asked.length === 0) {
    throw new InvalidInputError({ operation: "loyalty", expected: `questions in ${file}`, got: "none" });
  }
  const isJson = asked[0].text.startsWith("{");
  return asked.map((line) => (isJson ? parseRow(line.text, file, line.number) : { question: line.text }));
}

function parseRow(text: string, file: string, line: number): OwnQuestion {
  const refuse = (got: string) =>
    new FormatError({
      operation: "loyalty",
      expected: `a row with "question" and "image" in line ${line} of ${file}`,
      got,
    });
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(text);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const question = row.question ?? row.text;
  if (typeof question !== "string" || question.trim() === "") throw refuse(text.slice(0, 80));
  if (row.image !== undefined && typeof row.image !== "string") throw refuse(text.slice(0, 80));
  return row.image === undefined ? { question } : { image: row.image as string, question };
}

/**
 * A sample per picture and question.
 *
 * @param images paths below the pictures' folder.
 * @throws InvalidInputError for a question about a picture that is not there.
 */
export function ownSamples(images: readonly string[], questions: readonly OwnQuestion[]): Sample[] {
  const known = new Set(images);
  const asked = questions.flatMap(({ image, question }) => {
    if (image === undefined) return images.map((path) => ({ path, question }));
    if (known.has(image)) return [{ path: image, question }];
    throw new InvalidInputError({ operation: "loyalty", expected: `a picture ${image} in the folder`, got: "none" });
  });
  return asked.map(({ path, question }, docId) => ({
    docId,
    questionId: docId,
    image: { path },
    prompt: question,
    question,
    relevanceText: question,
    target: "",
    category: "",
    group: String(docId),
  }));
}
