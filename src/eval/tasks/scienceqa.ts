/** @file ScienceQA (arXiv 2209.09513), test: all questions, or those with a picture. */

import { shape } from "../../core/index.js";
import { pyStrip } from "../metrics/python-text.js";
import { lettered, multipleChoiceQuestion, OPTION_LETTER, scienceQaPrompt } from "../prompts.js";
import type { Rule } from "../task.js";
import { defineTask } from "./define-task.js";
import { jsonItems } from "./json-items.js";
import { withoutLine } from "./question-text.js";
import { readProblems, readTestIds, type ScienceQaProblem } from "./scienceqa-files.js";
import { type ScienceQaTruth, scienceQaJudge } from "./scienceqa-judges.js";
import type { RuleFacts, TaskRow, TaskSource, TaskSpec } from "./task-definition.js";

const ALL = "all questions";
const WITH_PICTURE = "questions with a picture";

/** The number of LLaVA's paper is the sub-score of the questions with a picture. */
export const scienceQa = scienceQaTask("scienceqa", ALL, "ScienceQA");
export const scienceQaImg = scienceQaTask("scienceqa_img", WITH_PICTURE, "ScienceQA-IMG");
/** The synthetic mirror. */
export const synthScienceQa = scienceQaTask("syn_sqa_img", WITH_PICTURE, "synthetic ScienceQA-IMG");

const PICTURE_MARK = "<image>";
const QUESTION = shape.object({ id: shape.id });

function scienceQaTask(id: string, which: typeof ALL | typeof WITH_PICTURE, name: string): TaskSpec {
  const onlyPictures = which === WITH_PICTURE;
  const rules: Partial<Record<Rule, RuleFacts>> = {
    llava: { alias: `${name} (accuracy)`, maxNewTokens: 1024 },
    lmms_eval: { alias: `${name} (accuracy, lmms-eval)`, maxNewTokens: 16 },
    // VLMEvalKit's ScienceQA_TEST has the questions with a picture alone.
    ...(onlyPictures && { vlmevalkit: { alias: `${name} (accuracy, VLMEvalKit)`, maxNewTokens: 2048 } }),
  };
  return defineTask<ScienceQaTruth>({
    id,
    folder: "scienceqa",
    pictures: "images/test",
    isSynthetic: id.startsWith("syn_"),
    files: [
      { name: "questions", path: "llava_test_CQM-A.json" },
      { name: "problems", path: "problems.json" },
      { name: "splits", path: "pid_splits.json" },
    ],
    rules,
    read: (source) => ({ rows: readRows(source, onlyPictures), judge: scienceQaJudge(source.rule, onlyPictures) }),
  });
}

function readRows(source: TaskSource, onlyPictures: boolean): TaskRow<ScienceQaTruth>[] {
  const { problems } = source;
  const { text, file } = source.file("questions");
  const known = readProblems(source);
  const missing = new Set(readTestIds(source));
  const rows: TaskRow<ScienceQaTruth>[] = [];
  for (const { place, line, value } of jsonItems(text, undefined, { file, shape: QUESTION, problems })) {
    const { id } = value;
    const report = (what: string) => problems.report({ file, line, what: `${what} (item ${place}, id ${id})` });
    const stored = humanText(value);
    const problem = known(String(id));
    const { image } = value as { image?: unknown };
    if (stored === undefined) report("no first turn of a human");
    else if (typeof problem === "string") report(problem);
    else if (!missing.delete(String(id))) report("not in the split test, or there before");
    else if (typeof image === "string") rows.push(row(source.rule, { place, stored, problem, image }));
    else if (!onlyPictures) rows.push(row(source.rule, { place, stored, problem }));
  }
  for (const id of missing) {
    const problem = known(id);
    const isAsked = typeof problem === "string" || !onlyPictures || problem.hasImage;
    if (isAsked) problems.report({ file, what: `no question of id ${id}, which is in the split test` });
  }
  return rows;
}

/** The text of the first turn. */
function humanText(value: object): string | undefined {
  const { conversations } = value as { conversations?: unknown };
  const first: unknown = Array.isArray(conversations) ? conversations[0] : undefined;
  const { from, value: text } = (first ?? {}) as { from?: unknown; value?: unknown };
  return from === "human" && typeof text === "string" ? text : undefined;
}

interface Question {
  readonly place: number;
  readonly stored: string;
  readonly problem: ScienceQaProblem;
  readonly image?: string;
}

function row(rule: Rule, { place, stored, problem, image }: Question): TaskRow<ScienceQaTruth> {
  // The released file has no closing line, synthetic ones have it; LLaVA's script adds it.
  const bare = withoutLine(pyStrip(stored.replaceAll(PICTURE_MARK, "")), OPTION_LETTER);
  const asked = multipleChoiceQuestion(bare);
  const question = rule === "llava" ? asked : questionBy(rule, problem);
  const { id, question: relevanceText, choices, answer, subject } = problem;
  const sample = {
    docId: place,
    questionId: id,
    ...(image !== undefined && { image: { path: image } }),
    prompt: image === undefined ? question : `${PICTURE_MARK}\n${question}`,
    question,
    relevanceText,
    target: String.fromCharCode(65 + answer),
    category: subject,
    group: id,
  };
  return { sample, truth: { id, choices, answer }, asked };
}

function questionBy(rule: Rule, { hint, question, choices }: ScienceQaProblem): string {
  if (rule === "lmms_eval") return scienceQaPrompt({ hint, question, choices });
  return multipleChoiceQuestion(`${hint === "" ? "" : `${hint}\n`}${question}\n${lettered(choices)}`);
}
