/**
 * @file Which tokens stay, as nodes: `chooseTokens` of `src/methods/recoup/choose.ts`, with the same constants. The greedy choice is unrolled, some
 * forty nodes a row: a Loop would run beside the device, and a part with a graph inside is no part that can be joined.
 */
import { type Decider, FAR, type Tensor } from "../../graph/graph-draft.js";
import type { RecoupRules } from "./options.js";

/** What decides, in the precision of the form. */
export interface ChoiceTable {
  /** Rows of norm 1, `[N, D]`, and the same transposed. */
  readonly unit: Tensor;
  readonly across: Tensor;
  /** Cosines nearer than this are equal, `[1]`. */
  readonly tie: Tensor;
  /** How far the text is trusted, `[1]`, and evidence of each token, `[1, N]`. */
  readonly confidence: Tensor;
  readonly scores: Tensor;
}

/** The chosen tokens in order of choice, and what they are like. */
export interface BakedChoice {
  /** Source ids, `[K]`, float32. */
  readonly picked: Tensor;
  /** 1 where the question is why it was picked, `[K]`, in the precision of the form. */
  readonly isText: Tensor;
  /** Cosine of each pick with each token, `[K, N]`, likewise. */
  readonly cosines: Tensor;
  /** 1 for the tokens picked, `[1, N]`, float32. */
  readonly taken: Tensor;
  /** Ids 0 to N - 1, `[1, N]`, float32. */
  readonly ids: Tensor;
}

/** Most tokens that the text's term looks at, and tokens that stand for the picture. */
const MOST_POINTED = 128;
const LANDMARKS = 128;

/** Coverage rows that are typical before any is distinctive. */
const TYPICAL_ROWS = 6;

/** Gains that differ by less are equal, as in the library. */
const TIE = 1e-7;

/** In float32 so are those that differ by this share of themselves: a sum of 256 terms is no finer. */
const FLOAT32_TIE = 2e-7;

/** Adds the choice. */
export function choiceGraph(decider: Decider, table: ChoiceTable, rules: RecoupRules): BakedChoice {
  const { op, type, number } = decider;
  const { tokens } = rules;
  const { unit, across, tie, confidence } = table;
  const ids = op.floats([...Array(tokens).keys()], [1, tokens]);
  const terms = termsOf(decider, table, ids, rules);
  const far = op.scalar(FAR);
  const half = op.sub(number(1), op.mul(confidence, number(0.5)));

  let open = ids;
  let covered = terms.uncovered;
  let likeness = number(-1e9);
  let [inText, texts, distinctive] = [number(0), number(0), number(0)];
  const picked: Tensor[] = [];
  const isText: Tensor[] = [];
  const cosines: Tensor[] = [];
  const firstBut = (isOut: Tensor) => op.least(op.where(isOut, far, open), 1, false);

  for (let t = 0; t < rules.rows; t++) {
    const counts = op.less(inText, op.mul(confidence, number(bound(rules.textRows * (t + 1), type))));
    const weights = op.where(counts, terms.both, terms.picture);
    const gains = op.matMul(weights, op.relu(op.sub(terms.values, covered)));
    let best = firstBut(op.less(gains, tieBelow(decider, op.greatest(gains, 1, false))));
    const ofText = op.mul(op.cast(counts, type), op.gather(terms.pointed, op.cast(best, "int32")));
    texts = op.add(texts, ofText);
    // Coverage rows so far, this one with them, of which the first six are typical.
    if (t >= TYPICAL_ROWS) {
      const later = op.sub(number(t + 1 - TYPICAL_ROWS), texts);
      const due = op.floor(op.mul(half, op.max(later, number(0))));
      const least = op.add(op.least(likeness, 1, false), tie);
      best = op.where(op.greater(due, distinctive), firstBut(op.greater(likeness, least)), best);
      distinctive = due;
    }
    picked.push(best);
    isText.push(ofText);
    const id = op.cast(best, "int32");
    const cosine = op.matMul(op.gather(unit, id), across);
    cosines.push(cosine);
    const isPick = op.equal(ids, best);
    open = op.where(isPick, far, open);
    if (t + 1 === rules.rows) break;
    covered = op.max(covered, op.gather(terms.values, id, 1));
    inText = op.add(inText, op.gather(terms.pointed, id));
    // A pick is like nothing else: it is never the least.
    likeness = op.where(isPick, number(FAR), op.max(likeness, cosine));
  }
  return {
    picked: op.concat(picked, 0),
    isText: op.concat(isText, 0),
    cosines: op.concat(cosines, 0),
    taken: op.isGreater(open, FAR / 2),
    ids,
  };
}

