/** @file MMBench's scores by rule. */
import { type MmbenchScores, mmbenchScores } from "../metrics/mmbench.js";
import { type Choices, lmmsPrefetchLetter, vlmevalkitLetter } from "../metrics/mmbench-letter.js";
import { lmmsStaticLetter } from "../metrics/mmbench-static.js";
import type { AnswerFile, Rule } from "../task.js";
import { tableLine } from "./table.js";
import type { AnsweredRow, Judge } from "./task-definition.js";

export interface MmbenchTruth {
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

type FindLetter = (answer: string, choices: Choices) => string | undefined;

/** Four options at most are known to lmms-eval's matching. */
function upToD(choices: Choices): Choices {
  return Object.fromEntries(Object.entries(choices).filter(([letter]) => letter <= "D"));
}

const prefetch: FindLetter = (answer, choices) => lmmsPrefetchLetter(answer, upToD(choices));

/** MMBench's judge of each rule. */
export const MMBENCH_JUDGES: Readonly<Record<Rule, Judge<MmbenchTruth>>> = {
  llava: judge(vlmevalkitLetter),
  lmms_eval: judge(prefetch),
  vlmevalkit: judge(vlmevalkitLetter),
};

/** Of lmms-eval's `mmbench_en_dev_static`. */
export const MMBENCH_STATIC_JUDGE = judge((answer, choices) => lmmsStaticLetter(answer, upToD(choices)));

function judge(find: FindLetter): Judge<MmbenchTruth> {
  return {
    headline: "gpt_eval_score",
    best: () => 100,
    worth: ({ choices, letter }, answer) => Number(find(answer, choices) === letter),
    score(rows) {
      const found = rows.map(({ truth, answer }) => (answer === undefined ? undefined : find(answer, truth.choices)));
      const scores = mmbenchScores(
        rows.map(({ sample: { category }, truth: { index, letter, l2Category } }, i) => {
          return { index, answer: letter, found: found[i], category: category || undefined, l2Category };
        }),
      );
      const open = rows.filter(({ answer }, i) => answer !== undefined && found[i] === undefined).length;
      const said = `${open} of ${rows.length} answers name no option, where a judge model would decide; here they are wrong`;
      return { metrics: metricsOf(scores), warnings: open === 0 ? [] : [said] };
    },
    rowFields({ options }) {
      return { round_id: 0, options, option_char: options.map((_, i) => String.fromCharCode(65 + i)) };
    },
    submission: (rows, id) => [submission(rows, id)],
  };
}

/** Percentages: circular, of first rotations alone, of all rows; circular by category and l2-category. */
function metricsOf({ circular, single, allRows, categories, l2Categories }: MmbenchScores) {
  const percent = (share: number | null) => (share === null ? null : 100 * share);
  const metrics: Record<string, number | null> = {
    gpt_eval_score: percent(circular),
    gpt_eval_score_first_rotation: percent(single),
    gpt_eval_score_all_rows: percent(allRows),
  };
  for (const [name, share] of categories) metrics[`gpt_eval_score/${name}`] = percent(share);
  for (const [name, share] of l2Categories) metrics[`gpt_eval_score/l2-category/${name}`] = percent(share);
  return metrics;
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
