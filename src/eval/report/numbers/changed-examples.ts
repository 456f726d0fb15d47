/** @file Answers that turned, as examples: the questions that most settings turn, told by one setting each. */
import { groupBy } from "../../../core/index.js";
import { type AnsweredRecord, isAnswered } from "../../run/answer-record.js";
import type { KeptSample } from "../../run/run-folder.js";
import { RIGHT } from "../../stats/mcnemar.js";
import type { Row, TaskFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";

/** An answer that is another one than with all tokens. */
export interface ChangedExample extends Pick<KeptSample, "image"> {
  /** Id of the task, and the sample's `docId`. */
  readonly task: string;
  readonly doc: number;
  /** Id of the setting. */
  readonly setting: string;
  /** Undefined where there is no truth to turn from. */
  readonly turn?: "right to wrong" | "wrong to right";
  /** Undefined in runs that did not write it down. */
  readonly question?: string;
  readonly truth?: string;
  /** The answer with all tokens, and the setting's own. */
  readonly full: string;
  readonly answer: string;
  /** Visual tokens before and after. */
  readonly tokens: Pick<AnsweredRecord["tokens"], "source" | "kept">;
  readonly cells?: AnsweredRecord["cells"];
}

/** Examples of a report, and how many of them lost the right answer: two rows of pictures on a wide page. */
const COUNTS = { all: 8, lost: 5 } as const;

/** Longest question, truth or answer: a page shows the gist. */
const LONGEST = 300;

/** Turned answers of methods' settings, one per question: those that were lost first, then those that were won. */
export function changedExamples(
  frames: readonly TaskFrame[],
  groups: readonly SettingGroup[],
  reference: SettingGroup,
): ChangedExample[] {
  const turned = frames.flatMap((frame) => turnedRows(frame, groups, reference));
  const [lost, won] = (["right to wrong", "wrong to right"] as const).map((turn) =>
    ranked(turned.filter((each) => each.turn === turn)),
  );
  const lostCount = Math.max(COUNTS.lost, COUNTS.all - won.length);
  const chosen = [...spreadOverSettings(lost.slice(0, lostCount))];
  return [...chosen, ...spreadOverSettings(won.slice(0, COUNTS.all - chosen.length))];
}

function turnedRows(frame: TaskFrame, groups: readonly SettingGroup[], reference: SettingGroup): ChangedExample[] {
  const [full] = frame.rowsOf(reference);
  return groups
    .filter(({ role }) => role === "method")
    .flatMap((group) =>
      frame.rowsOf(group).flatMap((rows, m) =>
        rows.flatMap((row, i): ChangedExample[] => {
          const was = full[i].score >= RIGHT;
          const turn = was ? "right to wrong" : "wrong to right";
          const made = was === row.score >= RIGHT ? undefined : example(full[i], row);
          return made === undefined ? [] : [{ ...made, turn, task: frame.task.id, setting: group.members[m] }];
        }),
      ),
    );
}

function example(full: Row, { sample, record }: Row): Omit<ChangedExample, "task" | "setting" | "turn"> | undefined {
  if (!isAnswered(record) || !isAnswered(full.record)) return undefined;
  const { docId: doc, image, relevanceText, question = relevanceText, target } = sample;
  const { source, kept } = record.tokens;
  return {
    doc,
    image,
    question: question === undefined ? undefined : gist(relevanceText ?? question),
    truth: gist(target),
    full: gist(full.record.text),
    answer: gist(record.text),
    tokens: { source, kept },
    cells: record.cells,
  };
}

/** The gist of a text. */
export function gist(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** By question, those that most settings turn first; ties in the run's order. */
function ranked(turned: readonly ChangedExample[]): ChangedExample[][] {
  const questions = [...groupBy(turned, ({ task, doc }) => `${task} ${doc}`).values()];
  return questions.sort((a, b) => b.length - a.length);
}

/** One of each question's settings: that with the fewest examples so far. */
function* spreadOverSettings(questions: readonly (readonly ChangedExample[])[]): Generator<ChangedExample> {
  const used = new Map<string, number>();
  for (const options of questions) {
    const chosen = options.reduce((a, b) => ((used.get(b.setting) ?? 0) < (used.get(a.setting) ?? 0) ? b : a));
    used.set(chosen.setting, (used.get(chosen.setting) ?? 0) + 1);
    yield chosen;
  }
}
