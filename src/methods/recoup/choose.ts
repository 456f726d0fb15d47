/** @file Which tokens stay: a greedy choice between what the question points at, what is typical, and what is like nothing else. */
import { type ResidentRows, topK } from "../../math/index.js";
import { type Coverage, openCoverage } from "../shared/max-coverage.js";
import type { TextEvidence } from "./evidence.js";

/** How much the question counts. */
export interface Weights {
  /** Most of the rows, 0 to 1, that are chosen for the text at full confidence. */
  readonly textRows: number;
  /** Share of the loss that is of the tokens which the text points at, 0 to 1, at full confidence. */
  readonly textShare: number;
  /** 1 - cosine at which a token represents another by 1 / e in the text's term. */
  readonly tau: number;
}

/** The chosen tokens, in order of choice, and to which of them each token belongs. */
export interface Choice {
  /** Source ids, `[K]`. */
  readonly picked: Uint32Array;
  /** Whether the question is why it was picked, `[K]`. */
  readonly isText: Uint8Array;
  /** For each token the position in `picked` of what is most like it, `[N]`: itself where it is picked. */
  readonly nearest: Uint32Array;
}

/** Most tokens that the text's term looks at, those of highest evidence: more than any thing that is asked about. */
const MOST_POINTED = 128;

/** Tokens that stand for the picture, evenly spaced: 64 did as well on drawings, photographs have more to them. */
const LANDMARKS = 128;

/**
 * Gains that differ by less, as a share of the whole loss, are equal: float32 cosines are no finer. Two tokens that stand for each other alone
 * gain the same, and so does every token once all are covered.
 */
const TIE = 1e-7;

/**
 * Coverage rows that are typical before any is distinctive. Without text all later ones are: anything may be asked about, and what is small is
 * like nothing else (first token's loss at 58 rows a sixth of that with every second). Beside trusted text it made no difference.
 */
const TYPICAL_ROWS = 6;

/**
 * Picks one token after the other.
 *
 * Each is the one that adds most to λ Σ_T q_i max_S exp(-(1 - cos_is) / tau) + (1 - λ) / M Σ_m max_S (1 + cos_ms) / 2. T are the tokens with
 * evidence, q their shares of it, λ = textShare · confidence, and m the landmarks. The text's term counts only while fewer picks than
 * textRows · confidence · (t + 1) lie in T. Other picks are coverage. Of those after the sixth a share of 1 - confidence / 2 is
 * distinctive: the token whose largest cosine to all picks is least. Ties (see `TIE`) go to the lower id. The order does not
 * depend on how many are asked for.
 *
 * @param rows of norm 1.
 */
export function chooseTokens(rows: ResidentRows, evidence: TextEvidence, retain: number, weights: Weights): Choice {
  const { confidence } = evidence;
  const greedy = new Greedy(rows, evidence, weights);
  const likeness = new Likeness(rows);
  const picked = new Uint32Array(retain);
  const isText = new Uint8Array(retain);
  let coverageRows = 0;
  let distinctive = 0;
  for (let t = 0; t < retain; t++) {
    const countsText = greedy.inText < weights.textRows * confidence * (t + 1);
    let best = greedy.best(countsText);
    isText[t] = Number(countsText && greedy.pointsAt(best));
    if (!isText[t]) {
      coverageRows++;
      if ((1 - confidence / 2) * (coverageRows - TYPICAL_ROWS) >= distinctive + 1) {
        distinctive++;
        best = likeness.leastLike();
      }
    }
    picked[t] = best;
    greedy.accept(best);
    likeness.add(best);
  }
  return { picked, isText, nearest: likeness.nearest() };
}

/** The rows that a conversation has. */
export interface HeldRows {
  /** Ids of tokens with rows of their own. */
  readonly own: ArrayLike<number>;
  /** Ids of anchors whose rows stand for others, too: they count as picks, but may come back as rows of their own. */
  readonly merged: ArrayLike<number>;
}

