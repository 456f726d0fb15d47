/** @file The paper's table, to compare orders of magnitude with. */
import { PAPER_SCORES, PAPER_TASKS, paperRelative } from "../../numbers/published.js";
import { columns, paragraph, type Section } from "../document.js";
import { decimal, printed } from "../words.js";

/** The paper's scores, marked as what they are. */
export function publishedSection(): Section {
  return {
    id: "published",
    title: "What the paper reports",
    parts: [
      paragraph(
        "Another model and other data than this run's: rankings may be compared, scores may not. From ",
        { text: "Recoverable Compression, arXiv 2409.01179", href: "https://arxiv.org/abs/2409.01179" },
        " and the README of ",
        { text: "its code", href: "https://github.com/banjiuyufen/Recoverable-Compression" },
        ". The relative score is computed here from the printed rows. The paper does not say which POPE number it prints, nor whether MME is the perception part (its size suggests so).",
      ),
      {
        kind: "table",
        caption: "Not of this run: scores as printed in arXiv 2409.01179.",
        source: "Model LLaVA-1.5-7B, the real benchmarks; numbers of questions and machine as there.",
        columns: columns("method", ...PAPER_TASKS, "relative, %"),
        rows: PAPER_SCORES.map((row) => ({
          cells: [row.name, ...row.scores.map(printed), decimal(paperRelative(row))],
        })),
      },
    ],
  };
}
