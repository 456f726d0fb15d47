/** @file The page of `recoup loyalty`: the numbers, the advice, and the worst examples as pictures. One file, no network. */
import type { BreakEven, CellLoyalty, ChangedAnswer, RunState } from "../eval/index.js";
import { escapeXml } from "../viz/index.js";
import { adviceText } from "./advice.js";

/** A changed answer with its picture. */
export interface LoyaltyExample extends ChangedAnswer {
  readonly question: string;
  readonly image: string;
  /** What was kept, drawn over the picture; undefined where it is not known where tokens lie. */
  readonly svg?: string;
}

export interface LoyaltyPage {
  readonly state: RunState;
  readonly cells: readonly CellLoyalty[];
  readonly pays: readonly BreakEven[];
  readonly examples: readonly LoyaltyExample[];
  readonly failed: number;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;color:#1d2330;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:#5b6475;padding-bottom:.4rem}
th,td{padding:.25rem .8rem .25rem 0;text-align:right;border-bottom:1px solid #e3e6ec;white-space:nowrap}
th:first-child,td:first-child{text-align:left}.note{color:#5b6475}
figure{margin:1.5rem 0;border:1px solid #e3e6ec;border-radius:.4rem;padding:1rem;overflow-x:auto}
figcaption{margin-bottom:.6rem}figure svg{max-width:100%;height:auto}`;

export function loyaltyPage({ state, cells, pays, examples, failed }: LoyaltyPage): string {
  const { model, tasks, notes } = state;
  const rows = cells.map(({ cell, kept, answers, unchanged, similarity }) => [
    cell,
    kept.toFixed(1),
    String(answers),
    answers === 0 ? "-" : `${((100 * unchanged) / answers).toFixed(1)} %`,
    similarity.toFixed(3),
  ]);
  const parts = [
    "<h1>Loyalty: the same answers from fewer visual tokens?</h1>",
    `<p>Model ${escapeXml(model.name)}, ${tasks[0].samples} questions. An answer is unchanged if it equals the one from all tokens, case, articles and punctuation aside; similarity is the F1 of their words. Equal is not right: a wrong answer that stays wrong counts as unchanged.</p>`,
    ...notes.map((note) => `<p class="note">${escapeXml(note)}</p>`),
    ...(failed > 0 ? [`<p><strong>${failed} answers failed</strong>; answers.jsonl says why.</p>`] : []),
    table(["method@budget", "tokens", "answers", "unchanged", "similarity"], rows),
    "<h2>Does it pay on this machine?</h2>",
    `<ul>${pays.map((row) => `<li>${escapeXml(adviceText(row))}</li>`).join("")}</ul>`,
    '<p class="note">Medians of measured stage times. Costs: the question\'s vector, the signals, the choice. Savings: projector, splice and prefill.</p>',
    "<h2>Where the answers differ most</h2>",
    ...(examples.length === 0 ? ["<p>None of the answers changed.</p>"] : examples.map(figure)),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Loyalty</title><style>${STYLE}</style></head>
<body>
${parts.join("\n")}
</body></html>
`;
}

function figure({ image, question, full, answer, cell, svg = "" }: LoyaltyExample): string {
  return `<figure><figcaption><strong>${escapeXml(question)}</strong> (${escapeXml(image)})<br>All tokens: “${escapeXml(full)}”. ${escapeXml(cell)}: “${escapeXml(answer)}”.</figcaption>${svg}</figure>`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escapeXml(cell)}</${tag}>`).join("");
  return `<div class="scroll"><table><thead><tr>${cells("th", heads)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("")}</tbody></table></div>`;
}
