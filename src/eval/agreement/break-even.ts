/** @file Whether compression pays on this machine with this model: from measured times of stages, nothing else. */
import { groupBy, refusalFor, shape } from "../../core/index.js";
import { median } from "../../math/index.js";
import { type AnsweredRecord, type AnswerRecord, answerRecordShape, isAnswered } from "../run/answer-record.js";
import { REFERENCE, type Setting, settingShape } from "../run/settings.js";

/** Costs and savings of a setting per question, medians in milliseconds. */
export interface BreakEven {
  /** Id of the setting. */
  readonly setting: string;
  /** Time to the first token, and with all tokens. */
  readonly firstToken: number;
  readonly fullFirstToken: number;
  /** Added time: the text, the signals, the choice, and the part of the tower that only signals need. */
  readonly cost: number;
  /** Saved time before the first token: prefill, projector, splice. */
  readonly saving: number;
  /** Milliseconds that one visual token takes before the first token, from the difference between the two. */
  readonly perToken: number;
  /** Tokens that must go before it pays; undefined where a token costs nothing measurable. */
  readonly tokensToPay?: number;
}

/** Stages that compression adds to, and those that it takes from. */
const ADDED = ["text", "signals", "select"] as const;
const SAVED = ["project", "splice", "prefill"] as const;

const ITERABLE = shape.value("answers", (given) => typeof Object(given)[Symbol.iterator] === "function");
const MEASURED = shape.object({ records: ITERABLE, settings: shape.list(settingShape) });

/** One per setting but the reference. @param records of all settings; failed ones and those without a picture are passed over. */
export function breakEven(records: Iterable<AnswerRecord>, settings: readonly Setting[]): BreakEven[] {
  shape.shaped({ records, settings }, MEASURED, refusalFor("breakEven"));
  const all = shape.shaped([...records], shape.list(answerRecordShape), refusalFor("breakEven"));
  const answers = all.filter(isAnswered).filter(({ tokens }) => tokens.source > 0);
  const bySetting = groupBy(answers, ({ setting }) => setting);
  const full = bySetting.get(REFERENCE);
  if (full === undefined) return [];
  const fullFirstToken = medianOf(full, ({ timings }) => timings.firstToken);
  return settings.flatMap(({ id: setting }): BreakEven[] => {
    const own = bySetting.get(setting);
    if (setting === REFERENCE || own === undefined) return [];
    const firstToken = medianOf(own, ({ timings }) => timings.firstToken);
    const cost = medianOf(own, sumOf(ADDED)) - medianOf(full, sumOf(ADDED));
    const saving = medianOf(full, sumOf(SAVED)) - medianOf(own, sumOf(SAVED));
    const dropped = medianOf(own, ({ tokens }) => tokens.source - tokens.kept);
    const perToken = dropped > 0 ? saving / dropped : 0;
    const tokensToPay = perToken > 0 ? Math.max(0, Math.ceil(cost / perToken)) : undefined;
    return [{ setting, firstToken, fullFirstToken, cost, saving, perToken, tokensToPay }];
  });
}

function medianOf(answers: readonly AnsweredRecord[], value: (answer: AnsweredRecord) => number): number {
  return median(answers.map(value));
}

function sumOf(stages: readonly (keyof AnsweredRecord["timings"])[]) {
  return ({ timings }: AnsweredRecord) => stages.reduce((total, stage) => total + timings[stage], 0);
}
