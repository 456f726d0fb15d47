/**
 * @file A manifest's part for one task: counts, balance, baselines and checks that need no model, hashes. Fields of manifests keep
 * older names: `halves` for splits, `gates` for checks, `seen` for named objects.
 */
import { createHash } from "node:crypto";
import { groupBy } from "../../core/index.js";
import { randomSource, textSeed } from "../../math/index.js";
import { KEPT_TOKENS, MaskCache, questionPatches, RecallCounter, type RecallRow, type TaskFiles } from "../index.js";
import type { PictureRecord } from "./write-pictures.js";

/** Counts by name. */
type Counts = Record<string, number>;

/** One task in the manifest. */
export interface TaskReport {
  readonly folder: string;
  readonly pictures: number;
  readonly questions: number;
  /** Questions by their picture's split. */
  readonly halves: Counts;
  /** Questions by type. */
  readonly types: Counts;
  /** Questions by slice. */
  readonly slices: Counts;
  /** Answers of each question type. */
  readonly answers: Record<string, Counts>;
  /**
   * Accuracy without the picture. `majority`: the most frequent answer of the type. `wording`: the most frequent answer among all
   * other questions of the same wording (of the type, where there is none).
   */
  readonly baselines: { readonly majority: number; readonly wording: number };
  /** Recall of what the questions ask about at 58 tokens, by slice. */
  readonly gates: readonly RecallRow[];
  /** SHA-256 of all pictures' hashes, and of the rows as canonical JSON: the same on every machine. */
  readonly hashes: { readonly pictures: string; readonly rows: string };
}

/** Counts, measures and hashes one task. @param records of its pictures, in order. */
export function reportTask(folder: string, task: TaskFiles, records: readonly PictureRecord[]): TaskReport {
  const { pictures, asked } = task;
  const questions = asked.map(({ question }) => question);
  const answers = answerCounts(asked, ({ question }) => question.type);
  return {
    folder,
    pictures: pictures.length,
    questions: questions.length,
    halves: count(asked.map(({ picture }) => pictures[picture].split)),
    types: count(questions.map(({ type }) => type)),
    slices: count(questions.map(({ slice }) => slice)),
    answers,
    baselines: baselines(asked, answers),
    gates: recallRows(task, records),
    hashes: {
      pictures: sha256(records.map(({ sha256 }) => sha256).join("\n")),
      rows: sha256(JSON.stringify(asked.map((row) => [sceneRow(pictures[row.picture].scene), row]))),
    },
  };
}

/** The scene under the names that hashes of earlier manifests are over. */
function sceneRow({ id, size, background: ground, objects: things }: TaskFiles["pictures"][number]["scene"]): object {
  return { id, size, ground, things };
}

function count(names: readonly string[]): Counts {
  const counts: Counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

type Asked = TaskFiles["asked"];

/** Counts of each answer, by group. */
function answerCounts(asked: Asked, group: (row: Asked[number]) => string): Record<string, Counts> {
  const groups = groupBy(asked, group);
  return Object.fromEntries(Array.from(groups, ([name, rows]) => [name, count(rows.map(({ answer }) => answer))]));
}

function baselines(asked: Asked, byType: Record<string, Counts>): TaskReport["baselines"] {
  const byWording = answerCounts(asked, ({ prompt }) => prompt);
  const accuracy = (guess: (row: Asked[number]) => string) => {
    const right = asked.filter((row) => guess(row) === row.answer).length;
    return right === 0 ? 0 : Math.round((10_000 * right) / asked.length) / 10_000;
  };
  return {
    majority: accuracy(({ question }) => mostFrequent(byType[question.type])),
    wording: accuracy(({ question, prompt, answer }) => {
      // Without the question itself, so that a wording that is asked once tells nothing.
      const others = without(byWording[prompt], answer);
      const known = Object.values(others).some((times) => times > 0);
      return mostFrequent(known ? others : without(byType[question.type], answer));
    }),
  };
}

function without(counts: Counts, answer: string): Counts {
  return { ...counts, [answer]: counts[answer] - 1 };
}

/** The first of those with the highest count. */
function mostFrequent(counts: Counts): string {
  return Object.entries(counts).reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

function recallRows({ pictures, asked }: TaskFiles, records: readonly PictureRecord[]): RecallRow[] {
  const counter = new RecallCounter();
  const masks = new MaskCache();
  for (const { picture, question } of asked) {
    if (question.about.length === 0) continue;
    const { scene } = pictures[picture];
    const target = questionPatches(scene, question.about, masks);
    counter.add(question.slice, target, {
      oracle: new Set(target.subarray(0, KEPT_TOKENS)),
      saliency: new Set(records[picture].salient),
      random: randomPatches(`${scene.id}/${question.text}`, 576),
    });
  }
  return counter.rows();
}

/** `KEPT_TOKENS` different patches of `total`, drawn from a seed text. */
function randomPatches(seed: string, total: number): Set<number> {
  const random = randomSource(textSeed(seed));
  const chosen = new Set<number>();
  while (chosen.size < KEPT_TOKENS) chosen.add(random.below(total));
  return chosen;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
