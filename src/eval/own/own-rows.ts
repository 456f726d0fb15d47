/** @file Rows of a user's own questions, in whichever form the file has: JSON, tables, plain lines. */
import { didYouMean, shape as is, nearestName, refusalFor } from "../../core/index.js";
import { jsonItems } from "../tasks/json-items.js";
import { type FileRow, parseJsonLines } from "../tasks/json-lines.js";
import { fileError, type ProblemLog } from "../tasks/problem-log.js";
import { type DelimitedRow, delimitedRows, type Separator } from "./delimited.js";

/** A row's fields, whatever the form of the file. Texts are trimmed, their lines end in LF, and empty ones are not there, but for options. */
export interface OwnFields {
  readonly image?: string;
  readonly question: string;
  readonly answers?: readonly string[];
  /** A number stands in JSON alone, and never beside options that are numbers too: it is an index, and no option's text. */
  readonly answer?: string | number;
  /** Empty ones keep their places: letters and indices count them. */
  readonly options?: readonly string[];
  readonly group?: string;
  readonly id?: string | number;
}

/** A row and its place in the file. */
export type OwnRow = FileRow<OwnFields>;

/** Endings of files of questions. */
export const QUESTION_ENDINGS = [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt"] as const;

/** Rows of a file at most: VQAv2, the largest set of questions in use, has 214,354 of val. */
export const MAX_ROWS = 250_000;

/** Columns of a table at most: a file with more is no table of questions. */
const MAX_COLUMNS = 1000;

const NAMES = ["image", "question", "answers", "answer", "options", "group", "id"] as const;
type Name = (typeof NAMES)[number];

/** What a file is, and where what is wrong with it goes. */
export interface OwnFile {
  /** Name for messages; its ending says the form. */
  readonly file: string;
  readonly problems: ProblemLog;
}

/**
 * Rows by the ending of the file's name. `.csv` and `.tsv` have a head; `.jsonl`, `.ndjson` and `.json` hold an object per line, or a list of
 * objects; a line of `.txt` is a question. Rows that cannot be read are problems.
 *
 * @throws InvalidInputError for another ending, a head without `question`, one broken as a whole, no rows, or more than `MAX_ROWS`.
 */
export function* ownRows(text: string, from: OwnFile): Generator<OwnRow> {
  let count = 0;
  for (const row of readers(text.replace(/^\ufeff/, ""), from)) {
    if (++count > MAX_ROWS) throw refusalFor("eval")(`at most ${MAX_ROWS} rows in ${from.file}`, "more");
    yield row;
  }
}

const OBJECTS = "JSON objects, one a line or in a list";

function readers(text: string, from: OwnFile): Iterable<OwnRow> {
  const ending = QUESTION_ENDINGS.find((known) => from.file.toLowerCase().endsWith(known));
  const isJson = ["{", "["].includes(text.trimStart()[0]);
  if (ending === ".csv") return tableRows(text, ",", from);
  if (ending === ".tsv") return tableRows(text, "\t", from);
  if (ending === ".txt") return text.trimStart().startsWith("{") ? jsonRows(text, from) : lineRows(text, from);
  if (ending !== undefined && !isJson && text.trim() !== "")
    throw fileError(from.file, OBJECTS, is.brief(text.trimStart().slice(0, 40)));
  if (ending !== undefined) return jsonRows(text, from);
  throw refusalFor("eval")(`questions in a file that ends in ${QUESTION_ENDINGS.join(", ")}`, from.file);
}

/** A question per line. */
function* lineRows(text: string, { file, problems }: OwnFile): Generator<OwnRow> {
  let place = 0;
  for (const [i, content] of text.split(/\r\n|\n|\r/).entries()) {
    const [question, line] = [content.trim(), i + 1];
    if (question === "") continue;
    yield { place, line, value: { question }, report: (what) => problems.report({ file, line, what }) };
    place++;
  }
}

const cell = is.either(is.text, is.number);
type Cell = is.TypeOf<typeof cell>;
const maybe = <T>(shape: is.Shape<T>) => is.optional(is.either(shape, is.oneOf(null)));
const cells = maybe(is.either(cell, is.list(cell)));
const ROW = is.object({
  image: maybe(is.text),
  question: maybe(is.text),
  text: maybe(is.text),
  answers: cells,
  answer: maybe(cell),
  options: maybe(is.list(cell)),
  group: maybe(cell),
  id: maybe(is.id),
});

/** Names in lower case, as heads of tables have them; of two alike the last. */
function loweredNames(row: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A row whose names are in any case. */
const ANY_CASE_ROW: is.Shape<object> = {
  mismatch: (value) => ROW.mismatch(is.fits(value, is.record(is.anything)) ? loweredNames(value) : value),
};

/** `text` stands for `question`, as in the files of LLaVA. */
function* jsonRows(text: string, { file, problems }: OwnFile): Generator<OwnRow> {
  const options = { file, problems, shape: ANY_CASE_ROW };
  if (/^\s*\{\s*\n/.test(text)) throw fileError(file, OBJECTS, "one over several lines");
  const found = text.trimStart().startsWith("[") ? jsonItems(text, undefined, options) : parseJsonLines(text, options);
  const typos = typoWatch({ file, problems });
  for (const { value: given, ...row } of found) {
    const value = loweredNames(given) as is.TypeOf<typeof ROW>;
    const names = Object.keys(given).map((name) => name.toLowerCase());
    const again = NAMES.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
    typos(names, row.line);
    const question = textOf(value.question ?? value.text);
    const { answer } = value;
    if (again !== undefined || question === undefined) {
      row.report(again === undefined ? "no question" : `${again} twice, in different cases`);
      continue;
    }
    const fields = {
      image: textOf(value.image),
      question,
      answers: listOf(value.answers),
      answer: typeof answer === "number" && !isOfNumbers(value.options) ? answer : textOf(answer),
      options: optionList(value.options),
      group: textOf(value.group),
      id: typeof value.id === "number" ? value.id : textOf(value.id),
    };
    yield { ...row, value: fields };
  }
}

function textOf(value: Cell | null | undefined): string | undefined {
  const text = String(value ?? "").replaceAll(/\r\n?/g, "\n");
  return text.trim() || undefined;
}

/** Texts that are not empty; undefined for none. */
function listOf(value: Cell | null | undefined | readonly Cell[]): string[] | undefined {
  const items = Array.isArray(value) ? (value as readonly Cell[]) : [value as Cell | null | undefined];
  const texts = items.map(textOf).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts;
}

/** Texts at their places; undefined for no list, or one without items. */
function optionList(items: readonly Cell[] | null | undefined): string[] | undefined {
  return items?.length ? items.map((item) => textOf(item) ?? "") : undefined;
}

/** Whether an answer that is a number could be the text of one of them. */
function isOfNumbers(options: readonly Cell[] | null | undefined): boolean {
  return options?.some((option) => typeof option === "number") ?? false;
}

function* tableRows(text: string, separator: Separator, { file, problems }: OwnFile): Generator<OwnRow> {
  const table = delimitedRows(text, separator, file);
  const head = table.next();
  if (head.done) throw refusalFor("eval")(`questions in ${file}`, "an empty file");
  const columns = columnsOf(head.value, separator, file);
  typoWatch({ file, problems })(columns, head.value.line);
  let place = 0;
  for (const { line, cells: given, problem } of table) {
    const report = (what: string) => problems.report({ file, line, what });
    const lists: Record<"answers" | "options", string[] | string | undefined> = { answers: [], options: [] };
    const at = (name: Name) => textOf(given[columns.indexOf(name)]);
    const question = at("question");
    lists.answers = cellList(at("answers"), listOf);
    // Bars at the end are a spreadsheet's padding, and move no letter.
    lists.options = cellList(at("options")?.replace(/(?<=[^|\s])[|\s]+$/, ""), optionList);
    const broken = Object.entries(lists).find(([, list]) => typeof list === "string");
    const count = `${given.length} fields, where the head has ${columns.length}`;
    if (problem !== undefined) report(problem);
    else if (given.length !== columns.length) report(count);
    else if (question === undefined) report("no question");
    else if (broken !== undefined) report(`${broken[0]}: ${broken[1]}`);
    else {
      const fields = { image: at("image"), question, answer: at("answer"), group: at("group"), id: at("id") };
      yield { place, line, report, value: { ...fields, ...(lists as Pick<OwnFields, "answers" | "options">) } };
    }
    place++;
  }
}

/** Names of the columns, in lower case. */
function columnsOf({ cells: given, problem }: DelimitedRow, separator: Separator, file: string): string[] {
  if (problem !== undefined) throw fileError(file, "a head", problem);
  if (given.length > MAX_COLUMNS) throw fileError(file, `at most ${MAX_COLUMNS} columns`, String(given.length));
  const names = given.map((name) => name.trim().toLowerCase());
  const again = names.find((name, i) => name !== "" && names.indexOf(name) < i);
  if (again !== undefined) throw fileError(file, `one column ${is.brief(again)}`, "two of that name");
  if (names.includes("question")) return names;
  const other = [";", "\t", ","].find((mark) => mark !== separator && names.length === 1 && names[0].includes(mark));
  const name = { ";": "semicolons", "\t": "tabs", ",": "commas" }[other ?? ""];
  const near = names.find((column) => nearestName(column, ["question"]) !== undefined);
  const hint = didYouMean(near && `question by ${is.brief(near)}`);
  const got = name === undefined ? `${names.map(is.brief).join(", ")}${hint}` : `one with ${name} between its columns`;
  const wanted = `a head with the column "question" and ${separator === "," ? "commas" : "tabs"} between columns`;
  throw fileError(file, wanted, got.length > 300 ? `${got.slice(0, 299)}…` : got);
}

type ListReader = (items: readonly Cell[]) => string[] | undefined;

/** A cell's texts: a JSON list, or texts between bars. A text says what is wrong; undefined for none. */
function cellList(text: string | undefined, read: ListReader): string[] | string | undefined {
  if (!text?.startsWith("[")) return text && read(text.split("|"));
  const refuse = (expected: string, got: string) => new SyntaxError(`expected ${expected}, got ${got}`);
  try {
    return read(is.parsed(text, is.list(cell), refuse));
  } catch (error) {
    return `what begins with [ is a JSON list: ${(error as Error).message}`;
  }
}

/** Notes a name that is not read and looks like one that is: once each. A name that is there cannot be meant by another. */
function typoWatch({ file, problems }: OwnFile): (names: readonly string[], line: number) => void {
  const seen = new Set<string>(NAMES);
  return (names, line) => {
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      const near = name.length > 3 ? nearestName(name, NAMES) : undefined;
      if (near === undefined || names.includes(near)) continue;
      problems.report({ file, line, what: `${is.brief(name)} is not read${didYouMean(near)}` });
    }
  };
}
