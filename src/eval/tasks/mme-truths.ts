/** @file MME's own files: one per picture, lines of `question TAB Yes` or `No`. */
import { MME_COGNITION, MME_PERCEPTION } from "../metrics/mme.js";
import { pyStrip } from "../metrics/python-text.js";
import { YES_OR_NO } from "./question-text.js";
import type { TaskSource } from "./task-definition.js";

/** The truths of a picture. */
export interface Truths {
  /** `Yes` or `No` by question. */
  readonly answers: ReadonlyMap<string, string>;
  /** A question as the file spells it, from one without the sentence at its end; undefined if it is not there. */
  spelling(bare: string): string | undefined;
}

/** True for the name of one of the 14 subtasks. */
export function isMmeSubtask(name: string): boolean {
  return MME_PERCEPTION.includes(name) || MME_COGNITION.includes(name);
}

/**
 * Path of a picture's truths below the task's folder: beside the picture, or, in the five subtasks with a folder `images`, in
 * `questions_answers_YN`. Undefined for an id of another form.
 *
 * @param root folder of the subtasks. @param questionId `SUBTASK/FILE` or `SUBTASK/images/FILE`.
 */
export function truthPath(root: string, questionId: string): string | undefined {
  const found = /^([^/]+)(\/images)?\/([^/.]+)[^/]*$/.exec(questionId);
  if (found === null) return undefined;
  const [, subtask, images, stem] = found;
  return `${root}/${subtask}/${images === undefined ? "" : "questions_answers_YN/"}${stem}.txt`;
}

/** The truths of a file; undefined if it is not there. A line of another form, or a second answer, is a problem. */
export function readTruths({ followed, problems }: TaskSource, path: string): Truths | undefined {
  const found = followed(path);
  if (found === undefined) return undefined;
  const { text, file } = found;
  const answers = new Map<string, string>();
  for (const [i, content] of text.split(/\r\n|\n|\r/).entries()) {
    const line = pyStrip(content);
    if (line === "") continue;
    const [question, answer, ...more] = line.split("\t");
    const report = (what: string) => problems.report({ file, line: i + 1, what });
    if (more.length > 0 || !/^(yes|no)$/i.test(answer ?? ""))
      report(`no question, tab, Yes or No: ${line.slice(0, 60)}`);
    else if ((answers.get(question) ?? answer) !== answer) report(`a second answer to ${JSON.stringify(question)}`);
    else answers.set(question, answer);
  }
  return {
    answers,
    // As LLaVA's converter finds it: with one blank, or with two.
    spelling: (bare) =>
      (bare.includes(YES_OR_NO) ? [bare] : [`${bare} ${YES_OR_NO}`, `${bare}  ${YES_OR_NO}`]).find((question) =>
        answers.has(question),
      ),
  };
}
