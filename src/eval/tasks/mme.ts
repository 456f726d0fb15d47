/** @file MME (arXiv 2306.13394): two questions per picture in 14 subtasks, of which LLaVA's number sums the ten of perception. */
import { MME, SHORT_ANSWER, shortAnswerQuestion, withoutLine, YES_OR_NO } from "../../benchmarks/index.js";
import { groupBy, type shape } from "../../core/index.js";
import {
  lmmsMmeAnswer,
  MME_COGNITION,
  MME_PERCEPTION,
  type MmeSubtasks,
  missingSubtasks,
  mmeAnswer,
  mmeScores,
} from "../metrics/mme.js";
import { vlmevalkitYesNo } from "../metrics/pope.js";
import { pyStrip } from "../metrics/python-text.js";
import type { AnswerFile, Combination, Rule } from "../task.js";
import { defineTask, type TaskSource, type TaskSpec } from "./define-task.js";
import { type FileRow, parseJsonLines } from "./json-lines.js";
import { type AnsweredRow, groupCounts, type Judge, type TaskRow } from "./judges.js";
import { problemLog } from "./problem-log.js";

type QuestionRow = FileRow<shape.TypeOf<typeof MME.question>>;
const SUBTASKS = [...MME_PERCEPTION, ...MME_COGNITION];

interface MmeTruth {
  /** As MME's file has it. */
  readonly question: string;
  /** `Yes` or `No`. */
  readonly truth: string;
  /** Name of MME's file. */
  readonly file: string;
}

function truthPaths(texts: ReadonlyMap<string, string>): string[] {
  const text = texts.get(MME.questions) ?? "";
  // Reading the rows reports their problems.
  const rows = parseJsonLines(text, { file: "", shape: MME.question, problems: problemLog(false) });
  const paths = rows.map(({ value }) => truthPath(value.question_id));
  return [...new Set(paths)].filter((path) => path !== undefined);
}

/**
 * Path of a picture's truths below the task's folder. They lie beside the picture, or, in the five subtasks with a folder `images`,
 * in `questions_answers_YN`. Undefined for an id that is neither `SUBTASK/FILE` nor `SUBTASK/images/FILE`.
 */
function truthPath(questionId: string): string | undefined {
  const found = /^([^/]+)(\/images)?\/([^/.]+)[^/]*$/.exec(questionId);
  if (found === null) return undefined;
  const [, subtask, images, stem] = found;
  return `${MME.pictures}/${subtask}/${images === undefined ? "" : "questions_answers_YN/"}${stem}.txt`;
}

function readRows(source: TaskSource): TaskRow<MmeTruth>[] {
  const { file } = source.file("questions");
  const truths = new Map<string, Truths | undefined>();
  const truthsOf = (path: string) => {
    if (!truths.has(path)) truths.set(path, readTruths(source, path));
    return truths.get(path);
  };
  const rows: TaskRow<MmeTruth>[] = [];
  const known = new Set<string>();
  for (const row of source.rows("questions", MME.question)) {
    const found = readRow(row, source.rule, truthsOf);
    if (typeof found === "string") row.report(found);
    else if (known.has(keyOf(found))) row.report("a question that was there before");
    else rows.push(found);
    if (typeof found !== "string") known.add(keyOf(found));
  }
  const pairs = groupBy(rows, ({ sample }) => sample.group);
  for (const [group, own] of pairs) {
    if (own.length === 2) continue;
    const what = `${own.length} usable questions on ${group}, where two make a pair; left out`;
    source.problems.report({ file, what });
  }
  return rows.filter(({ sample }) => pairs.get(sample.group)?.length === 2);
}

function keyOf({ sample, truth }: TaskRow<MmeTruth>): string {
  return `${sample.group}\n${truth.question}`;
}

/** The row, or why it cannot be used. */
function readRow(
  { place, value }: QuestionRow,
  rule: Rule,
  truthsOf: (path: string) => Truths | undefined,
): TaskRow<MmeTruth> | string {
  const { question_id: questionId, image, text: asked } = value;
  const [subtask] = questionId.split("/");
  const path = truthPath(questionId);
  if (path === undefined || !SUBTASKS.includes(subtask)) return `question_id ${questionId} of no subtask`;
  const truths = truthsOf(path);
  if (truths === undefined) return `no truth file ${path}`;
  const relevanceText = pyStrip(withoutLine(asked, SHORT_ANSWER));
  const question = spelling(relevanceText, truths);
  if (question === undefined) return `no truth of ${JSON.stringify(relevanceText)} in ${path}`;
  const truth = truths.get(question) ?? "";
  const prompt = promptBy(rule, { asked, question });
  const texts = { prompt, question: prompt, relevanceText, target: truth };
  const groups = { picture: image, category: subtask, group: questionId };
  const sample = { docId: place, questionId, image: { path: image }, ...texts, ...groups };
  return { sample, truth: { question, truth, file: path.slice(path.lastIndexOf("/") + 1) }, asked };
}

/** @param question as MME has it, with the sentence at its end. */
function promptBy(rule: Rule, { asked, question }: { readonly asked: string; readonly question: string }): string {
  if (rule === "llava") return asked;
  return rule === "vlmevalkit" ? question : shortAnswerQuestion(question.replaceAll(` ${YES_OR_NO}`, ""));
}

/** `Yes` or `No` by question, of one picture. */
type Truths = ReadonlyMap<string, string>;

/**
 * The truths of a file of MME's own, lines of `question TAB Yes` or `No`; undefined if it is not there. A line of another form, or a second
 * answer, is a problem.
 */
