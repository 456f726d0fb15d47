/** @file Words for training: captions, phrases that name objects, and a balanced choice of questions. */
import { optionLetter, scienceQaPrompt } from "../benchmarks/index.js";
import { groupBy } from "../core/index.js";
import type { RandomSource } from "../math/index.js";
import { hasOptions, makeChoices } from "./choices.js";
import { pick, shuffle } from "./draws.js";
import { answersOf, type Candidate, candidates, fullName, noun, type QuestionType } from "./questions.js";
import type { Scene } from "./scene.js";
import { assertWorld } from "./shapes.js";
import { ask, claimedTypes, claimText, type Question, trainingTemplates } from "./wordings.js";

/** A text that names objects of the picture. */
export interface Phrase {
  readonly text: string;
  /** Positions in `scene.objects` of all that it fits. */
  readonly about: readonly number[];
}

/**
 * A caption, for the picture as a whole. It names the background, large objects nearly always, small ones seldom, and signs never.
 * A letter would tell pictures apart too well, and draw the class token's attention.
 */
export function caption(scene: Scene, random: RandomSource): string {
  assertWorld("caption", { scene, random });
  const shapes = scene.objects.filter(({ kind }) => kind === "shape");
  const named = shapes.filter(({ large }) => random.below(100) < (large ? 95 : 12));
  const objects = shuffle(random, named).map((object) => `a ${object.large ? "large" : "small"} ${fullName(object)}`);
  const ground = scene.background === undefined ? [] : [`${scene.background} on the ground`];
  return `an image of ${[...objects, ...ground].join(" and ")}`;
}

/** "red star", "star", "red thing", "red sign", "letter A": each name that an object of the scene has, once. */
export function phrases(scene: Scene): Phrase[] {
  const about = new Map<string, number[]>();
  scene.objects.forEach((object, i) => {
    const names = [fullName(object), noun(object), `${object.color} thing`];
    if (object.kind === "sign") {
      const letters = object.second === undefined ? [object.letter] : [object.letter, object.second];
      names.push(...letters.map((letter) => `letter ${letter}`));
    }
    for (const name of new Set(names)) about.set(name, [...(about.get(name) ?? []), i]);
  });
  return Array.from(about, ([text, objects]) => ({ text, about: objects }));
}

/** How many questions of each type a training picture has, where it has as many. */
const SHARES: Readonly<Record<QuestionType, number>> = {
  presence: 4,
  color: 3,
  shape: 3,
  letter: 2,
  count: 3,
  position: 2,
  relation: 3,
  ground: 1,
  spelling: 4,
  shared: 2,
  beside: 3,
};

/** Of the level "hard", whose counts have more answers. */
const HARD_SHARES = { ...SHARES, count: 5 };

/** Questions for training, each by one of the templates for training. For each type the answer is drawn first, then a question. */
export function trainingQuestions(scene: Scene, random: RandomSource): Question[] {
  assertWorld("trainingQuestions", { scene, random });
  const all = groupBy(candidates(scene), (candidate) => candidate.type);
  const out: Question[] = [];
  for (const [type, share] of Object.entries(scene.hard ? HARD_SHARES : SHARES) as [QuestionType, number][]) {
    const left = shuffle(random, all.get(type) ?? []);
    for (let i = 0; i < share && left.length > 0; i++) {
      const taken = takeAnswer(left, pick(random, scene.hard ? answersLeft(left) : answersOf(type, scene)));
      if (taken !== undefined) out.push(ask(taken, random.below(trainingTemplates(type))));
    }
  }
  return shuffle(random, out);
}

/** Answers of the candidates, each once: of ten counts a scene has four or five. */
function answersLeft(left: readonly Candidate[]): string[] {
  return [...new Set(left.map(({ answer }) => answer))];
}

/** Removes and returns the first candidate with the answer; for open questions the first of any answer. */
function takeAnswer(left: Candidate[], answer: string): Candidate | undefined {
  const balanced = ["presence", "count", "position", "relation"].includes(left[0].type);
  const at = balanced ? left.findIndex((candidate) => candidate.answer === answer) : 0;
  return at < 0 ? undefined : left.splice(at, 1)[0];
}

/**
 * A statement, right or wrong. The value it claims is drawn first, of those that the scene has. Then comes something that has the
 * value or something that has not, equally likely, so that the value tells nothing. Undefined if the scene has nothing of the type.
 */
function claim(
  scene: Scene,
  all: readonly Candidate[],
  type: QuestionType,
  random: RandomSource,
): ExtraQuestion | undefined {
  const ofType = all.filter((candidate) => candidate.type === type);
  if (ofType.length === 0) return undefined;
  const firsts = Array.from(groupBy(ofType, ({ answer }) => answer).values(), ([first]) => first);
  const right = pick(random, firsts);
  if (random.below(2) === 0) return claimed(right, right.answer, "yes");
  const wrong = ofType.find(({ answer }) => answer !== right.answer);
  if (wrong !== undefined) return claimed(wrong, right.answer, "no");
  // All have the same answer: then another value, as it might have been drawn in another scene.
  const others = answersOf(type, scene).filter((answer) => answer !== right.answer);
  return claimed(right, pick(random, others), "no");
}

function claimed(candidate: Candidate, value: string, answer: "yes" | "no"): ExtraQuestion {
  return { type: "claim", text: claimText(candidate, value), answer, about: candidate.about };
}

/** A text and the word that answers it. */
export interface ExtraQuestion {
  /** A statement to judge, or a question with options. */
  readonly type: "claim" | "choice";
  readonly text: string;
  /** The one right word: yes, no or a letter. */
  readonly answer: string;
  /** Positions in `scene.objects` of what it asks about. */
  readonly about: readonly number[];
}

/** The forms that some benchmarks have: statements to be answered by yes or no, and questions with options; three of each. */
export function extraQuestions(scene: Scene, random: RandomSource): ExtraQuestion[] {
  const all = shuffle(random, candidates(scene));
  const types = claimedTypes(scene).flatMap((type) => [type, type]);
  const claims = shuffle(random, types)
    .flatMap((type) => claim(scene, all, type, random) ?? [])
    .slice(0, 3);
  const asked = all.filter(hasOptions).slice(0, 3);
  const choices = asked.map((candidate): ExtraQuestion => {
    const { options, correct } = makeChoices(random, scene, candidate, 5);
    const question = ask(candidate, random.below(trainingTemplates(candidate.type))).text;
    const text = scienceQaPrompt({ hint: "", question, choices: options });
    return { type: "choice", text, answer: optionLetter(correct), about: candidate.about };
  });
  return [...claims, ...choices];
}
