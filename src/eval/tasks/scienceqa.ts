/** @file ScienceQA (arXiv 2209.09513), test: all questions, or those with a picture. */
import {
  IMAGE_MARK,
  lettered,
  multipleChoiceQuestion,
  OPTION_LETTER,
  optionLetter,
  SCIENCEQA,
  scienceQaPrompt,
  withoutLine,
} from "../../benchmarks/index.js";
import { shape } from "../../core/index.js";
import { vlmevalkitLetter } from "../metrics/mmbench-letter.js";
import { pyStrip } from "../metrics/python-text.js";
import { lmmsScienceQaMatch, scienceQaIndex, scienceQaLetter, scienceQaScores } from "../metrics/scienceqa.js";
import type { Rule } from "../task.js";
import { defineTask, type SourceFile, type TaskSource, type TaskSpec } from "./define-task.js";
import type { FileRow } from "./json-lines.js";
import { type AnsweredRow, meanJudge, type TaskRow } from "./judges.js";
import { fileError } from "./problem-log.js";

type Problem = shape.TypeOf<typeof SCIENCEQA.problem>;

interface ScienceQaTruth {
  readonly choices: readonly string[];
  /** Place of the right choice. */
  readonly answer: number;
}

function readRows(source: TaskSource, onlyPictures: boolean): TaskRow<ScienceQaTruth>[] {
  const problemOf = readProblems(source);
  const missing = new Set(readTestIds(source));
  const rows: TaskRow<ScienceQaTruth>[] = [];
  for (const item of source.items("questions", undefined, SCIENCEQA.question)) {
    const { place, value } = item;
    const id = String(value.id);
    const report = (what: string) => item.report(`${what} (item ${place}, id ${id})`);
    const [first] = value.conversations;
    const problem = problemOf(id);
    if (first?.from !== "human") report("no first turn of a human");
    else if (typeof problem === "string") report(problem);
    else if (!missing.delete(id)) report("not in the split test, or there before");
    else if (typeof value.image === "string" || !onlyPictures) rows.push(row(source.rule, item, problem));
  }
  const { file } = source.file("questions");
  for (const id of missing) {
    const problem = problemOf(id);
    const isAsked = typeof problem === "string" || !onlyPictures || Boolean(problem.image);
    if (isAsked) source.problems.report({ file, what: `no question of id ${id}, which is in the split test` });
  }
  return rows;
}

/** Gives the problem of an id, or why there is none. */
function readProblems(source: TaskSource): (id: string) => Problem | string {
  const problems = source.file("problems");
  const { file } = problems;
  const all = parseJson(problems, shape.record(shape.anything));
  return (id) => {
    const value = Object.hasOwn(all, id) ? all[id] : undefined;
    if (value === undefined) return `no problem in ${file}`;
    if (!shape.fits(value, SCIENCEQA.problem)) return `${shape.mismatchText(value, SCIENCEQA.problem)} in ${file}`;
    const { answer, choices } = value;
    return answer < choices.length ? value : `answer ${answer} of ${choices.length} choices in ${file}`;
  };
}

/** Ids of the split `test`. @throws InvalidInputError where the file has none. */
function readTestIds(source: TaskSource): readonly string[] {
  return parseJson(source.file("splits"), SCIENCEQA.split).test.map(String);
}

function parseJson<T>({ text, file }: SourceFile, wanted: shape.Shape<T>): T {
  return shape.parsed(text, wanted, (expected, got) => fileError(file, expected, got));
}

type QuestionRow = FileRow<shape.TypeOf<typeof SCIENCEQA.question>>;

function row(rule: Rule, { place, value }: QuestionRow, problem: Problem): TaskRow<ScienceQaTruth> {
  const [first] = value.conversations;
  const [id, image] = [String(value.id), value.image ?? undefined];
  // The released file has no closing line, synthetic ones have it; LLaVA's script adds it.
  const bare = withoutLine(pyStrip(first.value.replaceAll(IMAGE_MARK, "")), OPTION_LETTER);
  const asked = multipleChoiceQuestion(bare);
  const question = rule === "llava" ? asked : questionBy(rule, problem);
  const { question: relevanceText, choices, answer, subject } = problem;
  const sample = {
    docId: place,
    questionId: id,
    ...(image !== undefined && { image: { path: image }, picture: image }),
    prompt: image === undefined ? question : `${IMAGE_MARK}\n${question}`,
    question,
    relevanceText,
    target: optionLetter(answer),
    category: subject ?? "",
    group: id,
  };
  return { sample, truth: { choices, answer }, asked };
}

function questionBy(rule: Rule, { hint, question, choices }: Problem): string {
  if (rule === "lmms_eval") return scienceQaPrompt({ hint, question, choices });
  return multipleChoiceQuestion(`${hint === "" ? "" : `${hint}\n`}${question}\n${lettered(choices)}`);
}

function llavaScore({ choices, answer }: ScienceQaTruth, text: string): number {
  return Number(scienceQaIndex(scienceQaLetter(text), choices.length) === answer);
}

function kitScore({ choices, answer }: ScienceQaTruth, text: string): number {
  const byLetter = Object.fromEntries(choices.map((choice, i) => [optionLetter(i), choice]));
  return Number(vlmevalkitLetter(text, byLetter) === optionLetter(answer));
}

/** LLaVA's script gives the questions with a picture beside all; there it leaves missing answers out. */
function imageAccuracy(rows: readonly AnsweredRow<ScienceQaTruth>[]) {
  const { imageCorrect, imageCount } = scienceQaScores(
    rows.map(({ sample: { questionId, prompt }, truth: { choices, answer }, answer: text }) => ({
      id: String(questionId),
      choices: choices.length,
      answer,
      ...(text !== undefined && { given: { text, prompt } }),
    })),
  );
  return { "exact_match/img": imageCount === 0 ? null : imageCorrect / imageCount };
}

/** All questions, of which LLaVA's paper gives the sub-score of those with a picture; or these alone. */
export function scienceQaTask(id: string, name: string, onlyPictures: boolean): TaskSpec {
  const llava = meanJudge(llavaScore, { more: onlyPictures ? undefined : imageAccuracy });
  const lmmsEval = meanJudge<ScienceQaTruth>(({ answer }, text) => lmmsScienceQaMatch(text, answer));
  const vlmevalkit = { number: "accuracy, VLMEvalKit", maxNewTokens: 2048, judge: meanJudge(kitScore) };
  return defineTask<ScienceQaTruth>({
    id,
    name,
    folder: SCIENCEQA.folder,
    pictures: SCIENCEQA.pictures,
    lettered: true,
    files: () => ({ questions: SCIENCEQA.questions, problems: SCIENCEQA.problems, splits: SCIENCEQA.splits }),
    rules: {
      llava: { number: "accuracy", maxNewTokens: 1024, judge: llava },
      lmms_eval: { number: "accuracy, lmms-eval", maxNewTokens: 16, judge: lmmsEval },
      // VLMEvalKit's ScienceQA_TEST has the questions with a picture alone.
      ...(onlyPictures && { vlmevalkit }),
    },
    read: (source) => readRows(source, onlyPictures),
  });
}
