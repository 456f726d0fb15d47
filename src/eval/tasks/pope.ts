/**
 * @file POPE (arXiv 2305.10355), as LLaVA asks it: 8910 questions in three splits. Questions and labels are joined by picture and object:
 * the released label files changed their order and length, and by place the same answers score 0.87 or 0.46.
 */
import { shape } from "../../core/index.js";
import { popeObject, type YesNo } from "../metrics/pope.js";
import { SHORT_ANSWER } from "../prompts.js";
import { defineTask } from "./define-task.js";
import { parseJsonLines } from "./json-lines.js";
import { POPE_JUDGES } from "./pope-judges.js";
import { withoutLine, YES_OR_NO } from "./question-text.js";
import type { TaskRow, TaskSource, TaskSpec } from "./task-definition.js";

type Split = "random" | "popular" | "adversarial";
const SPLITS: readonly Split[] = ["random", "popular", "adversarial"];

const QUESTION = shape.object({ question_id: shape.id, image: shape.text, text: shape.text, category: shape.text });
const LABEL = shape.object({ image: shape.text, text: shape.text, label: shape.text });

/** All three splits; LLaVA's number is the mean of their F1. */
export const pope = popeTask("pope", SPLITS, "POPE");
export const popeRandom = popeTask("pope_random", ["random"], "POPE random");
/** lmms-eval's name for the popular split. */
export const popePopular = popeTask("pope_pop", ["popular"], "POPE popular");
/** lmms-eval's name for the adversarial split. */
export const popeAdversarial = popeTask("pope_adv", ["adversarial"], "POPE adversarial");
/** The synthetic mirror. */
export const synthPope = popeTask("syn_pope", SPLITS, "synthetic POPE");

function popeTask(id: string, splits: readonly Split[], name: string): TaskSpec {
  const all = splits.length > 1;
  return defineTask<YesNo>({
    id,
    folder: "pope",
    pictures: "val2014",
    isSynthetic: id.startsWith("syn_"),
    files: [
      { name: "questions", path: "llava_pope_test.jsonl" },
      ...splits.map((split) => ({ name: split, path: `coco/coco_pope_${split}.json` })),
    ],
    rules: {
      llava: { alias: `${name} (${all ? "mean F1 of the splits" : "F1"})`, maxNewTokens: 128 },
      lmms_eval: { alias: `${name} (F1${all ? " over all rows" : ""}, lmms-eval)`, maxNewTokens: 128 },
      vlmevalkit: { alias: `${name} (F1 x 100${all ? " over all rows" : ""}, VLMEvalKit)`, maxNewTokens: 2048 },
    },
    read: (source) => ({ rows: readRows(source, splits), judge: POPE_JUDGES[source.rule] }),
  });
}

function readRows(source: TaskSource, splits: readonly Split[]): TaskRow<YesNo>[] {
  const { text, file } = source.file("questions");
  const labels = new Map(splits.map((split) => [split as string, readLabels(source, split)]));
  const rows: TaskRow<YesNo>[] = [];
  const asked = new Set<string>();
  for (const { place, line, value } of parseJsonLines(text, { file, shape: QUESTION, problems: source.problems })) {
    const { question_id: questionId, image, text: prompt, category } = value;
    const report = (what: string) => source.problems.report({ file, line, what });
    const own = labels.get(category);
    if (own === undefined) {
      if (!SPLITS.includes(category as Split)) report(`category ${JSON.stringify(category)}, none of ${SPLITS}`);
      continue;
    }
    const relevanceText = withoutLine(prompt, SHORT_ANSWER);
    const key = joinKey(image, relevanceText);
    const truth = own.get(key);
    if (asked.has(`${category}\n${key}`)) report("a question that was there before");
    else if (truth === undefined) report(`no label, or more than one, in the ${category} split`);
    else {
      asked.add(`${category}\n${key}`);
      const question = source.rule === "vlmevalkit" ? `${relevanceText} ${YES_OR_NO}` : prompt;
      const prompts = { prompt: question, question, relevanceText };
      const groups = { category, group: String(place) };
      const sample = { docId: place, questionId, image: { path: image }, ...prompts, target: truth, ...groups };
      rows.push({ sample, truth, asked: prompt });
    }
  }
  return rows;
}

/** Labels by `joinKey`; a key with more than one label has none. */
function readLabels({ file: fileOf, problems }: TaskSource, split: Split): ReadonlyMap<string, YesNo> {
  const { text, file } = fileOf(split);
  const labels = new Map<string, YesNo>();
  const repeated = new Set<string>();
  for (const { line, value } of parseJsonLines(text, { file, shape: LABEL, problems })) {
    const key = joinKey(value.image, value.text);
    const { label } = value;
    if (label !== "yes" && label !== "no") {
      problems.report({ file, line, what: `label ${JSON.stringify(label)}, neither yes nor no` });
    } else if (labels.has(key)) {
      repeated.add(key);
      problems.report({ file, line, what: `a second label of ${JSON.stringify(value.text)} on ${value.image}` });
    } else labels.set(key, label);
  }
  for (const key of repeated) labels.delete(key);
  return labels;
}

function joinKey(image: string, question: string): string {
  return `${image}\n${popeObject(question) ?? question}`;
}
