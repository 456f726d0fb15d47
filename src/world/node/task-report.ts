/** What a manifest says of a task: counts, balance, baselines and gates that need no model, hashes. */
import { createHash } from "node:crypto";
import { randomSource, textSeed } from "../../math/index.js";
import { GATE_TOKENS, GateCounter, type GateRow, MaskCache, questionPatches, type TaskFiles } from "../index.js";
import type { PictureRecord } from "./picture-log.js";

/** Counts by name. */
type Counts = Record<string, number>;

export interface TaskReport {
  readonly folder: string;
  readonly pictures: number;
  readonly questions: number;
  readonly halves: Counts;
  readonly types: Counts;
  readonly slices: Counts;
  /** Answers of each question type. */
  readonly answers: Record<string, Counts>;
  /**
   * Accuracy without the picture: `majority`, the most frequent answer of the type; `wording`, the most frequent answer
   * among all other questions of the same wording (of the type, where there is none).
   */
  readonly baselines: { readonly majority: number; readonly wording: number };
  /** Recall of what the questions ask about at 58 tokens, by slice. */
  readonly gates: readonly GateRow[];
  /** SHA-256 of all pictures' hashes, and of the rows as canonical JSON: the same on every machine. */
  readonly hashes: { readonly pictures: string; readonly rows: string };
}

export function reportTask(folder: string, task: TaskFiles, records: readonly PictureRecord[]): TaskReport {
  const questions = task.asked.map(({ question }) => question);
  const answers: Record<string, Counts> = {};
  for (const { question, answer } of task.asked) {
    answers[question.type] ??= {};
    answers[question.type][answer] = (answers[question.type][answer] ?? 0) + 1;
  }
  return {
    folder,
    pictures: task.pictures.length,
    questions: questions.length,
    halves: count(task.asked.map(({ picture }) => task.pictures[picture].half)),
    types: count(questions.map(({ type }) => type)),
    slices: count(questions.map(({ slice }) => slice)),
    answers,
    baselines: baselines(task),
    gates: gates(task, records),
    hashes: {
      pictures: sha256(records.map((record) => record.sha256).join("\n")),
      rows: sha256(JSON.stringify(task.asked.map((row) => [task.pictures[row.picture].scene, row]))),
    },
  };
}

function count(names: readonly string[]): Counts {
  const counts: Counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function baselines({ asked }: TaskFiles): TaskReport["baselines"] {
  const byType = new Map<string, Counts>();
  const byWording = new Map<string, Counts>();
  const note = (map: Map<string, Counts>, key: string, answer: string) => {
    const counts = map.get(key) ?? {};
    counts[answer] = (counts[answer] ?? 0) + 1;
    map.set(key, counts);
  };
  for (const { question, prompt, answer } of asked) {
    note(byType, question.type, answer);
    note(byWording, prompt, answer);
  }
  let majority = 0;
  let wording = 0;
  for (const { question, prompt, answer } of asked) {
    const ofType = byType.get(question.type) ?? {};
    majority += mostFrequent(ofType) === answer ? 1 : 0;
    // Without the question itself, so that a wording that is asked once tells nothing.
    const others = { ...byWording.get(prompt) };
    others[answer] -= 1;
    const known = Object.values(others).some((times) => times > 0);
    const rest = { ...ofType };
    rest[answer] -= 1;
    wording += mostFrequent(known ? others : rest) === answer ? 1 : 0;
  }
  return { majority: share(majority, asked.length), wording: share(wording, asked.length) };
}

function mostFrequent(counts: Counts): string | undefined {
  return Object.entries(counts).reduce<[string, number] | undefined>(
    (best, entry) => (best === undefined || entry[1] > best[1] ? entry : best),
    undefined,
  )?.[0];
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 10_000;
}

function gates({ pictures, asked }: TaskFiles, records: readonly PictureRecord[]): GateRow[] {
  const counter = new GateCounter();
  const masks = new MaskCache();
  for (const { picture, question } of asked) {
    if (question.about.length === 0) continue;
    const { scene } = pictures[picture];
    const target = questionPatches(scene, question.about, masks);
    counter.add(question.slice, target, {
      oracle: new Set(target.subarray(0, GATE_TOKENS)),
      saliency: new Set(records[picture].salient),
      random: randomPatches(`${scene.id}/${question.text}`, 576),
    });
  }
  return counter.rows();
}

/** `GATE_TOKENS` different patches of `total`, drawn from a seed text. */
function randomPatches(seed: string, total: number): Set<number> {
  const random = randomSource(textSeed(seed));
  const chosen = new Set<number>();
  while (chosen.size < GATE_TOKENS) chosen.add(random.below(total));
  return chosen;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
