/**
 * @file MMBench (arXiv 2307.06281), English development set: a table with the pictures in it, and every question in rotations of its
 * options. LLaVA has no scorer of its own; under its rule letters are found as VLMEvalKit finds them without a judge.
 */
import { MMBENCH, mmbenchPrompt, multipleChoiceQuestion, optionLetter, tableLine } from "../../benchmarks/index.js";
import { groupBy } from "../../core/index.js";
import { type MmbenchScores, mmbenchScores } from "../metrics/mmbench.js";
import { type Choices, lmmsPrefetchLetter, mmbenchOptions, vlmevalkitLetter } from "../metrics/mmbench-letter.js";
import { lmmsStaticLetter } from "../metrics/mmbench-static.js";
import type { AnswerFile, Combination, Rule } from "../task.js";
import { defineTask, type RuleDefinition, type TaskSource, type TaskSpec } from "./define-task.js";
import { type AnsweredRow, groupCounts, type Judge, type TaskRow } from "./judges.js";
import { parseTable, type TableRow } from "./table.js";

interface MmbenchTruth {
  /** Question plus 1,000,000 per rotation. */
  readonly index: number;
  readonly letter: string;
  /** All options by letter. */
  readonly choices: Choices;
  /** Options that LLaVA shows: A to D up to the first that is missing. */
  readonly options: readonly string[];
  readonly l2Category: string | undefined;
  readonly split: string;
}

/** Longest text in the column of pictures that is an index: that of the row with the picture (VLMEvalKit, image_base.py). */
const LONGEST_INDEX = 64;

function readRows(source: TaskSource): TaskRow<MmbenchTruth>[] {
  const { text, file } = source.file("table");
  const byIndex = new Map<string, TableRow>();
  for (const row of parseTable(text, { file, problems: source.problems })) {
    const index = row.cells.get("index") ?? "";
    if (byIndex.has(index)) row.report(`index ${index} again`);
    else byIndex.set(index, row);
  }
  // A question counts only with all its rotations: one that cannot be used takes the others with it.
  const broken = new Set<string>();
  const rows: { readonly row: TaskRow<MmbenchTruth>; readonly report: TableRow["report"] }[] = [];
  for (const [index, tableRow] of byIndex) {
    const { report } = tableRow;
    const row = readRow(tableRow, source.rule, pictureOf(index, byIndex));
    if (typeof row !== "string") rows.push({ row, report });
    else {
      report(row);
      broken.add(groupOf(index));
    }
  }
  for (const [group, own] of groupBy(rows, ({ row }) => row.sample.group)) {
    if (own.some(({ row }) => row.truth.index < MMBENCH.rotation)) continue;
    own[0].report(`no first rotation of question ${group}`);
    broken.add(group);
  }
  return rows.map(({ row }) => row).filter(({ sample }) => !broken.has(sample.group));
}

function groupOf(index: string | number): string {
  return String(Number(index) % MMBENCH.rotation);
}

type Picture = ReturnType<typeof pictureOf>;

/** The picture of a row, its own or that of the row that it names, with that row's index; undefined for none. */
function pictureOf(index: string, byIndex: ReadonlyMap<string, TableRow>) {
  const cellOf = (owner: string) => byIndex.get(owner)?.cells.get("image") ?? "";
  const owner = cellOf(index).length > LONGEST_INDEX ? index : cellOf(index);
  const base64 = cellOf(owner);
  return base64.length > LONGEST_INDEX ? { owner, base64 } : undefined;
}

/** The row, or why it cannot be used. */
function readRow({ place, cells }: TableRow, rule: Rule, picture: Picture): TaskRow<MmbenchTruth> | string {
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
  const question = rule === "llava" ? asked : kitQuestion(rule, hint, relevanceText, choices);
  const sample = {
    docId: place,
    questionId: index,
    image: { base64: picture.base64 },
    // Where each rotation has a picture of its own, they are the same one.
    picture: groupOf(picture.owner),
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
function choicesOf(cells: TableRow["cells"]): Record<string, string> {
  const given = [...cells].filter(([name, text]) => /^[A-Z]$/.test(name) && text !== null);
  return Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][]);
}

/** As the two kits ask: with all options. */
function kitQuestion(rule: Rule, hint: string | null, relevanceText: string, choices: Choices): string {
  const options = Object.entries(choices).map(([letter, text]) => `${letter}. ${text}`);
  if (rule === "vlmevalkit") {
    return multipleChoiceQuestion([...(hint === null ? [] : [hint]), relevanceText, ...options].join("\n"));
  }
  // lmms-eval: one line up to the options, and an empty one before the closing line.
  const start = hint === null ? relevanceText : `${hint} ${relevanceText}`;
  return multipleChoiceQuestion(`${start} There are several options:\n${options.join("\n")}\n`);
}

