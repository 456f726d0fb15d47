/** @file Yardsticks beside the score, question by question: unchanged answers, and how far the first token's choice has moved. */
import { mean } from "../../../math/index.js";
import { isUnchanged } from "../../agreement/agreement.js";
import { type AnsweredRecord, isAnswered } from "../../run/answer-record.js";
import type { SampleValues } from "./intervals.js";
import type { SampleFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";

/** KL of each answer's first token from all tokens, nats; of runs without `--logits` none. */
export const divergences: SampleValues = (frame, group) => memberMeans(frame, group, ({ kl }) => kl);

/** 100 for an answer as with all tokens, 0 for another. */
export function unchangedAnswers(reference: SettingGroup): SampleValues {
  return (frame, group) => {
    const [rows] = frame.rowsOf(reference);
    return memberMeans(frame, group, (own, i) => {
      const { record: full } = rows[i];
      return isAnswered(full) ? 100 * Number(isUnchanged({ full, own })) : undefined;
    });
  };
}

/** A value of each sample: of several seeds, the mean over those that have one. */
function memberMeans(
  frame: SampleFrame,
  group: SettingGroup,
  measure: (record: AnsweredRecord, place: number) => number | undefined,
): (number | undefined)[] {
  const lists = frame.rowsOf(group);
  return frame.samples.map((_, i) => {
    const records = lists.map((list) => list[i].record).filter(isAnswered);
    const values = records.flatMap((record) => measure(record, i) ?? []);
    return values.length === 0 ? undefined : mean(values);
  });
}
