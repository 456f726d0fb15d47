/**
 * @file POPE's mirror: "Is there a red star in the image?", for three present and three absent objects per picture and category.
 * Absent objects are drawn so that every name gets yes and no alike. `random` draws among all names, `popular` among the third that
 * the pictures show most. `adversarial` draws names whose color and shape are both there, on different objects. Files: a question
 * file as LLaVA has it, and one label file per category.
 */
import { jsonLines, POPE, shortAnswerQuestion } from "../../benchmarks/index.js";
import { groupBy } from "../../core/index.js";
import type { RandomSource } from "../../math/index.js";
import { shuffle } from "../draws.js";
import { type Candidate, candidates, noun } from "../questions.js";
import type { Scene, SceneObject } from "../scene.js";
import { ask } from "../wordings.js";
import {
  type AskedQuestion,
  askDrawn,
  padded,
  questionRandom,
  type SynthTask,
  type TaskPicture,
  taskPictures,
} from "./task.js";

type Category = (typeof POPE.splits)[number];

/** First question id of each category, as LLaVA's file numbers them (adversarial from 1 on). */
const FIRST_ID: Readonly<Record<Category, number>> = { adversarial: 1, random: 10_000_001, popular: 20_000_001 };

/** Questions with each answer per picture and category. */
const PER_ANSWER = 3;

/** Yes-or-no questions about objects, three of each answer per picture and category. */
export const popeTask: SynthTask = {
  id: "syn_pope",
  folder: POPE.folder,
  summary: "is there such an object? random, popular and adversarial negatives",
  build(request) {
    const pictures = taskPictures("syn_pope", request, (i) => `${POPE.pictures}/syn_${padded(i, 12)}.png`);
    const popular = popularNames(pictures);
    const asked: (AskedQuestion & { category: Category })[] = [];
    for (const category of POPE.splits) {
      const chooser = new NameChooser(category, popular);
      let id = FIRST_ID[category];
      pictures.forEach((picture, i) => {
        const random = questionRandom(picture);
        for (const candidate of chooser.choose(random, picture.scene)) {
          // The object's name is the join key of POPE's files, so the wording that names it exactly comes first.
          const question = picture.split === "iid" ? ask(candidate, 0) : askDrawn(random, candidate, picture);
          const prompt = shortAnswerQuestion(question.text);
          asked.push({ id: id++, picture: i, question, prompt, answer: question.answer, category });
        }
      });
    }
    return {
      pictures,
      asked,
      files: () => ({
        [POPE.questions]: jsonLines(
          POPE.question,
          asked.map(({ id, picture, prompt, category }) => ({
            question_id: id,
            image: fileName(pictures[picture]),
            text: prompt,
            category,
          })),
        ),
        ...Object.fromEntries(
          POPE.splits.map((category) => [
            POPE.labels(category),
            jsonLines(
              POPE.label,
              asked
                .filter((row) => row.category === category)
                .map(({ picture, question, answer }, i) => ({
                  question_id: i + 1,
                  image: fileName(pictures[picture]),
                  text: question.text,
                  label: answer === "yes" ? "yes" : "no",
                })),
            ),
          ]),
        ),
      }),
    };
  },
};

function fileName({ path }: TaskPicture): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

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

/** Chooses names picture by picture; remembers how often each was asked with yes and with no. */
class NameChooser {
  private readonly lead = new Map<string, number>();

  constructor(
    private readonly category: Category,
    private readonly popular: ReadonlySet<string>,
  ) {}

  choose(random: RandomSource, scene: Scene): Candidate[] {
    const yes = this.best(random, named(scene, "yes"), (name) => this.leadOf(name));
    for (const { blanks } of yes) this.lead.set(blanks[0], this.leadOf(blanks[0]) + 1);
    const no = this.best(random, named(scene, "no"), (name) => this.absentCost(scene, name)).slice(0, yes.length);
    for (const { blanks } of no) this.lead.set(blanks[0], this.leadOf(blanks[0]) - 1);
    return yes.flatMap((candidate, i) => [candidate, no[i]]);
  }

  /** Of `yes` over `no` so far. */
  private leadOf(name: string): number {
    return this.lead.get(name) ?? 0;
  }

  private absentCost(scene: Scene, name: string): number {
    if (this.category === "random") return -this.leadOf(name);
    if (this.category === "popular") return (this.popular.has(name) ? -1000 : 0) - this.leadOf(name);
    const [, color, word] = name.split(" ");
    const shown = (test: (object: SceneObject) => boolean) => (scene.objects.some(test) ? 1 : 0);
    const parts = shown((object) => object.color === color) + shown((object) => noun(object) === word);
    return -1000 * parts - this.leadOf(name);
  }

  private best(random: RandomSource, list: readonly Candidate[], cost: (name: string) => number): Candidate[] {
    return shuffle(random, list)
      .map((candidate) => ({ candidate, value: cost(candidate.blanks[0]) }))
      .sort((a, b) => a.value - b.value)
      .slice(0, PER_ANSWER)
      .map(({ candidate }) => candidate);
  }
}
