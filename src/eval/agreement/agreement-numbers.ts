/** @file All numbers of a run without right answers: how many answers stay, how fast the first token is, and examples. */
import { groupBy, type Told } from "../../core/index.js";
import { median } from "../../math/index.js";
import type { TextSignal } from "../../methods/index.js";
import { type ChangedExample, gist } from "../report/numbers/changed-examples.js";
import { settingGroups } from "../report/numbers/setting-groups.js";
import { type AnswerRecord, isAnswered, keyText, type Records } from "../run/answer-record.js";
import type { KeptSample, RunMachine, RunState } from "../run/run-folder.js";
import { REFERENCE, type Setting } from "../run/settings.js";
import { textSignalOf } from "../run/text-signal.js";
import { toldOfAnswers } from "../run/told.js";
import { agreement, type ChangedAnswer, type SettingAgreement, worstExamples } from "./agreement.js";
import { type BreakEven, breakEven } from "./break-even.js";

/** A run without right answers whose questions are all answered. */
export interface AgreementRun {
  readonly state: RunState;
  /** Undefined where the run wrote none. */
  readonly machine?: RunMachine;
  readonly samples: readonly KeptSample[];
  readonly records: Records;
}

/** A setting beside all tokens, with its costs. */
export interface ComparedSetting extends SettingAgreement, Pick<Setting, "method" | "budget" | "role"> {
  /** Its name at any budget. */
  readonly name: string;
  /** What the decoder was told of the rows; undefined where no answer says. */
  readonly told?: Told;
  /** Undefined where no answer of it, or none with all tokens, is about a picture. */
  readonly pays?: BreakEven;
}

/** Everything that the page of a run without right answers shows, as data. */
export interface AgreementNumbers {
  readonly format: "recoup-agreement";
  readonly version: 1;
  readonly run: Pick<RunState, "model" | "told" | "notes" | "leftOut"> & { readonly machine?: RunMachine };
  readonly questions: number;
  /** Distinct pictures. */
  readonly pictures: number;
  /** With all tokens: their mean number, and the median milliseconds to the first token; undefined without an answer. */
  readonly reference: { readonly tokens?: number; readonly firstToken?: number };
  readonly settings: readonly ComparedSetting[];
  /** All answers that changed. */
  readonly changed: readonly ChangedAnswer[];
  /** Failed answers. */
  readonly failed: number;
  /** What the text similarity is worth; undefined where fewer than ten questions were asked with one. */
  readonly textSignal: TextSignal | undefined;
  /** The answers of methods that changed most. */
  readonly examples: readonly ChangedExample[];
}

/** Examples of a page without another wish. */
const EXAMPLES = 6;

/** The numbers of a run without right answers. @param options `examples`: so many at most. */
export function agreementNumbers(
  { state, machine, samples, records }: AgreementRun,
  { examples = EXAMPLES }: { readonly examples?: number } = {},
): AgreementNumbers {
  const [{ id: task }] = state.tasks;
  const { settings, changed } = agreement(records, { task, samples, settings: state.settings });
  const pays = new Map(breakEven(records.values(), state.settings).map((own) => [own.setting, own]));
  const facts = new Map(state.settings.map((setting) => [setting.id, setting]));
  const all = [...records.values()];
  const full = all.filter(isAnswered).filter(({ setting, tokens }) => setting === REFERENCE && tokens.source > 0);
  const bySetting = groupBy(all, ({ setting }) => setting);
  const { model, told, notes, leftOut } = state;
  return {
    format: "recoup-agreement",
    version: 1,
    run: { model, told, notes, leftOut, machine },
    questions: samples.length,
    pictures: new Set(samples.map(({ picture, docId }) => picture ?? docId)).size,
    reference:
      full.length === 0
        ? {}
        : {
            tokens: full.reduce((sum, { tokens }) => sum + tokens.source, 0) / full.length,
            firstToken: median(full.map(({ timings }) => timings.firstToken)),
          },
    settings: settings.map((own): ComparedSetting => {
      const { method, budget, role } = facts.get(own.setting) as Setting;
      const [{ name }] = settingGroups([facts.get(own.setting) as Setting]);
      const told = toldOfAnswers(bySetting.get(own.setting) ?? []);
      return { ...own, method, budget, role, name, told, pays: pays.get(own.setting) };
    }),
    changed,
    failed: all.filter((record) => !isAnswered(record)).length,
    textSignal: textSignalOf(all),
    examples: worstExamples(
      changed.filter(({ setting }) => facts.get(setting)?.role === "method"),
      examples,
    ).map((each) => example(each, task, samples, records)),
  };
}

function example(
  { doc, setting, full, answer }: ChangedAnswer,
  task: string,
  samples: readonly KeptSample[],
  records: Records,
): ChangedExample {
  const sample = samples.find(({ docId }) => docId === doc);
  const record = records.get(keyText({ task, doc, setting })) as Extract<AnswerRecord, { readonly text: string }>;
  const { source, kept } = record.tokens;
  const question = sample?.question === undefined ? undefined : gist(sample.question);
  const texts = { question, full: gist(full), answer: gist(answer) };
  return { task, doc, setting, image: sample?.image, ...texts, tokens: { source, kept }, cells: record.cells };
}
