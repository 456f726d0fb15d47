/** Compares `recoverable`, variants `official` and `official-alt`, with a run of the released code. */
import {
  applyPlan,
  clsAttention,
  createTokenTable,
  localOutlierFactor,
  OfficialFailureError,
  projectRows,
  RecoupError,
  type TokenTable,
  textSimilarity,
  withoutClsRow,
} from "../../src/core/index.js";
import type { Safetensors } from "../../src/files/index.js";
import type { Matrix } from "../../src/math/index.js";
import { type RecoverableSteps, recoverableSteps, type Variant } from "../../src/methods/index.js";
import { compareList, compareRelative, compareSet, compareValues, type Difference } from "./compare.js";

/** Results of one path of the released code in `compress/NAME.json`. */
interface PathResult {
  readonly raises: { readonly type: string; readonly message: string; readonly stage: string } | null;
}

/** Shape of `compress/NAME.json`; tensors are in the file of the same name. */
export interface CompressCase {
  readonly N: number;
  readonly C: number;
  readonly D: number;
  readonly ref: PathResult;
  readonly alt: PathResult;
}

/** The two released paths: prefix of their tensors, and the variant that follows them. */
export const OFFICIAL_PATHS = { ref: "official", alt: "official-alt" } as const satisfies Record<string, Variant>;

/** k of the first outlier factors on each path. */
const OFFICIAL_NEIGHBORS = { ref: 20, alt: 10 };

/** Tolerances of golden/compress/README.md. */
const SIGNAL_TOLERANCE = 1e-6;
const FACTOR_TOLERANCE = 1e-3;
const OUTPUT_TOLERANCE = 1e-4;

/** True for JSON of this schema. */
export function isCompressCase(json: unknown): json is CompressCase {
  const { ref, alt, tensors } = (json ?? {}) as Record<string, unknown>;
  return [ref, alt, tensors].every((part) => typeof part === "object" && part !== null);
}

/** Compares every tensor that the case has for this path: signals, factors, index lists, output; or the error. */
export function checkCompressCase(golden: CompressCase, file: Safetensors, path: "ref" | "alt"): Difference[] {
  const read = new TensorReader(file);
  const { raises } = golden[path];
  let table: TokenTable | undefined;
  let steps: RecoverableSteps;
  try {
    table = goldenTable(read);
    steps = recoverableSteps(table, { variant: OFFICIAL_PATHS[path] });
  } catch (error) {
    if (!RecoupError.isInstance(error)) throw error;
    if (raises === null) return [`expected a plan, got an error: ${error.message}`];
    const reached = table === undefined ? [] : compareReached(golden, table, read, path);
    return sameStage(error, raises.stage)
      ? reached
      : [`expected an error at "${raises.stage}", got: ${error.message}`, ...reached];
  }
  if (raises !== null) return [`expected an error at "${raises.stage}", got a plan`];
  return [...compareSignals(golden, table, read), ...compareSteps(steps, table, read, path)];
}

/** The table of a case's input tensors; similarities as the released code scales them (cosine · D^-0.5). */
export function goldenTable(read: TensorReader): TokenTable {
  const keys = read.matrix("in.keys");
  return createTokenTable({
    features: read.matrix("in.features"),
    keys: withoutClsRow(keys),
    clsAttention: clsAttention(read.values("in.q_cls"), keys),
    textSimilarity: read.values("in.similarity"),
  });
}

function compareSignals(golden: CompressCase, table: TokenTable, read: TensorReader): Difference[] {
  const differences: Difference[] = [];
  const compare = (name: string, got: Float32Array | undefined, wanted: string) => {
    const want = read.values(wanted);
    const largest = want.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    differences.push(...compareValues(name, got ?? [], want, SIGNAL_TOLERANCE * largest));
  };
  if (read.has("mid.attn_cls")) compare("attention", table.clsAttention, "mid.attn_cls");
  if (read.has("in.last_hidden")) {
    const patches = projectRows(withoutClsRow(read.matrix("in.last_hidden")), read.matrix("in.visual_projection"));
    const scale = golden.D ** -0.5;
    compare("similarity", textSimilarity(patches, read.values("in.text"), { scale }), "in.similarity");
  }
  return differences;
}

