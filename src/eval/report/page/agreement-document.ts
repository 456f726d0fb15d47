/** @file The page of a run without right answers: which settings give the same answers, and whether they are faster. */
import type { AgreementNumbers, ComparedSetting } from "../../agreement/agreement-numbers.js";
import { REFERENCE } from "../../run/settings.js";
import { weakTextSentence } from "../../run/text-signal.js";
import { untoldSentences } from "../../run/told.js";
import { scoreTokensChart } from "./charts/score-tokens.js";
import {
  type Cell,
  type Chart,
  type ColumnOf,
  type Part,
  partsOf,
  type ReportDocument,
  section,
  type Table,
  tableOf,
} from "./document.js";
import {
  counted,
  decimal,
  KL_DIGITS,
  modelName,
  NONE,
  range,
  speed,
  speedWords,
  unchangedShare,
  whole,
} from "./format.js";
import { settingCell } from "./methods-words.js";
import { machineFacts, toldFacts } from "./report-document.js";
import { type ExamplePictures, examplesSection, NO_PICTURES } from "./sections/examples.js";
import { intervalCells, percentShare } from "./sections/interval-cells.js";
import { agreementTermsSection } from "./sections/terms.js";

/** A run without right answers as a document. @param pictures of its examples. */
export function agreementDocument(numbers: AgreementNumbers, pictures: ExamplePictures = NO_PICTURES): ReportDocument {
  const { run, questions, pictures: count, settings, failed, examples } = numbers;
  const summary = settings.filter(({ role }) => role === "method").map(verdictText);
  const weak = weakTextSentence(numbers.textSignal);
  const list: Part = { kind: "list", items: summary };
  const reference = { method: "none", role: "reference" } as const;
  return {
    title: "Agreement: the same answers from fewer visual tokens?",
    facts: [
      ["Model", modelName({ run })],
      ["Data", `own questions: ${whole(questions)} about ${counted(count, "picture")}`],
      ...toldFacts(run.told),
      ...machineFacts(run.machine),
    ],
    notes: [
      ...run.notes,
      ...(weak === undefined ? [] : [weak]),
      ...untoldSentences(settings.map(({ setting, told }) => [setting, told])),
      ...(failed > 0 ? [`${failed} ${failed === 1 ? "answer" : "answers"} failed; answers.jsonl says why.`] : []),
    ],
    summary,
    sections: [
      section("agreement", "All settings by agreement", [mainTable(numbers), leftOutText(run.leftOut)], {
        aside: partsOf([agreementChart(numbers), list]),
      }),
      examplesSection(examples, pictures, "Where the answers differ most"),
      agreementTermsSection([reference, ...settings]),
    ],
  };
}

/** How many answers stay with a setting and whether it is faster on this machine, in a sentence. */
export function verdictText(own: ComparedSetting): string {
  const { setting, kept, answered, pays } = own;
  if (answered === 0) return `${setting}: nothing to compare, no question was answered both ways.`;
  const { interval } = percentShare(own);
  const same = `${setting}: ${unchangedShare(own)} of the answers stay (95 % interval ${range(interval)}, Wilson), from ${decimal(kept)} tokens`;
  if (pays === undefined) return `${same}.`;
  const { firstToken, fullFirstToken, cost, saving, tokensToPay } = pays;
  const times = `${decimal(firstToken, 0)} ms instead of ${decimal(fullFirstToken, 0)} ms`;
  const even = tokensToPay === undefined ? "" : `; it breaks even at ${counted(tokensToPay, "dropped token")}`;
  return `${same}; ${speedWords(fullFirstToken, firstToken)}: ${times}. The choice costs ${decimal(cost)} ms and saves ${decimal(saving)} ms${even}.`;
}

function leftOutText(leftOut: readonly string[]): string | undefined {
  return leftOut.length === 0 ? undefined : `Not asked: ${leftOut.join("; ")}.`;
}

type Row = Partial<ComparedSetting> & Pick<ComparedSetting, "setting" | "method" | "role">;

/** The interval is shown when pointed at: a column of it has no room. */
function klCell({ role, kl: value, klInterval: interval }: Row): Cell {
  if (role === "reference") return "";
  const note = interval && `95 % interval ${range(interval, KL_DIGITS)}`;
  return { text: decimal(value, KL_DIGITS), value, ...(note !== undefined && { note }) };
}

function mainTable({ settings, reference }: AgreementNumbers): Table {
  const full: Row = { setting: REFERENCE, method: "none", role: "reference", kept: reference.tokens };
  const share = ({ unchanged = 0, answered = 0 }: Row) => (answered === 0 ? undefined : (100 * unchanged) / answered);
  const rows: Row[] = [full, ...settings.toSorted((a, b) => (share(b) ?? -1) - (share(a) ?? -1))];
  const hasKl = settings.some(({ kl }) => kl !== undefined);
  const firstToken = ({ role, pays }: Row) => (role === "reference" ? reference.firstToken : pays?.firstToken);
  return tableOf<Row>({
    caption: `Tokens: mean of a picture. Same answers: as with all tokens, with Wilson's 95 % interval. First token: median, and how many times faster than with all tokens.${hasKl ? " KL: of the first token, nats, from all tokens to these." : ""} ${NONE}: nothing to compare.`,
    rows,
    sortedBy: 2,
    columns: [
      [
        "setting",
        ({ setting: id, method, role }) =>
          settingCell({ id, method, members: [id] }, role === "control" ? role : undefined),
      ],
      ["tokens", ({ kept }) => ({ text: decimal(kept), value: kept })],
      [
        "same answers",
        (row) =>
          row.role === "reference"
            ? ""
            : { text: unchangedShare({ unchanged: 0, answered: 0, ...row }), value: share(row) },
      ],
      intervalCells(rows, (row) => percentShare({ unchanged: 0, answered: 0, ...row })),
      ["compared", ({ answered }) => (answered === undefined ? "" : whole(answered))],
      [
        "similarity",
        ({ similarity }) => (similarity === undefined ? "" : { text: decimal(similarity, 3), value: similarity }),
      ],
      ...(hasKl ? [["KL", klCell] satisfies ColumnOf<Row>] : []),
      ["first token, ms", (row) => ({ text: decimal(firstToken(row), 0), value: firstToken(row) })],
      ["faster", (row) => speed(reference.firstToken, firstToken(row))],
    ],
  });
}

function agreementChart({ settings, reference }: AgreementNumbers): Chart | undefined {
  const { tokens } = reference;
  if (tokens === undefined) return undefined;
  const full = {
    id: REFERENCE,
    name: REFERENCE,
    method: "none",
    budget: "all",
    role: "reference",
    relative: 100,
    tokens: { mean: tokens },
  } as const;
  const plotted = settings.map(({ setting: id, name, method, budget, role, kept, ...own }) => {
    const { value: relative, interval } = percentShare(own);
    return { id, name, method, budget, role, relative, interval, tokens: { mean: kept } };
  });
  const spec = scoreTokensChart([full, ...plotted], [], { title: "same answers as with all tokens, %" });
  if (spec === undefined) return undefined;
  const words = "Share of the same answers against visual tokens; the table has the numbers.";
  return {
    kind: "chart",
    caption:
      "Same answers against visual tokens, 95 % intervals as bars; points at one number of tokens stand side by side.",
    panels: [{ words, spec }],
  };
}
