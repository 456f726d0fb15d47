/** @file The module that `recoup method init` writes: a method to change, which keeps the contract as it is. */

/** A text of the template that differs between the two kinds. */
interface Kind {
  readonly define: string;
  readonly summary: string;
  readonly retain: string;
  readonly count: string;
}

const FIXED: Kind = {
  define: "defineMethod",
  summary: "tokens that the question points at and that are unlike those kept already",
  retain: "  // retain: how many tokens to keep, from 1 to table.count - 1.",
  count: "",
};

const DYNAMIC: Kind = {
  define: "defineDynamicMethod",
  summary: "tokens that the question points at and that are unlike those kept already; finds its own number of rows",
  retain: "  // retain: how many tokens to keep, from 1 to table.count - 1; undefined where the method decides.",
  count: `
    const mean = relevance.reduce((sum, value) => sum + value, 0) / table.count;
    // Without a budget: as many tokens as are clearly more relevant than the mean.
    const found = Math.max(1, relevance.filter((value) => value > mean + 0.2).length);`,
};

/** The module's text. @param id of the method in it. */
export function methodTemplate(id: string, dynamic: boolean): string {
  const { define, summary, retain, count } = dynamic ? DYNAMIC : FIXED;
  const rows = dynamic ? "retain ?? found" : "retain";
  return `/**
 * A method of my own. Change choose() and see: recoup method check FILE, then recoup eval --methods ./FILE.
 *
 * A method looks at a table of N tokens and returns a plan: which rows come out, made of which tokens.
 */
import { InvalidInputError } from "recoup";
import { ${define}, orderRows, ownRow, shape } from "recoup/methods";

export default ${define}({
  id: ${JSON.stringify(id)},
  summary: ${JSON.stringify(summary)},
  reference: "my own",
  // Signals that it reads: features, keys, clsAttention, textSimilarity, wordSimilarity, grid. A model without one is refused.
  needs: ["features", "textSimilarity"],
  // Options beside the budget: shape, meaning, default. On the command line: --methods ./FILE:alpha=0.3
  options: {
    alpha: shape.described(shape.range(0, 1), "weight of the question beside being unlike the kept tokens", 0.5),
  },
${retain}
  choose({ table, retain, kernels }, { alpha }) {
    const relevance = zeroToOne(table.textSimilarity, table.textPolarity);${count}
    const kept = kernels.withRows(table.features, (rows) => pick(rows, relevance, alpha, ${rows}));
    // Each kept token is a row of its own; { role: "merged", anchor, sources, weights } would be a weighted sum of several.
    return orderRows(kept.map((id) => ownRow("visual", id)), table.count, "grid");
  },
});

/** Similarities from 0 to 1. textPolarity is -1 for models in which tokens that show what the text names score low. */
function zeroToOne(similarity, polarity) {
  const scores = Float64Array.from(similarity, (value) => polarity * value);
  const low = scores.reduce((least, value) => Math.min(least, value), Infinity);
  const high = scores.reduce((most, value) => Math.max(most, value), -Infinity);
  return scores.map((value) => (high > low ? (value - low) / (high - low) : 0));
}

/** One token after the other: the one with most relevance and least likeness to those before. Equal ones: the lower id. */
function pick(rows, relevance, alpha, count) {
  const { count: tokens } = rows;
  const ids = Uint32Array.from({ length: tokens }, (_, id) => id);
  const norms = new Float32Array(tokens);
  rows.squaredNorms(norms);
  // Squares of features from 1.8e19 on, which float32 does not hold: no cosine can be had of them.
  if (norms.includes(Infinity)) throw new InvalidInputError({ operation: "pick", problem: "the features are too large" });
  const likeness = new Float64Array(tokens).fill(-1);
  const dots = new Float32Array(tokens);
  const kept = [];
  while (kept.length < count) {
    let best = -1;
    let most = -Infinity;
    for (let id = 0; id < tokens; id++) {
      const gain = alpha * relevance[id] - (1 - alpha) * likeness[id];
      if (gain > most && !kept.includes(id)) [best, most] = [id, gain];
    }
    kept.push(best);
    rows.dots([best], ids, dots);
    for (let id = 0; id < tokens; id++) {
      const length = Math.sqrt(norms[best]) * Math.sqrt(norms[id]);
      likeness[id] = Math.max(likeness[id], length > 0 ? dots[id] / length : 0);
    }
  }
  return kept;
}
`;
}
