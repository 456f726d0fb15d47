/**
 * @file MMBench (arXiv 2307.06281), English development set: a table with the pictures in it, and every question in rotations of its
 * options. LLaVA has no scorer of its own; under its rule letters are found as VLMEvalKit finds them without a judge.
 */
import { groupBy } from "../../core/index.js";
import { ROTATION } from "../metrics/mmbench.js";
import { mmbenchOptions } from "../metrics/mmbench-letter.js";
import { mmbenchPrompt, multipleChoiceQuestion } from "../prompts.js";
import type { Rule } from "../task.js";
import { defineTask } from "./define-task.js";
import { MMBENCH_JUDGES, MMBENCH_STATIC_JUDGE, type MmbenchTruth } from "./mmbench-judges.js";
import { parseTable, type TableRow } from "./table.js";
import type { Judge, RuleFacts, TaskRow, TaskSource, TaskSpec } from "./task-definition.js";

const NAME = "MMBench dev";
const LMMS: RuleFacts = { alias: `${NAME} (circular x 100, lmms-eval, no judge)`, maxNewTokens: 1024 };

export const mmbench = mmbenchTask("mmbench_en_dev", rulesOf(NAME), MMBENCH_JUDGES);
/** lmms-eval's variant with a ladder of regular expressions where the other would ask a judge. */
export const mmbenchStatic = mmbenchTask(
  "mmbench_en_dev_static",
  { lmms_eval: { ...LMMS, alias: `${NAME} (circular x 100, lmms-eval static)` } },
  { ...MMBENCH_JUDGES, lmms_eval: MMBENCH_STATIC_JUDGE },
);
/** The synthetic mirror. */
export const synthMmbench = mmbenchTask("syn_mmbench", rulesOf("synthetic MMBench"), MMBENCH_JUDGES);

function rulesOf(name: string): Record<Rule, RuleFacts> {
  return {
    llava: { alias: `${name} (circular x 100, no judge)`, maxNewTokens: 1024 },
    lmms_eval: { ...LMMS, alias: `${name} (circular x 100, lmms-eval, no judge)` },
    vlmevalkit: { alias: `${name} (circular x 100, VLMEvalKit, no judge)`, maxNewTokens: 2048 },
  };
}

function mmbenchTask(
  id: string,
  rules: Partial<Record<Rule, RuleFacts>>,
  judges: Readonly<Record<Rule, Judge<MmbenchTruth>>>,
): TaskSpec {
  return defineTask<MmbenchTruth>({
    id,
    folder: "mmbench",
    isSynthetic: id.startsWith("syn_"),
    files: [{ name: "table", path: "mmbench_dev_20230712.tsv" }],
    rules,
    read: (source) => ({ rows: readRows(source), judge: judges[source.rule] }),
  });
}

/** A text up to this length in the column of pictures is the index of the row that has the picture (VLMEvalKit, image_base.py). */
const LONGEST_INDEX = 64;

function readRows(source: TaskSource): TaskRow<MmbenchTruth>[] {
  const { text, file } = source.file("table");
  const { problems } = source;
  const table = parseTable(text, { file, problems });
  const byIndex = new Map<string, TableRow>();
  // A question counts only with all its rotations: one that cannot be used takes the others with it.
  const broken = new Set<string>();
  const rows: { readonly line: number; readonly row: TaskRow<MmbenchTruth> }[] = [];
  for (const row of table) {
    const index = row.cells.get("index") ?? "";
    if (byIndex.has(index)) problems.report({ file, line: row.line, what: `index ${index} again` });
    else byIndex.set(index, row);
  }
  for (const [index, { place, line, cells }] of byIndex) {
    const found = readRow(cells, { place, rule: source.rule, picture: pictureOf(index, byIndex) });
    if (typeof found !== "string") rows.push({ line, row: found });
    else {
      problems.report({ file, line, what: found });
      broken.add(groupOf(Number(index)));
    }
  }
  for (const [group, own] of groupBy(rows, ({ row }) => row.sample.group)) {
    if (own.some(({ row }) => row.truth.index < ROTATION)) continue;
    problems.report({ file, line: own[0].line, what: `no first rotation of question ${group}` });
    broken.add(group);
  }
  return rows.map(({ row }) => row).filter(({ sample }) => !broken.has(sample.group));
}

function groupOf(index: number): string {
  return String(index % ROTATION);
}

/** The picture of a row in base64, its own or that of the row that it names; undefined for none. */
function pictureOf(index: string, byIndex: ReadonlyMap<string, TableRow>): string | undefined {
  const text = byIndex.get(index)?.cells.get("image") ?? "";
  const picture = text.length > LONGEST_INDEX ? text : (byIndex.get(text)?.cells.get("image") ?? "");
  return picture.length > LONGEST_INDEX ? picture : undefined;
}

type Cells = TableRow["cells"];

interface RowContext {
  readonly place: number;
  readonly rule: Rule;
  readonly picture: string | undefined;
}

/** The row, or why it cannot be used. */
function readRow(cells: Cells, { place, rule, picture }: RowContext): TaskRow<MmbenchTruth> | string {
  const index = Number(cells.get("index") || Number.NaN);
  const relevanceText = cells.get("question");
  const letter = cells.get("answer");
  const choices = choicesOf(cells);
  if (!Number.isSafeInteger(index) || index < 0) return `index ${cells.get("index")}, no number`;
  if (typeof relevanceText !== "string") return "no question";
  if (typeof letter !== "string" || choices[letter] === undefined) return `answer ${letter}, none of the options`;
  if (picture === undefined) return "neither a picture nor the index of a row that has one";
  const hint = cells.get("hint") ?? null;
  const options = mmbenchOptions(Object.fromEntries(cells));
  const stored = mmbenchPrompt(hint, relevanceText, options);
  const asked = multipleChoiceQuestion(stored);
  const question = rule === "llava" ? asked : questionBy(rule, { hint, relevanceText, choices });
  const sample = {
    docId: place,
    questionId: index,
    image: { base64: picture },
    prompt: rule === "llava" ? stored : question,
    question,
    relevanceText,
    target: letter,
    category: cells.get("category") ?? "",
    group: groupOf(index),
  };
  const l2Category = cells.get("l2-category") ?? undefined;
  return { sample, truth: { index, letter, choices, options, l2Category, split: cells.get("split") ?? "" }, asked };
}

/** All options that are there; those after a gap too, which LLaVA does not show. */
function choicesOf(cells: Cells): Record<string, string> {
  const given = [...cells].filter(([name, text]) => /^[A-Z]$/.test(name) && text !== null);
  return Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][]);
}

interface Question {
  readonly hint: string | null;
  readonly relevanceText: string;
  readonly choices: Readonly<Record<string, string>>;
}

function questionBy(rule: Rule, { hint, relevanceText, choices }: Question): string {
  const options = Object.entries(choices).map(([letter, text]) => `${letter}. ${text}`);
  if (rule === "vlmevalkit") {
    return multipleChoiceQuestion([...(hint === null ? [] : [hint]), relevanceText, ...options].join("\n"));
  }
  // lmms-eval: one line up to the options, and an empty one before the closing line.
  const start = hint === null ? relevanceText : `${hint} ${relevanceText}`;
  return multipleChoiceQuestion(`${start} There are several options:\n${options.join("\n")}\n`);
}
