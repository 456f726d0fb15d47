/** @file Linear layers: their forms in graphs, plain, as an equation, or packed in 8 and 4 bits; and the way from a tensor back to one. */
import { storedWeight } from "../graph/constants.js";
import { chainBack, type GraphView, variableInputs } from "../graph/graph-view.js";
import { rankOf } from "../graph/infer.js";
import type { Axes } from "../graph/match-axes.js";
import { isOf, type OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";

/** A linear layer: its input, and the tensor with its result, bias in. */
export interface Linear {
  readonly node: OnnxNode;
  readonly input: string;
  readonly output: string;
}

/** Longest chain of reshapes and scales in a search; real ones have up to eight. */
const MAX_STEPS = 24;

/** Operators that only reorder, cast or cut their first input. */
const MOVES = new Set(
  "Reshape Transpose Cast Identity Squeeze Unsqueeze Flatten Slice Split Gather Dropout Contiguous Expand".split(" "),
);

/** Whether a node only reorders, casts or cuts its first input. */
export function isMove({ opType }: OnnxNode): boolean {
  return MOVES.has(opType);
}

/** A product or quotient with one operand that depends on the graph's inputs, such as a scale. */
export function isScale(view: GraphView, node: OnnxNode): boolean {
  return isOf(node, "Mul", "Div") && variableInputs(view, node).length === 1;
}

/** Over reshapes, transposes and casts back to the tensor that they come from. */
export function beforeMoves(view: GraphView, name: string): string {
  const isWhole = (node: OnnxNode) => isMove(node) && !isOf(node, "Slice", "Split", "Gather");
  return chainBack(view, name, MAX_STEPS, (node) => (isWhole(node) ? node.inputs[0] : undefined));
}

/**
 * The linear layer whose result (with its bias) a tensor is; undefined if it is none. Weights may be plain, or packed in 4 bits
 * (MatMulNBits) or 8. Those in 8 are read by MatMulInteger with its dynamic scales, or by one of ONNX Runtime's fused forms.
 */
export function linearAt(view: GraphView, output: string): Linear | undefined {
  const node = view.producer.get(output);
  if (!isOf(node, "Add")) return productAt(view, node, output);
  const [term, ...more] = variableInputs(view, node);
  return term === undefined || more.length > 0 ? undefined : productAt(view, view.producer.get(term), output);
}

function productAt(view: GraphView, node: OnnxNode | undefined, output: string): Linear | undefined {
  if (node === undefined) return undefined;
  const [input, weight] = node.inputs;
  if (
    isOf(node, "MatMul", "Gemm", "FusedMatMul", "FusedGemm", "Einsum") &&
    view.constant.has(weight) &&
    !view.constant.has(input)
  ) {
    return { node, input, output };
  }
  if (isOf(node, "MatMulNBits", "MatMulBnb4", "DynamicQuantizeMatMul") && node.domain === MICROSOFT) {
    return { node, input, output };
  }
  if (isOf(node, "MatMulIntegerToFloat")) return { node, input: beforeQuantize(view, input), output };
  if (isOf(node, "Mul")) {
    // Mul(Cast(MatMulInteger(x, w)), scale of x times scale of w).
    for (const name of node.inputs.slice(0, 2)) {
      const product = view.producer.get(beforeMoves(view, name));
      if (isOf(product, "MatMulInteger"))
        return { node: product, input: beforeQuantize(view, product.inputs[0]), output };
    }
  }
  return undefined;
}

function beforeQuantize(view: GraphView, name: string): string {
  const node = view.producer.get(name);
  return isOf(node, "DynamicQuantizeLinear") ? node.inputs[0] : name;
}

/** Columns of a linear layer's result; undefined where its weight does not say. */
export function linearWidth(view: GraphView, { node }: Linear): number | undefined {
  const columns = node.attributes.get("N")?.int;
  if (columns !== undefined) return Number(columns);
  const dims = storedWeight(view, node.inputs[1])?.dims ?? [];
  return node.attributes.get("transB")?.int === 1n ? dims.at(-2) : dims.at(-1);
}

/** Names of the axes of a linear layer's result. */
export const CHANNELS = "channels";
const ROWS = "rows";

/** Whether a part is of the rows: all axes of a linear layer's result but that of its channels. */
export function isRows({ of }: { readonly of: string }): boolean {
  return of.startsWith(ROWS);
}

/** Position of an axis of rows. */
export function rowsAt({ of }: { readonly of: string }): number {
  return Number(of.slice(ROWS.length));
}

/** The axes of a linear layer's result: rows, and the channels, which an equation may have as several axes. */
export function linearAxes(view: GraphView, linear: Linear): Axes | undefined {
  const { node, input, output } = linear;
  if (isOf(node, "Einsum")) return equationAxes(view, linear);
  const rank = rankOf(view, output) ?? rankOf(view, input) ?? 3;
  const lengths = rowLengths(view, input);
  const width = linearWidth(view, linear);
  // Weights of more than two axes are other weights for each row of the batch.
  const isPlain = isOf(node, "MatMul", "FusedMatMul");
  if (
    isPlain &&
    storedWeight(view, node.inputs[1])
      ?.dims.slice(0, -2)
      .some((length) => length > 1)
  )
    return undefined;
  return Array.from({ length: rank }, (_, i) =>
    i === rank - 1
      ? [{ of: CHANNELS, piece: "", ...(width !== undefined && { length: width }) }]
      : [
          {
            of: `${ROWS}${i}`,
            piece: "",
            ...(lengths?.length === rank && lengths[i] !== undefined && { length: lengths[i] }),
          },
        ],
  );
}

/** "abc,cde->abde": letters of the input are rows, those of the weight alone are channels. */
function equationAxes(view: GraphView, { node, input }: Linear): Axes | undefined {
  const [left, result] = (node.attributes.get("equation")?.text ?? "").replaceAll(" ", "").split("->");
  const [rows, weight, more] = left.split(",");
  if (result === undefined || weight === undefined || more !== undefined || left.includes(".")) return undefined;
  const dims = storedWeight(view, node.inputs[1])?.dims ?? [];
  const lengths = rowLengths(view, input) ?? [];
  const own = [...result].filter((letter) => !rows.includes(letter));
  return [...result].map((letter) => {
    const isRow = rows.includes(letter);
    const length = isRow ? lengths[rows.indexOf(letter)] : dims[weight.indexOf(letter)];
    const name = isRow
      ? { of: `${ROWS}${rows.indexOf(letter)}`, piece: "" }
      : { of: CHANNELS, piece: String(own.indexOf(letter)) };
    // A letter in both is a weight for each row.
    return [
      { ...name, ...(isRow && weight.includes(letter) && { of: "weights" }), ...(length !== undefined && { length }) },
    ];
  });
}

/** Operators whose result has the rows of their first input that is no weight. */
const SAME_ROWS = new Set(
  (
    "Add Cast Div Gelu Identity LayerNormalization MatMul MatMulNBits Mul Pow RMSNormalization SimplifiedLayerNormalization " +
    "SkipLayerNormalization SkipSimplifiedLayerNormalization Sqrt Sub"
  ).split(" "),
);

/** Declared lengths of a tensor, or of one before it that has the same rows. Names of lengths count as unknown. */
function rowLengths(view: GraphView, name: string): (number | undefined)[] | undefined {
  const at = chainBack(view, name, MAX_STEPS, (node, tensor) =>
    SAME_ROWS.has(node.opType) && view.declared.get(tensor)?.shape === undefined
      ? variableInputs(view, node)[0]
      : undefined,
  );
  return view.declared.get(at)?.shape?.map((length) => (typeof length === "number" ? length : undefined));
}

/** A node on the way from a linear layer, and the input by which the way comes to it. */
export interface Step {
  readonly node: OnnxNode;
  readonly input: string;
  /** The output by which the way leaves it. */
  readonly output: string;
}

/** Tensors that one search looks at; real ones take up to three, so this only bounds graphs made to be slow. */
const MAX_SEEN = 256;

/**
 * Goes back from a tensor, nearest first, to the first for which `found` holds, through the nodes that `through` allows, along every
 * input that depends on the graph's inputs.
 *
 * @returns the tensor, with the nodes from it to the start.
 */
export function wayBack(
  view: GraphView,
  from: string,
  found: (name: string) => boolean,
  through: (node: OnnxNode) => boolean,
): { readonly at: string; readonly steps: readonly Step[] } | undefined {
  const next = new Map<string, Step | undefined>([[from, undefined]]);
  let names = [from];
  for (let depth = 0; depth < MAX_STEPS && names.length > 0; depth++) {
    const before: string[] = [];
    for (const name of names) {
      if (found(name)) return { at: name, steps: stepsFrom(next, name) };
      const node = view.producer.get(name);
      if (node === undefined || !through(node)) continue;
      for (const input of variableInputs(view, node)) {
        if (next.has(input)) continue;
        if (next.size === MAX_SEEN) return undefined;
        next.set(input, { node, input, output: name });
        before.push(input);
      }
    }
    names = before;
  }
  return undefined;
}

function stepsFrom(next: ReadonlyMap<string, Step | undefined>, name: string): Step[] {
  const steps: Step[] = [];
  for (let step = next.get(name); step !== undefined; step = next.get(step.output)) steps.push(step);
  return steps;
}
