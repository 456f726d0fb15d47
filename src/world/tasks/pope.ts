/**
 * @file POPE's mirror: "Is there a red star in the image?", for three present and three absent objects per picture and category.
 * Absent objects are drawn so that every name gets yes and no alike. `random` draws among all names, `popular` among the third that
 * the pictures show most. `adversarial` draws names whose color and shape are both there, on different objects. Files: a question
 * file as LLaVA has it, and one label file per category.
 */
import { jsonLines, POPE } from "../../benchmarks/index.js";
import { groupBy } from "../../core/index.js";
import type { RandomSource } from "../../math/index.js";
import { shuffle } from "../draws.js";
import { type Candidate, candidates, noun } from "../questions.js";
import type { Scene, SceneObject } from "../scene.js";
import { ask } from "../wordings.js";
import { askDrawn, mirrorOf, questionLines, questionRandom, shortAnswer, type TaskPicture } from "./task.js";

type Category = (typeof POPE.splits)[number];

/** First question id of each category, as LLaVA's file numbers them (adversarial from 1 on). */
const FIRST_ID: Readonly<Record<Category, number>> = { adversarial: 1, random: 10_000_001, popular: 20_000_001 };

/** Questions with each answer per picture and category. */
const PER_ANSWER = 3;

/** Yes-or-no questions about objects, three of each answer per picture and category. */
export const popeTask = mirrorOf({
  id: "syn_pope",
  folder: POPE.folder,
  summary: "is there such an object? random, popular and adversarial negatives",
  path: (i) => `${POPE.pictures}/syn_${String(i).padStart(12, "0")}.png`,
  ask(pictures) {
    const popular = popularNames(pictures);
    return POPE.splits.flatMap((category) => {
      const choose = nameChooser(category, popular);
      const asked = pictures.flatMap((picture, i) => {
        const random = questionRandom(picture);
        return choose(random, picture.scene).map((candidate) => {
          // The object's name is the join key of POPE's files, so the wording that names it exactly comes first.
          return { i, question: picture.split === "iid" ? ask(candidate, 0) : askDrawn(random, candidate, picture) };
        });
      });
      return asked.map(({ i, question }, at) => ({ ...shortAnswer(FIRST_ID[category] + at, i, question), category }));
    });
  },
  files: (asked, pictures) => ({
    [POPE.questions]: questionLines(asked, pictures, POPE.pictures, ({ category }) => category),
    ...Object.fromEntries(
      POPE.splits.map((split) => {
        const ofSplit = asked.filter(({ category }) => category === split);
        const rows = ofSplit.map(({ picture, question: { text }, answer }, i) => {
          const image = pictures[picture].path.slice(POPE.pictures.length + 1);
          return { question_id: i + 1, image, text, label: answer === "yes" ? "yes" : "no" } as const;
        });
        return [POPE.labels(split), jsonLines(POPE.label, rows)];
      }),
    ),
  }),
});

/** Presence questions with color and noun; the name is "a red star". */
function named(scene: Scene, answer: "yes" | "no"): Candidate[] {
  const fitting = candidates(scene).filter(({ type, blanks: [name], answer: given }) => {
    return type === "presence" && given === answer && name.split(" ").length === 3;
  });
  return Array.from(groupBy(fitting, ({ blanks: [name] }) => name).values(), ([first]) => first);
}

/** The third of the names that most pictures show. */
function popularNames(pictures: readonly TaskPicture[]): ReadonlySet<string> {
  const names = groupBy(
    pictures.flatMap(({ scene }) => named(scene, "yes")),
    ({ blanks: [name] }) => name,
  );
  const byCount = [...names].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
  return new Set(byCount.slice(0, Math.ceil(byCount.length / 3)).map(([name]) => name));
}

/** How much the absent names of a category are wanted, before the evenness of answers. */
const WANTED: Readonly<Record<Category, (name: string, scene: Scene, popular: ReadonlySet<string>) => number>> = {
  random: () => 0,
  popular: (name, _, popular) => Number(popular.has(name)),
  adversarial(name, { objects }) {
    const [, color, word] = name.split(" ");
    const shown = (test: (object: SceneObject) => boolean) => Number(objects.some(test));
    return shown((object) => object.color === color) + shown((object) => noun(object) === word);
  },
};

/** Chooses names picture by picture; remembers how often each was asked with yes more than with no. */
function nameChooser(category: Category, popular: ReadonlySet<string>) {
  const lead = new Map<string, number>();
  const leadOf = (name: string) => lead.get(name) ?? 0;
  return (random: RandomSource, scene: Scene): Candidate[] => {
    const take = (answer: "yes" | "no", most: number, cost: (name: string) => number) => {
      const byCost = shuffle(random, named(scene, answer)).sort((a, b) => cost(a.blanks[0]) - cost(b.blanks[0]));
      const taken = byCost.slice(0, most);
      const step = answer === "yes" ? 1 : -1;
      for (const { blanks } of taken) lead.set(blanks[0], leadOf(blanks[0]) + step);
      return taken;
    };
    const yes = take("yes", PER_ANSWER, leadOf);
    const no = take("no", yes.length, (name) => -1000 * WANTED[category](name, scene, popular) - leadOf(name));
    return yes.flatMap((candidate, i) => [candidate, no[i]]);
  };
}