/** What there is to cover: landmarks of the picture, then tokens that the text points at. M + T things. */
interface Terms {
  /** How well each token covers each thing, `[M + T, N]`. */
  readonly values: Tensor;
  /** Coverage by nothing, `[M + T, 1]`. */
  readonly uncovered: Tensor;
  /** How much each thing counts: those of the picture, and those of the text as well, `[1, M + T]`. */
  readonly picture: Tensor;
  readonly both: Tensor;
  /** 1 where the text points, `[N]`. */
  readonly pointed: Tensor;
}

function termsOf(decider: Decider, table: ChoiceTable, ids: Tensor, rules: RecoupRules): Terms {
  const { op, number, numbers, raised } = decider;
  const { unit, across, confidence } = table;
  const { tokens, textShare, tau } = rules;
  const landmarks = Math.min(LANDMARKS, tokens);
  const spaced = Array.from({ length: landmarks }, (_, l) => Math.floor(((l + 0.5) * tokens) / landmarks));
  const ofPicture = op.matMul(op.gather(unit, op.integers(spaced)), across);

  const most = Math.min(MOST_POINTED, tokens);
  const [, best] = op.topK(decider.lowered(table.scores), most, true);
  const at = (perToken: Tensor) => op.gather(op.reshape(perToken, [tokens]), best);
  const scores = at(table.scores);
  const isPointed = op.mul(
    op.isEqual(op.reshape(at(ids), [most, 1]), ids),
    op.reshape(positive(decider, scores), [most, 1]),
  );
  const pointed = raised(op.sum(isPointed, 0));
  const cosine = op.matMul(op.reshape(op.gather(unit, best), [most, -1]), across);
  // Only tokens that the text points at stand for each other.
  const ofText = op.mul(op.exp(op.div(op.sub(cosine, number(1)), number(tau))), pointed);

  const trust = op.mul(confidence, number(textShare));
  // Halves of cosines from -1 on are halves of 1 + cosine from 0 on.
  const perLandmark = op.mul(
    op.sub(number(1), trust),
    numbers(Array(landmarks).fill(1 / landmarks / 2), [1, landmarks]),
  );
  const total = op.max(op.sum(scores, 1), number(LEAST_TOTAL));
  const perPointed = op.div(op.mul(scores, trust), total);
  const things = landmarks + most;
  return {
    values: op.concat([ofPicture, ofText], 0),
    uncovered: numbers([...Array(landmarks).fill(-1), ...Array(most).fill(0)], [things, 1]),
    picture: op.concat([perLandmark, numbers(Array(most).fill(0), [1, most])], 1),
    both: op.concat([perLandmark, perPointed], 1),
    pointed: op.reshape(pointed, [tokens]),
  };
}

/** Where there is no evidence, its shares are nothing divided by this. */
const LEAST_TOTAL = 1e-30;

/** 1 where above 0, float32. */
function positive({ op, number }: Decider, values: Tensor): Tensor {
  return op.cast(op.greater(values, number(0)), "float32");
}

/** The bound of gains that tie with the largest. */
function tieBelow({ op, type, number }: Decider, most: Tensor): Tensor {
  return op.sub(type === "float64" ? most : op.mul(most, number(1 - FLOAT32_TIE)), number(TIE));
}

/** The least number of the precision that is not below `value`: whole numbers are then below both or neither. */
function bound(value: number, type: Decider["type"]): number {
  if (type === "float64" || Math.fround(value) >= value) return value;
  const next = Float32Array.of(value);
  new Uint32Array(next.buffer)[0]++;
  return next[0];
}
