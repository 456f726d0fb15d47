/** @file A benchmark's mirror: pictures, questions, and their files; what the mirrors share. */
import { jsonLines, POPE, shortAnswerQuestion } from "../../benchmarks/index.js";
import { refusalFor, shape } from "../../core/index.js";
import type { RandomSource } from "../../math/index.js";
import { type Candidate, candidates } from "../questions.js";
import { type SceneSource, sampleScene, sceneRandom } from "../sample-scene.js";
import type { Scene } from "../scene.js";
import { LEVEL } from "../shapes.js";
import { ask, type Question, trainingTemplates } from "../wordings.js";
import { Balancer } from "./balance.js";

/** The pictures that are asked for. */
export interface TaskRequest extends Required<Pick<SceneSource, "seed" | "level">> {
  readonly split: "val" | "test";
  /** Pictures per task, at least 1. */
  readonly count: number;
}

/** One picture of a task. In `test` every second one is `held-out`: combinations and patterns that training never shows. */
export interface TaskPicture {
  readonly scene: Scene;
  readonly split: "iid" | "held-out";
  /** Where the picture's file lies below the task's folder. */
  readonly path: string;
}

/** A question as a row of the task's files. */
export interface AskedQuestion {
  /** The id by which the task's files know it; with `task` and `prompt` it is unique. */
  readonly id: number | string;
  /** Position in the task's pictures. */
  readonly picture: number;
  readonly question: Question;
  /** Exactly what the model is asked, as the files have it. */
  readonly prompt: string;
  /** The right answer in the task's own terms (a letter for multiple choice). */
  readonly answer: string;
}

/** A task as files in the layout of the benchmark that it mirrors. */
export interface TaskFiles {
  readonly pictures: readonly TaskPicture[];
  readonly asked: readonly AskedQuestion[];
  /** Text files by path below the task's folder. `png` gives a picture's file in base64. */
  files(png: (picture: number) => string): Record<string, string>;
}

/** One benchmark's mirror. */
export interface SynthTask {
  /** As on the command line and in results: the mirrored task's id with `syn_` before it. */
  readonly id: string;
  /** The folder that LLaVA's evaluation gives the mirrored benchmark. */
  readonly folder: string;
  /** Half a line about its questions. */
  readonly summary: string;
  /** Plans all pictures and questions. */
  build(request: TaskRequest): TaskFiles;
}

/** The parts of a mirror. */
interface Mirror<Row extends AskedQuestion> extends Omit<SynthTask, "build"> {
  /** Where the file of the i-th picture lies below the task's folder. */
  path(i: number): string;
  ask(pictures: readonly TaskPicture[]): Row[];
  /** As in `TaskFiles`. */
  files(asked: readonly Row[], pictures: readonly TaskPicture[], png: (i: number) => string): Record<string, string>;
}

const REQUEST = {
  split: shape.oneOf("val", "test"),
  seed: shape.integer(Number.MIN_SAFE_INTEGER),
  level: LEVEL,
  /** More than the largest benchmark has. */
  count: shape.integer(1, 1e6),
};

/** A task by its parts. */
export function mirrorOf<Row extends AskedQuestion>(mirror: Mirror<Row>): SynthTask {
  return {
    ...mirror,
    build(request) {
      const { split, seed, level, count } = shape.options(request, REQUEST, refusalFor(mirror.id), "request");
      const pictures = Array.from({ length: count }, (_, index): TaskPicture => {
        const heldOut = split === "test" && index % 2 === 1;
        const scene = sampleScene({ split, seed, level, purpose: mirror.id, index, heldOut });
        return { scene, split: heldOut ? "held-out" : "iid", path: mirror.path(index) };
      });
      const asked = mirror.ask(pictures);
      return { pictures, asked, files: (png) => mirror.files(asked, pictures, png) };
    },
  };
}

/** A question to be answered by a word. @param picture its position. */
export function shortAnswer<Id>(id: Id, picture: number, question: Question) {
  return { id, picture, question, prompt: shortAnswerQuestion(question.text), answer: question.answer };
}

/** LLaVA's question file. @param folder of the pictures, which its rows leave out. */
export function questionLines<Row extends AskedQuestion>(
  asked: readonly Row[],
  pictures: readonly TaskPicture[],
  folder: string,
  category: (row: Row) => string = () => "default",
): string {
  const line = (row: Row) => {
    const image = pictures[row.picture].path.slice(folder.length + 1);
    return { question_id: row.id, image, text: row.prompt, category: category(row) };
  };
  return jsonLines(POPE.question, asked.map(line));
}

/** The random numbers of a picture's questions in a task. */
export function questionRandom(picture: TaskPicture): RandomSource {
  return sceneRandom(picture.scene.id, "questions");
}

/** Words a candidate by one of its type's templates: the last, which training never shows, only in held-out splits. */
export function askDrawn(random: RandomSource, candidate: Candidate, { split }: TaskPicture): Question {
  return ask(candidate, random.below(trainingTemplates(candidate.type) + (split === "held-out" ? 1 : 0)));
}

/**
 * Asks about each picture a question of each test, where it has one; over all pictures the answers stay even.
 *
 * @returns questions about the i-th picture, of the t-th test, with the random numbers for the picture's further draws.
 */
export function balancedQuestions(
  pictures: readonly TaskPicture[],
  ...tests: readonly ((candidate: Candidate) => boolean)[]
) {
  const balancer = new Balancer();
  return pictures.flatMap((picture, i) => {
    const random = questionRandom(picture);
    return tests.flatMap((test, t) => {
      const chosen = balancer.pick(random, candidates(picture.scene).filter(test));
      return chosen === undefined ? [] : [{ i, t, question: askDrawn(random, chosen, picture), random }];
    });
  });
}