/** Of a path that raises: the signals, and the outlier factors of the first call where it got so far. */
function compareReached(
  golden: CompressCase,
  table: TokenTable,
  read: TensorReader,
  path: "ref" | "alt",
): Difference[] {
  const differences = compareSignals(golden, table, read);
  const tensor = `${path}.lof_vision`;
  if (read.has(tensor) && table.clsAttention !== undefined) {
    const factors = localOutlierFactor(table.clsAttention, { neighbors: OFFICIAL_NEIGHBORS[path] });
    const negative = factors.map((factor) => -factor);
    differences.push(...compareRelative(tensor, negative, read.values(tensor), FACTOR_TOLERANCE));
  }
  return differences;
}

function compareSteps(steps: RecoverableSteps, table: TokenTable, read: TensorReader, path: string): Difference[] {
  const { visual, text, rest, centers, neighbors, plan } = steps;
  const kept = plan.anchor.filter((_, row) => plan.roles[row] < 2);
  const visualIds = new Set(visual.source);
  const differences: Difference[] = [];
  const compare = (
    name: string,
    check: (name: string, got: ArrayLike<number>, want: Float32Array, tolerance: number) => Difference[],
    got: ArrayLike<number> | undefined,
    tolerance = 0,
    prepare = (want: Float32Array) => want,
  ) => {
    const tensor = `${path}.${name}`;
    if (read.has(tensor)) differences.push(...check(tensor, got ?? [], prepare(read.values(tensor)), tolerance));
  };
  const negative = (factors?: Float32Array) => factors?.map((factor) => -factor);
  compare("lof_vision", compareRelative, negative(visual.scale?.factors), FACTOR_TOLERANCE);
  compare("lof_text", compareRelative, negative(text.scale?.factors), FACTOR_TOLERANCE);
  compare("lof_rest", compareRelative, negative(centers.scale?.factors), FACTOR_TOLERANCE);
  compare("similarity_masked", compareList, text.masked);
  compare("idx_vision", compareList, visual.ranked);
  // The alternative path may point at tokens that the visual filter has already.
  compare("idx_text", compareList, text.ranked, 0, (want) => want.filter((id) => !visualIds.has(id)));
  compare("idx_main", compareList, kept);
  compare("idx_rest", compareList, rest);
  compare("idx_centres_rel", compareList, centers.ranked);
  compare(
    "idx_centres",
    compareList,
    centers.ranked.map((position) => rest[position]),
  );
  compare("idx_noncentres_rel", compareList, centers.others);
  if (read.has(`${path}.neighbours_rel`)) {
    const want = read.matrix(`${path}.neighbours_rel`);
    neighbors.forEach((positions, center) => {
      const row = want.data.subarray(center * want.dim, (center + 1) * want.dim);
      differences.push(...compareSet(`${path}.neighbours_rel[${center}]`, positions, row));
    });
    differences.push(...compareList(`${path}: number of neighbor lists`, [neighbors.length], [want.count]));
  }
  if (table.features) compare("output", compareValues, applyPlan(plan, table.features).data, OUTPUT_TOLERANCE);
  return differences;
}

/** Whether our error stands for the released code's at that stage. */
function sameStage(error: RecoupError, stage: string): boolean {
  const ours = error instanceof OfficialFailureError ? error.stage : undefined;
  if (stage.startsWith("neighbour topk")) return ours === "neighbor top-k";
  if (stage.startsWith("centre topk")) return ours === "center top-k";
  // The released code meets non-finite input at its first outlier factor; ours is refused when the table is made.
  if (stage.startsWith("LOF call")) return ours?.startsWith("outlier factor") ?? true;
  return false;
}

/** Reads the tensors of a case as float32 values (index lists are small enough to be exact). */
export class TensorReader {
  constructor(private readonly file: Safetensors) {}

  has(name: string): boolean {
    return this.file.tensors.has(name);
  }

  values(name: string): Float32Array {
    const tensor = this.file.tensors.get(name);
    if (tensor?.dtype === "F32") return tensor.data;
    if (tensor?.dtype === "I64") return Float32Array.from(tensor.data, Number);
    throw new Error(`golden case: expected an F32 or I64 tensor ${name}, got ${tensor?.dtype ?? "none"}`);
  }

  matrix(name: string): Matrix {
    const data = this.values(name);
    const [count, dim] = this.file.tensors.get(name)?.shape ?? [];
    return { data, count, dim };
  }
}
