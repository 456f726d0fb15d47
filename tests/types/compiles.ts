/** @file A user's code that must compile, under strict and exactOptionalPropertyTypes, against the types of the package as it is built. */
import {
  type Budget,
  type CompressionMethod,
  compress,
  createTokenTable,
  type ErrorCode,
  type MethodId,
  RecoupError,
  type TokenTable,
} from "recoup";
import {
  cdPruner,
  defineDynamicMethod,
  defineMethod,
  findMethod,
  orderRows,
  ownRow,
  random,
  shape,
} from "recoup/methods";
import { bake, compressionModel, type OnnxModel } from "recoup/onnx";
import { syntheticTable } from "recoup/testing";
import type { Compression, Vlm } from "recoup/transformers";

const features = { data: new Float32Array(8), count: 4, dim: 2 };
const table: TokenTable = createTokenTable({ features });

export const budgets: Budget[] = [
  58,
  0.1,
  "dynamic",
  { retain: 58 },
  { ratio: 0.1 },
  { min: 3 },
  { max: 0.5 },
  { min: 3, max: 9 },
];
for (const budget of budgets) {
  compress(table, { budget });
  if (typeof budget === "object" && budget.retain !== undefined) budget.retain.toFixed();
}
compress(table);
compress(table, { textRows: 0.75 });
compress(table, { method: "divprune", budget: 0.1 });
compress(table, { method: "random", seed: 3 });
compress(table, { method: "facility", relevance: "sentence", smoothing: false });
compress(table, { method: "recoverable", budget: { min: 3, max: 9 }, outlierNeighbors: { text: 5 } });
compress(table, { method: random, seed: 3, budget: 5 });
compress(syntheticTable({ rows: 2, columns: 2, dim: 2 }), { method: cdPruner });
const chosen = (process.env.METHOD ?? "uniform") as MethodId;
compress(table, { method: chosen, budget: 5 });

interface FirstOptions {
  readonly budget?: Budget;
  readonly from?: number;
}
/** The K tokens from one on. */
const first = defineMethod<FirstOptions, never>({
  id: "first",
  summary: "the first K tokens",
  reference: "none",
  needs: [],
  options: { from: shape.integer(0) },
  choose: ({ table: { count }, retain }, { from = 0 }) =>
    orderRows(
      Array.from({ length: retain }, (_, i) => ownRow("visual", (from + i) % count)),
      count,
      "append",
    ),
});
compress(table, { method: first, from: 2, budget: 3 });
export const half: CompressionMethod = defineDynamicMethod({
  id: "half",
  summary: "half of the tokens, or K",
  reference: "none",
  needs: ["features"],
  choose: ({ table: { count, features }, retain = Math.ceil(features.count / 2) }) =>
    orderRows(
      Array.from({ length: retain }, (_, i) => ownRow("visual", i)),
      count,
      "append",
    ),
});
compress(table, { method: half, budget: { max: 3 } });

findMethod("cdpruner").plan(table, { budget: 3 });
findMethod("random").plan(table, { seed: 3 });
const named: string = process.argv[2] ?? "none";
findMethod(named).plan(table, { budget: "dynamic" });

export async function ask(vlm: Vlm, image: string, question: string): Promise<string> {
  const mean: Compression = { method: "recoverable", merge: "mean", budget: { max: 40 } };
  await vlm.ask({ image, question });
  await vlm.ask({ image, question, compression: {} });
  await vlm.ask({ image, question, compression: { budget: 0.1 } });
  await vlm.ask({ image, question, compression: { textRows: 0.75 } });
  await vlm.ask({ image, question, compression: { textRows: 0.75, budget: 5 } });
  await vlm.ask({ image, question, compression: { method: "cdpruner", budget: 5, textPolarity: -1 } });
  await vlm.ask({ image, question, compression: { method: chosen, budget: 5 } });
  await vlm.ask({ image, question, compression: { method: first, from: 3, budget: 5 } });
  await vlm.ask({ image, question, compression: { method: findMethod(named), budget: 5 } });
  vlm.chat({ image, compression: mean, imageBudget: "shared" });
  const answer = vlm.ask({ image, question, compression: mean });
  for await (const piece of answer) piece.trim();
  return (await answer).answer;
}

export function baked(vision: OnnxModel, clip: OnnxModel): OnnxModel[] {
  return [
    bake(vision, { clip, tokens: 576, textPolarity: 1 }),
    bake(vision, { clip, method: "recoverable", tokens: 576, textPolarity: -1, form: "static", budget: { max: 128 } }),
    bake(vision, {
      clip,
      method: "recoup",
      tokens: 6,
      textPolarity: -1,
      grids: [{ rows: 2, columns: 3, offset: 0 }],
      mass: true,
    }),
    compressionModel({ tokens: 576, width: 1024, textPolarity: 1, budget: 0.1, textRows: 0.75 }),
    compressionModel({ method: "recoverable", tokens: 576, textPolarity: 1, budget: 0.1, merge: "mean" }),
  ];
}

export function kind(error: unknown): ErrorCode | undefined {
  return RecoupError.isInstance(error) ? error.code : undefined;
}