function readTruths({ linked, problems }: TaskSource, path: string): Truths | undefined {
  const found = linked(path);
  if (found === undefined) return undefined;
  const { text, file } = found;
  const truths = new Map<string, string>();
  for (const [i, content] of text.split(/\r\n|\n|\r/).entries()) {
    const line = pyStrip(content);
    if (line === "") continue;
    const [question, answer, ...more] = line.split("\t");
    const report = (what: string) => problems.report({ file, line: i + 1, what });
    if (more.length > 0 || !/^(yes|no)$/i.test(answer ?? ""))
      report(`no question, tab, Yes or No: ${line.slice(0, 60)}`);
    else if ((truths.get(question) ?? answer) !== answer) report(`a second answer to ${JSON.stringify(question)}`);
    else truths.set(question, answer);
  }
  return truths;
}

/** A bare question as the truths spell it, found as LLaVA's converter does. One blank or two stand before the last sentence. */
function spelling(bare: string, truths: Truths): string | undefined {
  const spellings = bare.includes(YES_OR_NO) ? [bare] : [`${bare} ${YES_OR_NO}`, `${bare}  ${YES_OR_NO}`];
  return spellings.find((question) => truths.has(question));
}

type Row = AnsweredRow<MmeTruth>;

/** Gives an answer as MME's tool reads it. */
type Reading = (answer: string) => string;

/** The last field of a line, which is what MME's tool looks at. */
const lastField: Reading = (answer) => `${oneField(answer)}\n`;

/** Most of a subtask: 100 for the questions and 100 for the pairs. */
const MAX_OF_SUBTASK = 200;

function mmeJudge(field: Reading): Judge<MmeTruth> {
  return {
    headline: "mme_perception_score",
    combination: PERCEPTION,
    maxScore: (rows) =>
      MAX_OF_SUBTASK * MME_PERCEPTION.filter((name) => rows.some(({ sample }) => sample.category === name)).length,
    score(rows) {
      const subtasks = subtasksOf(rows, field);
      const { tasks, perception, cognition, warnings } = mmeScores(subtasks);
      const has = (names: readonly string[]) => names.some((name) => subtasks.has(name));
      const own = Object.entries(tasks).map(([name, value]) => [`mme_score/${name}`, value] as const);
      return {
        metrics: {
          mme_perception_score: has(MME_PERCEPTION) ? perception : null,
          mme_cognition_score: has(MME_COGNITION) ? cognition : null,
          ...Object.fromEntries(own),
        },
        // MME's own tool stops at some answers; the kits do not.
        warnings: field === lastField ? warnings : missingSubtasks(subtasks),
      };
    },
    sampleScore: ({ truth }, answer) => Number(mmeAnswer(field(answer)) === truth.toLowerCase()),
    submission,
  };
}

/** Questions, right ones, and pairs of right ones of each subtask of perception; all scripts give 100 for each share. */
const PERCEPTION: Combination = {
  counts: (samples) =>
    groupCounts(samples, 3 * MME_PERCEPTION.length, (pair) => {
      const right = pair.filter(({ score }) => score === 1).length;
      const own = [pair.length, right, Number(right === pair.length)];
      return MME_PERCEPTION.flatMap((name) => (name === pair[0].category ? own : [0, 0, 0]));
    }),
  value(sums) {
    const scores = MME_PERCEPTION.flatMap((_, i) => {
      const [questions, right, pairs] = sums.slice(3 * i, 3 * i + 3);
      return questions === 0 ? [] : [(100 * right) / questions + (100 * pairs) / (questions / 2)];
    });
    return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0);
  },
};

/** Pairs one after the other, by subtask; a missing answer is an empty one, which is wrong. */
function subtasksOf(rows: readonly Row[], field: Reading): MmeSubtasks {
  const pairs = [...groupBy(rows, ({ sample }) => sample.group).values()];
  return new Map(
    [...groupBy(pairs, ([{ sample }]) => sample.category)].map(([subtask, own]) => [
      subtask,
      own.flat().map(({ truth: { truth }, answer = "" }) => ({ truth, prediction: field(answer) })),
    ]),
  );
}

/** A file per subtask, lines of file, question, truth and answer: what MME's tool reads (calculation.py, `--results_dir`). */
function submission(rows: readonly Row[], id: string): AnswerFile[] {
  const line = ({ truth: { file, question, truth }, answer = "" }: Row) =>
    `${[file, question, truth, oneField(answer)].join("\t")}\n`;
  return [...groupBy(rows, ({ sample }) => sample.category)].map(([subtask, own]) => ({
    name: `submission_${id}/${subtask}.txt`,
    data: own.map(line).join(""),
  }));
}

/** A tab or a line end in an answer would break the tool's table. */
function oneField(answer: string): string {
  return answer.replaceAll(/[\t\r\n]/g, " ");
}

/** MME by those of its fourteen subtasks that the files have: ten of perception, four of cognition. */
export function mmeTask(id: string, name: string): TaskSpec {
  return defineTask<MmeTruth>({
    id,
    name,
    folder: MME.folder,
    pictures: MME.pictures,
    files: () => ({ questions: MME.questions }),
    linkedFiles: truthPaths,
    rules: {
      llava: { number: "perception", maxNewTokens: 128, judge: mmeJudge(lastField) },
      lmms_eval: { number: "perception, lmms-eval", maxNewTokens: 16, judge: mmeJudge(lmmsMmeAnswer) },
      vlmevalkit: { number: "perception, VLMEvalKit", maxNewTokens: 2048, judge: mmeJudge(vlmevalkitYesNo) },
    },
    read: readRows,
  });
}
