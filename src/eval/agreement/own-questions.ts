/** @file The user's own questions about their own pictures. */
import { FormatError, refusalFor, shape } from "../../core/index.js";
import type { AskedTask } from "../run/answer-samples.js";
import { AGREEMENT_RULE, type RunRequest } from "../run/run-folder.js";
import type { Sample } from "../task.js";

/** A question about one picture, or, without `image`, about each of them. */
export interface OwnQuestion {
  /** Path below the pictures' folder. */
  readonly image?: string;
  readonly question: string;
}

const refuse = refusalFor("eval");
const refuseFormat = refusalFor("eval", FormatError);

const phrase = shape.value<string>("a text", (value) => typeof value === "string" && value.trim() !== "");
const row = shape.object({
  image: shape.optional(shape.text),
  question: shape.optional(phrase),
  text: shape.optional(phrase),
});

/**
 * Reads questions from JSON lines or from plain text. JSON: `question` (or `text`) and `image`, a path below the pictures' folder.
 * Text: each line is a question about every picture.
 *
 * @throws FormatError naming the line; InvalidInputError for a file without questions.
 */
export function parseQuestions(text: string, file: string): OwnQuestion[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ text: line.trim(), number: i + 1 }));
  const asked = lines.filter((line) => line.text !== "");
  if (asked.length === 0) throw refuse(`questions in ${file}`, "none");
  const isJson = asked[0].text.startsWith("{");
  return asked.map((line) => (isJson ? parseRow(line.text, file, line.number) : { question: line.text }));
}

function parseRow(text: string, file: string, line: number): OwnQuestion {
  const expected = `a row with "question" and "image" in line ${line} of ${file}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuseFormat(expected, (cause as Error).message, cause);
  }
  const got = () => refuseFormat(expected, text.slice(0, 80));
  const { image, text: other, question = other } = shape.shaped(value, row, got);
  if (question === undefined) throw got();
  return image === undefined ? { question } : { image, question };
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
    throw refuse(`a picture ${image} in the folder`, "none");
  });
  return asked.map(({ path, question }, docId) => ({
    docId,
    questionId: docId,
    image: { path },
    picture: path,
    prompt: question,
    question,
    relevanceText: question,
    target: "",
    category: "",
    group: String(docId),
  }));
}

/** Own questions as the one task of a run. @param task with the folder of the pictures. */
export function ownTask(task: Omit<AskedTask, "id">): RunRequest["tasks"][number] & AskedTask {
  const facts = { alias: "own questions", rule: AGREEMENT_RULE, headline: "unchanged", maxScore: 1 } as const;
  return { ...facts, id: "own", ...task, problems: [] };
}
