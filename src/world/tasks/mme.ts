/**
 * @file MME's mirror: existence, count, position, color and OCR as pairs of a yes and a no question about one picture. Its
 * truth is one text file per picture.
 */
import { MME, YES_OR_NO } from "../../benchmarks/index.js";
import { groupBy } from "../../core/index.js";
import { pick } from "../draws.js";
import { answersOf, type Candidate, candidates, PLACES } from "../questions.js";
import { ask, claimText, type Question } from "../wordings.js";
import { Balancer } from "./balance.js";
import { type AskedQuestion, mirrorOf, questionLines, questionRandom, shortAnswer, type TaskPicture } from "./task.js";

/** MME's subtasks that have a mirror. */
const SUBTASKS = ["existence", "count", "position", "color", "OCR"] as const;
type Subtask = (typeof SUBTASKS)[number];

/** Pairs of a yes and a no question in five subtasks. */
export const mmeTask = mirrorOf({
  id: "syn_mme",
  folder: MME.folder,
  summary: "existence, count, position, color, OCR as yes/no pairs",
  path: (i) => `${MME.pictures}/${imageId(i)}`,
  ask(pictures) {
    const balance = new Balancer();
    return pictures.flatMap((picture, i) => {
      const pair = statements(subtaskOf(i), picture, balance);
      // Which of the two comes first is drawn, so that the order of rows tells nothing.
      const ordered = questionRandom(picture).below(2) === 0 ? pair : pair.toReversed();
      return ordered.map((question) => shortAnswer(imageId(i), i, question));
    });
  },
  files: (asked, pictures) => ({
    [MME.questions]: questionLines(asked, pictures, MME.pictures, ({ picture }) => subtaskOf(picture)),
    ...truthFiles(pictures, asked),
  }),
});

function imageId(i: number): string {
  return `${subtaskOf(i)}/${String(i).padStart(6, "0")}.png`;
}

function subtaskOf(i: number): Subtask {
  return SUBTASKS[i % SUBTASKS.length];
}

function truthFiles(pictures: readonly TaskPicture[], asked: readonly AskedQuestion[]): Record<string, string> {
  const files = groupBy(asked, ({ picture }) => pictures[picture].path.replace(/\.png$/, ".txt"));
  const line = ({ question, answer }: AskedQuestion) =>
    `${question.text} ${YES_OR_NO}\t${answer === "yes" ? "Yes" : "No"}\n`;
  return Object.fromEntries(Array.from(files, ([path, rows]) => [path, rows.map(line).join("")]));
}

/** A true and a false statement of the same form about the same object, if there is one. `balance` keeps the true values even. */
function statements(subtask: Subtask, picture: TaskPicture, balance: Balancer): Question[] {
  const random = questionRandom(picture);
  const all = candidates(picture.scene);
  const ofType = (type: Candidate["type"]) => all.filter((candidate) => candidate.type === type);
  if (subtask === "existence") {
    // The same noun in a color that is there and in one that is not, so that it tells nothing. No scene has all colors.
    const named = groupBy(ofType("presence").filter(hasColor), ({ answer }) => answer);
    const yes = pick(random, named.get("yes") ?? []);
    const absent = (named.get("no") ?? []).filter((candidate) => nounOf(candidate) === nounOf(yes));
    return [ask(yes, 0), ask(pick(random, absent), 0)];
  }
  if (subtask === "position") {
    const relations = ofType("relation");
    if (relations.length === 0) return [];
    const one = pick(random, relations);
    // The same two objects with the opposite word: one of the two holds.
    const opposites: readonly string[] | undefined = PLACES.find((pair) => pair.some((word) => word === one.blanks[2]));
    const both = relations.filter(
      ({ about, blanks }) => String(about) === String(one.about) && opposites?.includes(blanks[2]),
    );
    return [one, ...both.filter((candidate) => candidate !== one)].map((candidate) => ask(candidate, 0));
  }
  const chosen = balance.pick(
    random,
    subtask === "OCR" ? [...ofType("letter"), ...ofType("spelling")] : ofType(subtask),
  );
  if (chosen === undefined) return [];
  const others = answersOf(chosen.type, picture.scene).filter((answer) => answer !== chosen.answer);
  const claim = (value: string, answer: string) => ({ ...chosen, text: claimText(chosen, value), answer, template: 0 });
  return [claim(chosen.answer, "yes"), claim(pick(random, others), "no")];
}

/** The last word: "a red star" and "a blue star" have the same. */
function nounOf({ blanks: [name] }: Candidate): string | undefined {
  return name.split(" ").at(-1);
}

function hasColor({ blanks: [name] }: Candidate): boolean {
  return name.split(" ").length === 3;
}