/**
 * Picks for a new question on top of rows that are there, in order of choice: the same greedy choice with `held` as its first picks, of which only
 * the text's are new rows, until textRows · confidence · retain rows lie in T. None where the question points at nothing, or
 * where these rows are there.
 *
 * @param rows of norm 1.
 */
export function chooseRecovered(
  rows: ResidentRows,
  evidence: TextEvidence,
  retain: number,
  weights: Weights,
  held: HeldRows,
): number[] {
  const greedy = new Greedy(rows, evidence, weights);
  for (const id of Array.from(held.merged)) greedy.stand(id);
  for (const id of Array.from(held.own)) greedy.accept(id);
  const picked: number[] = [];
  while (greedy.inText < weights.textRows * evidence.confidence * retain) {
    const best = greedy.bestOfText();
    if (best === undefined) break;
    picked.push(best);
    greedy.accept(best);
  }
  return picked;
}

/** What each token would add to the two terms, by what has been picked. */
class Greedy {
  /** Picks that the text points at, each once. */
  private readonly pickedOfText = new Set<number>();
  /** What each token would add to the picture's term, `[N]`; -Infinity of those accepted. */
  private readonly gains: Float64Array;
  private readonly cover: (id: number) => void;
  private readonly text: ReturnType<typeof openText>;

  constructor(rows: ResidentRows, evidence: TextEvidence, { textShare, tau }: Weights) {
    const trust = textShare * evidence.confidence;
    this.text = openText(rows, evidence, trust, tau);
    this.gains = new Float64Array(rows.count);
    this.cover = openCoverage(pictureTerm(rows, 1 - trust), this.gains);
  }

  /** The token that adds most, with the text's term or without. */
  best(countsText: boolean): number {
    return firstLargest(countsText ? this.text.added(this.gains) : this.gains);
  }

  /** The token that adds most of those that the text points at; undefined where all of them are picked. */
  bestOfText(): number | undefined {
    const both = this.text.added(this.gains);
    const open = both.map((gain, id) => (this.pointsAt(id) ? gain : -Infinity));
    const best = firstLargest(open);
    return open[best] === -Infinity ? undefined : best;
  }

  /** How many picks the text points at. */
  get inText(): number {
    return this.pickedOfText.size;
  }

  pointsAt(id: number): boolean {
    return this.text.slotOf[id] >= 0;
  }

  /** Takes a token as a row of its own. */
  accept(id: number): void {
    this.cover(id);
    this.gains[id] = -Infinity;
    if (this.text.cover(id)) this.pickedOfText.add(id);
  }

  /** Takes a token as one whose row stands for others, too: it covers its part of the picture, and not of what the text points at. */
  stand(id: number): void {
    this.cover(id);
    if (this.pointsAt(id)) this.pickedOfText.add(id);
  }
}

/** The tokens of highest evidence above 0, ascending. */
function pointedAt(scores: Float64Array): Uint32Array {
  const some = scores.reduce((sum, score) => sum + Number(score > 0), 0);
  return topK(Float32Array.from(scores), Math.min(MOST_POINTED, some)).sort();
}

/** How well tokens stand for the landmarks of the picture. */
function pictureTerm(rows: ResidentRows, weight: number): Coverage {
  const { count } = rows;
  const landmarks = Math.min(LANDMARKS, count);
  const ids = Uint32Array.from({ length: landmarks }, (_, l) => Math.floor(((l + 0.5) * count) / landmarks));
  const values = cosinesBetween(rows, ids, allIds(count));
  // Halves of cosines from -1 on are halves of 1 + cosine from 0 on.
  return { values, weights: new Float64Array(landmarks).fill(weight / landmarks / 2), uncovered: -1 };
}

