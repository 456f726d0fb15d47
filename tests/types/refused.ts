/** @file Mistakes that must not compile: each line below a mark is one, and a mark without an error is an error itself. */
import { type Budget, compress, createTokenTable, type ErrorCode } from "recoup";
import { defineMethod, findMethod, orderRows, random } from "recoup/methods";
import { bake, compressionModel, type OnnxModel } from "recoup/onnx";
import type { Compression, Vlm } from "recoup/transformers";

const table = createTokenTable({ features: { data: new Float32Array(8), count: 4, dim: 2 } });

// @ts-expect-error: a typo in a method's name
compress(table, { method: "divprun" });
// @ts-expect-error: a name in a method's place that is known as a string only
compress(table, { method: "divprune" as string });
// @ts-expect-error: a typo in the budget's name of a method by its name
compress(table, { method: "divprune", budgte: 0.1 });
// @ts-expect-error: an option of another method
compress(table, { method: "divprune", seed: 1 });
// @ts-expect-error: a typo in an option
compress(table, { method: "random", sed: 1 });
// @ts-expect-error: a value that the option does not take
compress(table, { method: "recoverable", merge: "median" });
// @ts-expect-error: a typo in an option of the default method
compress(table, { textRow: 0.75 });
// @ts-expect-error: a typo in an option of a method as an object
compress(table, { method: random, sed: 1 });
// @ts-expect-error: an option that is gone
compress(table, { method: "recoverable", maxTokens: 5 });

// @ts-expect-error: a typo in a budget
compress(table, { budget: { retentoin: 3 } });
// @ts-expect-error: no budget by that name
compress(table, { budget: "all" });
// @ts-expect-error: a budget as text
compress(table, { budget: "58" });
// @ts-expect-error: the old name
compress(table, { budget: { retentionRatio: 0.1 } });
// @ts-expect-error: nothing asked for
compress(table, { budget: {} });
// @ts-expect-error: two budgets at once
compress(table, { budget: { retain: 5, ratio: 0.1 } });
// @ts-expect-error: a budget and a bound
compress(table, { budget: { retain: 5, max: 9 } });
// @ts-expect-error: bounds as text
export const bounds: Budget = { min: "3" };
// @ts-expect-error: a typo in a budget of a method by its name
compress(table, { method: "random", budget: { retian: 3 } });

// @ts-expect-error: a typo in a method's name
findMethod("cdprunr");
// @ts-expect-error: an option of another method
findMethod("divprune").plan(table, { seed: 1 });
// @ts-expect-error: a signal that there is none of
defineMethod({ id: "a", summary: "", reference: "", needs: ["feature"], choose: () => orderRows([], 1, "append") });

export async function ask(vlm: Vlm, image: string, question: string): Promise<void> {
  // @ts-expect-error: a typo in an option
  await vlm.ask({ image, question, compression: { method: "cdpruner", budgt: 5 } });
  // @ts-expect-error: a typo in a method's name
  await vlm.ask({ image, question, compression: { method: "cdprunr" } });
  // @ts-expect-error: an option of another method
  await vlm.ask({ image, question, compression: { method: "cdpruner", seed: 5 } });
  // @ts-expect-error: a typo in an option of the model's own method
  await vlm.ask({ image, question, compression: { megre: "mean" } });
  // @ts-expect-error: a typo in a budget
  await vlm.ask({ image, question, compression: { budget: { retentoin: 5 } } });
  // @ts-expect-error: a sign that there is none of
  await vlm.ask({ image, question, compression: { method: "cdpruner", textPolarity: 0 } });
  // @ts-expect-error: a typo in a method's name, of a chat
  vlm.chat({ image, compression: { method: "recoverble" } });
  // @ts-expect-error: a name that is known as a string only
  vlm.chat({ image, compression: { method: question } });
  // @ts-expect-error: a typo beside the question
  await vlm.ask({ image, question, compresion: { budget: 5 } });
}
// @ts-expect-error: a typo in an option
export const mistyped: Compression = { method: "mmtok", visonWeight: 1 };

export function baked(vision: OnnxModel): OnnxModel[] {
  return [
    // @ts-expect-error: an option that is gone
    bake(vision, { tokens: 576, textPolarity: 1, retain: 5 }),
    // @ts-expect-error: the sign of the text's similarity has no default
    bake(vision, { tokens: 576 }),
    // @ts-expect-error: a form that there is none of
    bake(vision, { tokens: 576, textPolarity: 1, form: "fixed" }),
    // @ts-expect-error: an option of another method
    bake(vision, { tokens: 576, textPolarity: 1, merge: "mean" }),
    // @ts-expect-error: an option of the default method
    bake(vision, { method: "recoverable", tokens: 576, textPolarity: 1, textRows: 0.5 }),
    // @ts-expect-error: a method that cannot be baked
    bake(vision, { method: "divprune", tokens: 576, textPolarity: 1 }),
    // @ts-expect-error: no budget by that name
    compressionModel({ tokens: 576, textPolarity: 1, budget: "max" }),
  ];
}
// @ts-expect-error: no such code
export const code: ErrorCode = "INVALID";
