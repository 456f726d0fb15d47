/** @file The axes of a matrix product or of an Einsum, by letters. */
import { isOf, type OnnxNode } from "../proto/model.js";

/** The axes of a product's two factors and of its result, by letters as Einsum has them. */
export interface ProductAxes {
  readonly factors: readonly [readonly string[], readonly string[]];
  readonly result: readonly string[];
}

/** The letters of a product; undefined for one of more factors, or of factors whose axes do not fit. */
export function productAxes(node: OnnxNode, ranks: readonly [number, number]): ProductAxes | undefined {
  if (isOf(node, "Einsum")) return einsumAxes(node.attributes.get("equation")?.text ?? "", ranks);
  const [a, b] = ranks;
  const flag = (name: string) => (node.attributes.get(name)?.int ?? 0n) !== 0n;
  if (a < 2 || b < 2 || flag("transBatchA") || flag("transBatchB")) return undefined;
  const batch = (count: number) => Array.from({ length: count }, (_, i) => `batch${count - i}`);
  const [left, right] = [
    ["n", "d"],
    ["d", "m"],
  ];
  return {
    factors: [
      [...batch(a - 2), ...(flag("transA") ? left.toReversed() : left)],
      [...batch(b - 2), ...(flag("transB") ? right.toReversed() : right)],
    ],
    result: [...batch(Math.max(a, b) - 2), "n", "m"],
  };
}

/** Letters of an equation; "..." stands for as many axes as a factor has more. */
export function einsumAxes(equation: string, ranks: readonly number[]): ProductAxes | undefined {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== 2) return undefined;
  const counts = terms.map((term, i) => (term.includes("...") ? ranks[i] - (term.length - 3) : 0));
  const most = Math.max(...counts);
  const letters = (term: string, count: number) =>
    term.split(/(\.{3})/).flatMap((part) => (part === "..." ? dots(count) : part.split("")));
  const [first, second] = terms.map((term, i) => letters(term, counts[i]));
  if (first.length !== ranks[0] || second.length !== ranks[1]) return undefined;
  const once = [...new Set(left.replaceAll(/[.,]/g, ""))].filter((letter) => left.split(letter).length === 2).sort();
  const result = right === undefined ? [...dots(most), ...once] : letters(right, most);
  return { factors: [first, second], result };
}

const dots = (count: number) => Array.from({ length: Math.max(0, count) }, (_, i) => `...${count - i}`);
