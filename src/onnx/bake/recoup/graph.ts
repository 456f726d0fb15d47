/** @file `recoup` as ONNX nodes: evidence, choice, merging. All shapes are fixed; K and the options are those of the bake. */
import { ROLES } from "../../../core/index.js";
import { type GraphDraft, inPrecision, type Tensor } from "../../graph/graph-draft.js";
import { type BakedChoice, choiceGraph } from "./choice.js";
import { evidenceGraph } from "./evidence.js";
import { comparedRows, nearestId, normsOf, type UnitRows, unitRows } from "./likeness.js";
import type { RecoupRules } from "./options.js";

/** Inputs of the method, float32. */
export interface RecoupTable {
  /** `[N, C]`. */
  readonly features: Tensor;
  /** The model's cosines, `[1, N]`. */
  readonly textSimilarity: Tensor;
}

/** The rows, in raster order of anchors. */
export interface RecoupPlan {
  /** `[K, C]`. */
  readonly rows: Tensor;
  /** K, `[1]`, int32. */
  readonly count: Tensor;
  /** The token at which each row stands, `[K]`, int32. */
  readonly anchors: Tensor;
  /** Position of each row's role in the library's `ROLES`, `[K]`, int32. */
  readonly roles: Tensor;
  /** Row q is Σ weights[q, j] · token j, `[K, N]`. */
  readonly weights: Tensor;
  /** `[K]`; undefined where it was not asked for. */
  readonly mass?: Tensor;
}

/** A sum of rows that nearly cancels, to less than this share of their norms, has no direction to lengthen. */
const CANCELED = 1e-3;

/** Adds the whole method. */
export function recoupGraph(op: GraphDraft, { features, textSimilarity }: RecoupTable, rules: RecoupRules): RecoupPlan {
  const decider = inPrecision(op, rules.form === "dynamic" ? "float64" : "float32");
  const evidence = evidenceGraph(decider, textSimilarity, rules);
  const rowsCompared = unitRows(decider, comparedRows(op, features, rules));
  const choice = choiceGraph(decider, { ...rowsCompared, ...evidence }, rules);
  const [sorted, order] = op.topK(choice.picked, rules.rows, false);
  const column = (perRow: Tensor) => op.reshape(perRow, [rules.rows, 1]);
  const anchor = column(sorted);
  const isText = column(decider.lowered(op.gather(choice.isText, order)));
  const isAnchor = op.isEqual(anchor, choice.ids);
  const members =
    rules.merging === 0 ? op.mul(isAnchor, 0) : membersOf(op, choice, anchor, op.sub(1, isText), rowsCompared);
  const isMerged = op.isGreater(op.sum(members, 1), 0.5);
  const { weights, rows } = mixed(op, features, { isAnchor, members, isMerged }, rules);
  const asRoles = op.add(op.mul(isText, ROLES.indexOf("text")), op.mul(isMerged, ROLES.indexOf("merged")));
  const integers = (perRow: Tensor) => op.cast(op.reshape(perRow, [rules.rows]), "int32");
  return {
    rows,
    weights,
    count: op.cast(op.floats([rules.rows]), "int32"),
    anchors: integers(anchor),
    roles: integers(asRoles),
    mass: rules.mass ? massOf(op, features, { anchor, isAnchor, taken: choice.taken, ids: sorted }, rules) : undefined,
  };
}

/** 1 for the tokens that go into a row, beside its own, `[K, N]`: what is left out and nearest to a coverage row. */
function membersOf(op: GraphDraft, choice: BakedChoice, anchor: Tensor, isCoverage: Tensor, rows: UnitRows): Tensor {
  const nearest = nearestId(op, choice.cosines, op.reshape(choice.picked, [-1, 1]), rows);
  const left = op.sub(1, choice.taken);
  return op.mul(op.mul(op.isEqual(anchor, nearest), left), isCoverage);
}

/** What a row is made of, `[K, N]`, and whether that is more than its anchor, `[K, 1]`. */
interface Groups {
  readonly isAnchor: Tensor;
  readonly members: Tensor;
  readonly isMerged: Tensor;
}

/** (1 - merging) · anchor + merging · mean of anchor and members, as long as the same mix of their norms; other rows as they are. */
function mixed(op: GraphDraft, features: Tensor, { isAnchor, members, isMerged }: Groups, { merging }: RecoupRules) {
  const share = op.div(op.scalar(merging), op.add(op.sum(members, 1), 1));
  const mix = op.add(op.mul(isAnchor, 1 - merging), op.mul(op.add(isAnchor, members), share));
  const hasMembers = op.greater(isMerged, 0.5);
  const shares = op.where(hasMembers, mix, isAnchor);
  const sum = op.matMul(shares, features);
  const wanted = op.matMul(shares, normsOf(op, features));
  const norm = op.sqrt(op.sum(op.mul(sum, sum), 1));
  const hasDirection = op.mul(op.isGreater(norm, op.mul(wanted, CANCELED)), op.isGreater(wanted, 0));
  const isScaled = op.greater(op.mul(isMerged, hasDirection), 0.5);
  const scale = op.where(isScaled, op.div(wanted, norm), op.scalar(1));
  return { weights: op.mul(shares, scale), rows: op.mul(sum, scale) };
}

/** Mass by cosines of the features themselves: each token counts for the row whose anchor it is most like, as much as it is like it. */
function massOf(
  op: GraphDraft,
  features: Tensor,
  { anchor, isAnchor, taken, ids }: { anchor: Tensor; isAnchor: Tensor; taken: Tensor; ids: Tensor },
  rules: RecoupRules,
): Tensor {
  const own = unitRows(inPrecision(op, "float32"), features);
  const cosines = op.matMul(op.gather(own.unit, op.cast(ids, "int32")), own.across);
  const isNearest = op.isEqual(anchor, nearestId(op, cosines, anchor, own));
  const likeness = op.mul(op.mul(isNearest, op.sub(1, taken)), op.relu(cosines));
  return op.reshape(op.max(op.sum(op.add(isAnchor, likeness), 1), 1), [rules.rows]);
}