type FindLetter = (answer: string, choices: Choices) => string | undefined;

/** Four options at most are known to lmms-eval's matching. */
function upToD(find: FindLetter): FindLetter {
  return (answer, choices) =>
    find(answer, Object.fromEntries(Object.entries(choices).filter(([letter]) => letter <= "D")));
}

/** Percentage of questions of which every rotation is right. */
const CIRCULAR: Combination = {
  counts: (samples) => groupCounts(samples, 2, (group) => [Number(group.every(({ score }) => score === 1)), 1]),
  value: ([right, questions]) => (questions === 0 ? null : (100 * right) / questions),
};

function mmbenchJudge(find: FindLetter): Judge<MmbenchTruth> {
  return {
    headline: "gpt_eval_score",
    combination: CIRCULAR,
    maxScore: () => 100,
    sampleScore: ({ choices, letter }, answer) => Number(find(answer, choices) === letter),
    score(rows) {
      const found = rows.map(({ truth, answer }) => (answer === undefined ? undefined : find(answer, truth.choices)));
      const scores = mmbenchScores(
        rows.map(({ sample: { category }, truth: { index, letter, l2Category } }, i) => {
          return { index, answer: letter, found: found[i], category: category || undefined, l2Category };
        }),
      );
      const short = [...groupBy(rows, ({ sample }) => sample.group).values()].filter(
        (own) => own.length < Object.keys(own[0].truth.choices).length,
      ).length;
      const open = rows.filter(({ answer }, i) => answer !== undefined && found[i] === undefined).length;
      return {
        metrics: metricsOf(scores),
        warnings: [
          ...(short > 0 ? [`${short} of ${scores.hits.size} questions have fewer rotations than options`] : []),
          ...(open > 0
            ? [
                `${open} of ${rows.length} answers name no option, where a judge model would decide; here they are wrong`,
              ]
            : []),
        ],
      };
    },
    rowFields({ options }) {
      return { round_id: 0, options, option_char: options.map((_, i) => optionLetter(i)) };
    },
    submission: (rows, id) => [submission(rows, id)],
  };
}

/** Percentages: circular, of first rotations alone, of all rows; circular by category and l2-category. */
function metricsOf({ circular, single, allRows, categories, l2Categories }: MmbenchScores) {
  const shares: [string, number | null][] = [
    ["gpt_eval_score", circular],
    ["gpt_eval_score_first_rotation", single],
    ["gpt_eval_score_all_rows", allRows],
    ...Array.from(categories, ([name, share]): [string, number] => [`gpt_eval_score/${name}`, share]),
    ...Array.from(l2Categories, ([name, share]): [string, number] => [`gpt_eval_score/l2-category/${name}`, share]),
  ];
  return Object.fromEntries(shares.map(([name, share]) => [name, share === null ? null : 100 * share]));
}

const COLUMNS = ["index", "question", "A", "B", "C", "D", "prediction", "answer", "split"];

/** The columns of LLaVA's convert_mmbench_for_submission.py, as a table of tabs; the server takes it as a spreadsheet. */
function submission(rows: readonly AnsweredRow<MmbenchTruth>[], id: string): AnswerFile {
  const lines = rows.map(({ sample: { relevanceText }, truth: { index, letter, choices, split }, answer }) => {
    const options = ["A", "B", "C", "D"].map((name) => choices[name] ?? null);
    return tableLine([index, relevanceText, ...options, answer ?? null, letter, split]);
  });
  return { name: `submission_${id}.tsv`, data: tableLine(COLUMNS) + lines.join("") };
}

const KIT_JUDGE = mmbenchJudge(vlmevalkitLetter);

type Rules = Partial<Record<Rule, RuleDefinition<MmbenchTruth>>>;
const RULES: Rules = {
  llava: { number: "circular x 100, no judge", maxNewTokens: 1024, judge: KIT_JUDGE },
  lmms_eval: {
    number: "circular x 100, lmms-eval, no judge",
    maxNewTokens: 1024,
    judge: mmbenchJudge(upToD(lmmsPrefetchLetter)),
  },
  vlmevalkit: { number: "circular x 100, VLMEvalKit, no judge", maxNewTokens: 2048, judge: KIT_JUDGE },
};
/** lmms-eval's variant with a ladder of regular expressions where the other would ask a judge. */
export const MMBENCH_STATIC: Rules = {
  lmms_eval: {
    number: "circular x 100, lmms-eval static",
    maxNewTokens: 1024,
    judge: mmbenchJudge(upToD(lmmsStaticLetter)),
  },
};

/** MMBench's development set, in English. */
export function mmbenchTask(id: string, name: string, rules = RULES): TaskSpec {
  const files = () => ({ table: MMBENCH.table });
  return defineTask<MmbenchTruth>({ id, name, folder: MMBENCH.folder, lettered: true, files, rules, read: readRows });
}
