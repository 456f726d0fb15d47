/** @file Numbers that are not of the run: estimates by arithmetic, and the paper's, kept apart from what was measured. */
import { PAPER_SCORES, PAPER_TASKS, type PaperRow, paperRelative } from "../../numbers/published.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type ColumnOf, foldedSection, paragraph, type Section, tableOf } from "../document.js";
import { decimal, printed, settingName } from "../format.js";

/** Origin of these numbers, said in every caption. */
const ARITHMETIC = "Arithmetic, nothing measured";
const FORMULAS = "Model LLaVA-1.5-7B, by LLM-Viewer's formulas; no data, no machine.";

/** The roofline's estimates at the run's prompt lengths, and the paper's cost table beside them. */
export function arithmeticSection({ roofline, settings, paperCosts }: ReportNumbers): Section {
  return foldedSection("roofline", "LLaVA-1.5-7B on an A100, by arithmetic", [
    paragraph(
      "What prefills of this run's lengths would take in another model on another device, by the roofline model (LLM-Viewer, ",
      { text: "arXiv 2402.16363", href: "https://arxiv.org/abs/2402.16363" },
      "): each operator takes the longer of its arithmetic and its memory traffic. Language model only: neither the vision tower nor the choice of tokens is in it. Short prompts are bound by reading the weights, so time falls less than operations.",
    ),
    tableOf({
      caption: `${ARITHMETIC}: prefill of LLaVA-1.5-7B (fp16) on an NVIDIA A100 40 GB, batch 1, at the run's mean prompt lengths. Bytes moved, not held.`,
      source: FORMULAS,
      rows: roofline.map((row) => ({ ...(settings.find(({ id }) => id === row.setting) as SettingNumbers), ...row })),
      columns: [
        ["setting", settingName],
        ["prompt tokens", ({ tokens }) => String(tokens)],
        ["T operations", ({ teraOperations }) => decimal(teraOperations, 2)],
        ["ms", ({ milliseconds }) => decimal(milliseconds)],
        ["GB moved", ({ memoryGigabytes }) => decimal(memoryGigabytes)],
        ["KV, MB", ({ kvMegabytes }) => decimal(kvMegabytes, 0)],
      ],
    }),
    "The cost table of the paper agrees with the same arithmetic at prompts of 636 tokens (576 visual ones and 60 of text) and of 115 (some 55 and 60). By all signs it is computed too: its memory is bytes moved, and its operations are divided by 2 for 8 bits and by 4 for 4 bits.",
    tableOf({
      caption: `${ARITHMETIC}: the roofline beside what Recoverable Compression (arXiv 2409.01179) prints for LLaVA-1.5-7B on an A100.`,
      source: FORMULAS,
      rows: paperCosts,
      columns: [
        ["bits, prompt", ({ bits, computed }) => `${bits} bits, ${computed.tokens} tokens`],
        ["T ops", ({ computed }) => decimal(computed.teraOperations, 2)],
        ["printed", (row) => printed(row.printed[0])],
        ["ms", ({ computed }) => decimal(computed.milliseconds, 2)],
        ["printed", (row) => printed(row.printed[1])],
        ["GB moved", ({ computed }) => decimal(computed.memoryGigabytes, 2)],
        ["printed", (row) => printed(row.printed[2])],
        ["GB activations", ({ computed }) => decimal(computed.activationGigabytes, 3)],
        ["printed", (row) => printed(row.printed[3])],
      ],
    }),
  ]);
}

/** The paper's scores, marked as what they are. */
export function publishedSection(): Section {
  return foldedSection("published", "What the paper reports", [
    paragraph(
      "Another model and other data than this run's: rankings may be compared, scores may not. From ",
      { text: "Recoverable Compression, arXiv 2409.01179", href: "https://arxiv.org/abs/2409.01179" },
      " and the README of ",
      { text: "its code", href: "https://github.com/banjiuyufen/Recoverable-Compression" },
      ". The relative score is computed here from the printed rows. The paper does not say which POPE number it prints, nor whether MME is the perception part (its size suggests so).",
    ),
    tableOf({
      caption: "Not of this run: scores as printed in arXiv 2409.01179.",
      source: "Model LLaVA-1.5-7B, the real benchmarks; numbers of questions and machine as there.",
      rows: PAPER_SCORES,
      columns: [
        ["method", ({ name }) => name],
        ...PAPER_TASKS.map((task, t): ColumnOf<PaperRow> => [task, ({ scores }) => printed(scores[t])]),
        ["relative, %", (row) => decimal(paperRelative(row))],
      ],
    }),
  ]);
}
