/**
 * @file MME's mirror: existence, count, position, color and OCR as pairs of a yes and a no question about one picture. Its
 * truth is one text file per picture.
 */
import { jsonLines, MME, shortAnswerQuestion, YES_OR_NO } from "../../benchmarks/index.js";
import { claimText } from "../claims.js";
import { answersOf, type Candidate, candidates, type Question } from "../questions.js";
import { pick } from "../sample-scene.js";
import { Balancer } from "./balance.js";
import { type AskedQuestion, padded, questionRandom, type SynthTask, type TaskPicture, taskPictures } from "./task.js";

/** MME's subtasks that have a mirror. */
const SUBTASKS = ["existence", "count", "position", "color", "OCR"] as const;
type Subtask = (typeof SUBTASKS)[number];

export const mmeTask: SynthTask = {
  id: "syn_mme",
  folder: MME.folder,
  summary: "existence, count, position, color, OCR as yes/no pairs",
  build(request) {
    const pictures = taskPictures("syn_mme", request, (i) => `${MME.pictures}/${subtaskOf(i)}/${padded(i, 6)}.png`);
    const asked: (AskedQuestion & { readonly id: string })[] = [];
    const balance = new Balancer();
    pictures.forEach((picture, i) => {
      const pair = statements(subtaskOf(i), picture, balance);
      const random = questionRandom(picture);
      if (pair === undefined) return;
      // Which of the two comes first is drawn, so that the order of rows tells nothing.
      for (const question of random.below(2) === 0 ? pair : pair.toReversed()) {
        const prompt = shortAnswerQuestion(question.text);
        const id = `${subtaskOf(i)}/${padded(i, 6)}.png`;
        asked.push({ id, picture: i, question, prompt, answer: question.answer });
      }
    });
    return {
      pictures,
      asked,
      files: () => ({
        [MME.questions]: jsonLines(
          MME.question,
          asked.map(({ id, prompt, picture }) => ({
            question_id: id,
            image: id,
            text: prompt,
            category: subtaskOf(picture),
          })),
        ),
        ...truthFiles(pictures, asked),
      }),
    };
  },
};

function subtaskOf(i: number): Subtask {
  return SUBTASKS[i % SUBTASKS.length];
}

function truthFiles(pictures: readonly TaskPicture[], asked: readonly AskedQuestion[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { picture, question, answer } of asked) {
    const path = pictures[picture].path.replace(/\.png$/, ".txt");
    const line = `${question.text} ${YES_OR_NO}\t${answer === "yes" ? "Yes" : "No"}\n`;
    files[path] = (files[path] ?? "") + line;
  }
  return files;
}

/** A true and a false statement of the same form about the same thing. `balance` keeps the true values even. */
function statements(subtask: Subtask, picture: TaskPicture, balance: Balancer): Question[] | undefined {
  const random = questionRandom(picture);
  const { scene } = picture;
  const all = candidates(scene);
  const ofType = (type: Candidate["type"]) => all.filter((candidate) => candidate.type === type);
  if (subtask === "existence") {
    // The same noun in a color that is there and in one that is not (no scene has all), so that the noun tells nothing.
    const named = ofType("presence").filter(hasColor);
    const yes = pick(random, withAnswer(named, "yes"));
    const no = pick(
      random,
      withAnswer(named, "no").filter((candidate) => nounOf(candidate) === nounOf(yes)),
    );
    const text = (candidate: Candidate) => `Is there ${candidate.blanks[0]} in the image?`;
    return [worded(yes, text(yes), "yes"), worded(no, text(no), "no")];
  }
  if (subtask === "position") {
    const relations = ofType("relation");
    if (relations.length === 0) return undefined;
    const one = pick(random, relations);
    // The same two things with the opposite word: one of the two holds.
    const other = relations.find(
      (candidate) => sameThings(candidate, one) && candidate.blanks[2] === OPPOSITE[one.blanks[2]],
    );
    if (other === undefined) return undefined;
    const text = ({ blanks: [a, b, word] }: Candidate) => `Is the ${a} ${word} the ${b}?`;
    return [one, other].map((candidate) => worded(candidate, text(candidate), candidate.answer));
  }
  const source = ofType(subtask === "OCR" ? "letter" : subtask);
  const chosen = balance.pick(random, source);
  if (chosen === undefined) return undefined;
  const wrong = pick(
    random,
    answersOf(chosen.type).filter((answer) => answer !== chosen.answer),
  );
  const text = (value: string) => claimText(chosen, value);
  return [worded(chosen, text(chosen.answer), "yes"), worded(chosen, text(wrong), "no")];
}

const OPPOSITE: Readonly<Record<string, string>> = {
  "left of": "right of",
  "right of": "left of",
  above: "below",
  below: "above",
};

function sameThings(a: Candidate, b: Candidate): boolean {
  return a.about[0] === b.about[0] && a.about[1] === b.about[1];
}

function withAnswer(list: readonly Candidate[], answer: string): Candidate[] {
  return list.filter((candidate) => candidate.answer === answer);
}

/** The last word: "a red star" and "a blue star" have the same. */
function nounOf({ blanks: [name] }: Candidate): string | undefined {
  return name.split(" ").at(-1);
}

function hasColor({ blanks: [name] }: Candidate): boolean {
  return name.split(" ").length === 3;
}

function worded(candidate: Candidate, text: string, answer: string): Question {
  return { ...candidate, text, answer, template: 0 };
}
