/** @file Answers that stay as with all tokens: a section of the report, and the page of a run on own questions. */
import { ROLE_COLORS } from "../../../../viz/index.js";
import type { ChangedAnswer, SettingAgreement } from "../../../agreement/agreement.js";
import type { BreakEven } from "../../../agreement/break-even.js";
import type { RunState } from "../../../run/run-folder.js";
import { REFERENCE } from "../../../run/settings.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Bar, barChart } from "../charts/bars.js";
import { type Part, type ReportDocument, type Section, section, tableOf } from "../document.js";
import { besideFull, decimal, modelName, settingName, unchangedShare, whole } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

const TURNS = [
  { name: "right to wrong", color: ROLE_COLORS.text },
  { name: "wrong to right", color: ROLE_COLORS.visual },
];

/** Agreement over all tasks, and by task. Undefined where nothing is compared. */
export function agreementSection(numbers: ReportNumbers): Section | undefined {
  const others = numbers.settings.filter(({ id }) => id !== REFERENCE);
  if (others.length === 0) return undefined;
  const spec = barChart({ parts: TURNS, bars: others.map(turnsBar), title: "% of the questions" });
  return section("agreement", "Answers that change", [
    "An answer is unchanged if it equals the one with all tokens after VQA's normalization (case, articles, punctuation). Of several seeds, turns are the mean.",
    runChart(numbers, "Answers that turn from right to wrong and from wrong to right, of all questions.", [
      { words: "Turned answers of each setting; the table below has the numbers.", spec },
    ]),
    settingTable(numbers, {
      caption: "Answers beside those with all tokens.",
      rows: others,
      columns: [
        ["compared", (setting) => decimal(besideFull(setting).answered, 0)],
        ["unchanged", (setting) => unchangedShare(besideFull(setting))],
        ["right to wrong", (setting) => turns(setting, "rightToWrong")],
        ["wrong to right", (setting) => turns(setting, "wrongToRight")],
        ...numbers.tasks.map(
          ({ id }, t): SettingColumn => [`unchanged, ${id}`, ({ tasks }) => unchangedShare(tasks[t].agreement)],
        ),
      ],
    }),
  ]);
}

function turnsBar(setting: SettingNumbers): Bar {
  const { rightToWrong, wrongToRight, samples } = besideFull(setting);
  const [worse, better] = [(100 * rightToWrong) / samples, (100 * wrongToRight) / samples];
  return { name: settingName(setting), values: [-worse, better], left: decimal(worse), right: decimal(better) };
}

/** Of several seeds a mean, which need not be whole. */
function turns(setting: SettingNumbers, turn: "rightToWrong" | "wrongToRight"): string {
  return decimal(besideFull(setting)[turn], setting.members.length > 1 ? 1 : 0);
}

/** A changed answer with its picture. */
export interface AgreementExample extends ChangedAnswer {
  readonly question: string;
  readonly image: string;
  /** The kept tokens, drawn over the picture; undefined where it is not known where tokens lie. */
  readonly svg?: string;
}

/** A run on own questions. */
export interface AgreementRun {
  readonly state: Pick<RunState, "model" | "tasks" | "notes">;
  readonly settings: readonly SettingAgreement[];
  /** Costs and savings of each setting. */
  readonly pays: readonly BreakEven[];
  /** The answers that changed most. */
  readonly examples: readonly AgreementExample[];
  /** Number of failed answers. */
  readonly failed: number;
}

/** The page of a run on own questions: agreement, whether compression pays, and the worst examples as pictures. */
export function agreementDocument({ state, settings, pays, examples, failed }: AgreementRun): ReportDocument {
  const questions = state.tasks.reduce((sum, { samples }) => sum + samples, 0);
  const about = `Model ${modelName({ run: state })}. ${whole(questions)} questions.`;
  return {
    title: "Agreement: the same answers from fewer visual tokens?",
    about,
    notes: [
      ...state.notes,
      ...(failed > 0 ? [`${failed} ${failed === 1 ? "answer" : "answers"} failed; answers.jsonl says why.`] : []),
    ],
    summary: settings.map(
      (own) =>
        `${own.setting}: ${unchangedShare(own)} of the answers are those of all tokens, from ${decimal(own.kept)} tokens.`,
    ),
    sections: [
      section("agreement", "Answers that stay", [
        "An answer is unchanged if it equals the one from all tokens, case, articles and punctuation aside; similarity is the F1 of their words. Equal is not right: a wrong answer that stays wrong counts as unchanged.",
        tableOf({
          caption: "Answers beside those with all tokens.",
          source: about,
          rows: settings,
          columns: [
            ["setting", ({ setting }) => setting],
            ["tokens", ({ kept }) => decimal(kept)],
            ["answers", ({ answered }) => whole(answered)],
            ["unchanged", unchangedShare],
            ["similarity", ({ similarity }) => decimal(similarity, 3)],
          ],
        }),
      ]),
      section("pays", "Does it pay on this machine?", [
        { kind: "list", items: pays.map(adviceText) },
        "Medians of measured stage times. Costs: the question's vector, the signals, the choice. Savings: projector, splice and prefill.",
      ]),
      section(
        "examples",
        "Where the answers differ most",
        examples.length === 0 ? ["None of the answers changed."] : examples.map(figure),
      ),
    ],
  };
}

function figure({ image, question, full, answer, setting, svg = "" }: AgreementExample): Part {
  return { kind: "figure", caption: `${question} (${image}) All tokens: “${full}”. ${setting}: “${answer}”.`, svg };
}

/** Whether a setting pays, in a sentence. */
export function adviceText({ setting, firstToken, fullFirstToken, cost, saving, tokensToPay }: BreakEven): string {
  const ratio = firstToken / fullFirstToken;
  const facts = `first token after ${firstToken.toFixed(0)} ms instead of ${fullFirstToken.toFixed(0)} ms (x ${ratio.toFixed(2)}); it costs ${cost.toFixed(1)} ms and saves ${saving.toFixed(1)} ms`;
  const verdict = saving > cost ? "pays" : "does not pay on this machine";
  const even = tokensToPay === undefined ? "" : `; it breaks even at ${tokensToPay} dropped tokens`;
  return `${setting} ${verdict}: ${facts}${even}.`;
}
