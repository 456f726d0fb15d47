/** @file MME (arXiv 2306.13394): two questions per picture in 14 subtasks, of which LLaVA's number sums the ten of perception. */

import { groupBy, shape } from "../../core/index.js";
import { pyStrip } from "../metrics/python-text.js";
import { SHORT_ANSWER, shortAnswerQuestion } from "../prompts.js";
import type { Rule } from "../task.js";
import { defineTask } from "./define-task.js";
import { type FileRow, parseJsonLines } from "./json-lines.js";
import { MME_JUDGES, type MmeTruth } from "./mme-judges.js";
import { isMmeSubtask, readTruths, type Truths, truthPath } from "./mme-truths.js";
import { problemLog } from "./problem-log.js";
import { withoutLine, YES_OR_NO } from "./question-text.js";
import type { TaskRow, TaskSource, TaskSpec } from "./task-definition.js";

const QUESTION = shape.object({ question_id: shape.text, image: shape.text, text: shape.text, category: shape.text });
const PICTURES = "MME_Benchmark_release_version";

export const mme = mmeTask("mme", "MME");
/** The synthetic mirror: five subtasks of perception. */
export const synthMme = mmeTask("syn_mme", "synthetic MME");

function mmeTask(id: string, name: string): TaskSpec {
  return defineTask<MmeTruth>({
    id,
    folder: "MME",
    pictures: PICTURES,
    isSynthetic: id.startsWith("syn_"),
    files: [{ name: "questions", path: "llava_mme.jsonl" }],
    follow: truthPaths,
    rules: {
      llava: { alias: `${name} (perception)`, maxNewTokens: 128 },
      lmms_eval: { alias: `${name} (perception, lmms-eval)`, maxNewTokens: 16 },
      vlmevalkit: { alias: `${name} (perception, VLMEvalKit)`, maxNewTokens: 2048 },
    },
    read: (source) => ({ rows: readRows(source), judge: MME_JUDGES[source.rule] }),
  });
}

function truthPaths(text: string): string[] {
  // What is wrong with the rows is said when they are read.
  const rows = parseJsonLines(text, { file: "", shape: QUESTION, problems: problemLog(false) });
  const paths = rows.map(({ value }) => truthPath(PICTURES, value.question_id));
  return [...new Set(paths)].filter((path) => path !== undefined);
}

type QuestionRow = FileRow<shape.TypeOf<typeof QUESTION>>;

function readRows(source: TaskSource): TaskRow<MmeTruth>[] {
  const { text, file } = source.file("questions");
  const { problems } = source;
  const truths = new Map<string, Truths>();
  const rows = parseJsonLines(text, { file, shape: QUESTION, problems }).flatMap((row) => {
    const found = readRow(row, source, truths);
    if (typeof found !== "string") return [found];
    problems.report({ file, line: row.line, what: found });
    return [];
  });
  const pairs = groupBy(rows, ({ sample }) => sample.group);
  for (const [group, own] of pairs) {
    if (own.length === 2) continue;
    problems.report({ file, what: `${own.length} usable questions on ${group}, where two make a pair; left out` });
  }
  return rows.filter(({ sample }) => pairs.get(sample.group)?.length === 2);
}

/** The row, or why it cannot be used. */
function readRow(
  { place, value }: QuestionRow,
  source: TaskSource,
  truths: Map<string, Truths>,
): TaskRow<MmeTruth> | string {
  const { question_id: questionId, image, text: asked } = value;
  const [subtask] = questionId.split("/");
  const path = truthPath(PICTURES, questionId);
  if (path === undefined || !isMmeSubtask(subtask)) return `question_id ${questionId} of no subtask`;
  const known = truths.get(path) ?? readTruths(source, path);
  if (known === undefined) return `no truth file ${path}`;
  truths.set(path, known);
  const relevanceText = pyStrip(withoutLine(asked, SHORT_ANSWER));
  const question = known.spelling(relevanceText);
  const truth = question === undefined ? undefined : known.answers.get(question);
  if (question === undefined || truth === undefined) return `no truth of ${JSON.stringify(relevanceText)} in ${path}`;
  const prompt = promptBy(source.rule, { asked, question });
  const prompts = { prompt, question: prompt, relevanceText, target: truth };
  const sample = { docId: place, questionId, image: { path: image }, ...prompts, category: subtask, group: questionId };
  return { sample, truth: { subtask, question, truth, file: path.slice(path.lastIndexOf("/") + 1) }, asked };
}

/** @param question as MME has it, with the sentence at its end. */
function promptBy(rule: Rule, { asked, question }: { readonly asked: string; readonly question: string }): string {
  if (rule === "llava") return asked;
  return rule === "vlmevalkit" ? question : shortAnswerQuestion(question.replaceAll(` ${YES_OR_NO}`, ""));
}