/** How well the tokens that the text points at stand for each other. */
function openText(rows: ResidentRows, { scores, confidence }: TextEvidence, trust: number, tau: number) {
  const pointed = confidence > 0 ? pointedAt(scores) : new Uint32Array(0);
  const slotOf = new Int32Array(rows.count).fill(-1);
  pointed.forEach((id, slot) => {
    slotOf[id] = slot;
  });
  const values = cosinesBetween(rows, pointed, pointed).map((cosine) => Math.exp((cosine - 1) / tau));
  const total = pointed.reduce((sum, id) => sum + scores[id], 0);
  const weights = Float64Array.from(pointed, (id) => (trust * scores[id]) / total);
  const own = new Float64Array(pointed.length);
  const accept = openCoverage({ values, weights, uncovered: 0 }, own);
  return {
    /** Place of each token among those that the text points at, -1 of others, `[N]`. */
    slotOf,
    /** The gains with those of this term, which only the tokens in it have. */
    added(gains: Float64Array): Float64Array {
      const both = gains.slice();
      for (let slot = 0; slot < pointed.length; slot++) both[pointed[slot]] += own[slot];
      return both;
    },
    /** Accepts a pick. @returns whether the text points at it. */
    cover(id: number): boolean {
      if (slotOf[id] >= 0) accept(slotOf[id]);
      return slotOf[id] >= 0;
    },
  };
}

/** The lowest id of those whose gain ties with the largest. */
function firstLargest(gains: Float64Array): number {
  let most = gains[0];
  for (let id = 1; id < gains.length; id++) if (gains[id] > most) most = gains[id];
  let first = 0;
  while (gains[first] < most - TIE) first++;
  return first;
}

/** How like each token is to its nearest pick; picks are compared together, when somebody asks. */
class Likeness {
  private readonly picked: number[] = [];
  private readonly cosineTo: Float32Array;
  private readonly belongsTo: Uint32Array;
  private readonly all: Uint32Array;
  private compared = 0;

  constructor(private readonly rows: ResidentRows) {
    const { count } = rows;
    this.cosineTo = new Float32Array(count).fill(-Infinity);
    this.belongsTo = new Uint32Array(count);
    this.all = allIds(count);
  }

  add(id: number): void {
    this.picked.push(id);
  }

  /** The token whose largest cosine to all picks is least, of those that are none. */
  leastLike(): number {
    this.compare();
    const { cosineTo } = this;
    let least = 0;
    for (let token = 1; token < cosineTo.length; token++) if (cosineTo[token] < cosineTo[least]) least = token;
    return least;
  }

  /** The position of the nearest pick of each token, of equally near ones that of the lower id. */
  nearest(): Uint32Array {
    this.compare();
    return this.belongsTo;
  }

  private compare(): void {
    const ids = this.picked.slice(this.compared);
    const { cosineTo, belongsTo, all } = this;
    const values = cosinesBetween(this.rows, ids, all);
    for (let r = 0; r < ids.length; r++) {
      for (let token = 0; token < all.length; token++) {
        const cosine = values[r * all.length + token];
        const best = cosineTo[token];
        if (cosine < best || (cosine === best && ids[r] > this.picked[belongsTo[token]])) continue;
        cosineTo[token] = cosine;
        belongsTo[token] = this.compared + r;
      }
    }
    // A pick is its own, and nothing is nearer to it.
    ids.forEach((id, r) => {
      cosineTo[id] = Infinity;
      belongsTo[id] = this.compared + r;
    });
    this.compared = this.picked.length;
  }
}

/** Cosines of each of `ids` with each of `others`, `[ids, others]`. */
function cosinesBetween(rows: ResidentRows, ids: ArrayLike<number>, others: ArrayLike<number>): Float32Array {
  const out = new Float32Array(ids.length * others.length);
  rows.dots(ids, others, out);
  return out;
}

/** A plain loop: `from` with a callback takes ten times as long. */
function allIds(count: number): Uint32Array {
  const ids = new Uint32Array(count);
  for (let id = 0; id < count; id++) ids[id] = id;
  return ids;
}
