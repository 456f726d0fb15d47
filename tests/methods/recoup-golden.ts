/** @file Golden tables of `recoup`, written by python/recoup_fixtures/make_recoup.py: tests/golden/recoup. */
import { readdirSync, readFileSync } from "node:fs";
import { createTokenTable, type TokenTable } from "../../src/core/index.js";
import { parseSafetensors } from "../../src/files/index.js";
import type { RecoupOptions } from "../../src/methods/recoup/index.js";

const root = new URL("../golden/recoup/", import.meta.url);

/** Their names. */
export const RECOUP_TABLES: readonly string[] = readdirSync(root)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -5));

/** A table, what was asked of it, and the reference's answers: ids in order of choice, rows, and `facts` as they stand in the file. */
export function recoupTable(name: string) {
  const facts = JSON.parse(readFileSync(new URL(`${name}.json`, root), "utf8"));
  const { tensors } = parseSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, root))));
  const values = (tensor: string) => tensors.get(tensor)?.data as Float32Array;
  const [count, dim] = tensors.get("features")?.shape ?? [];
  const features = { data: values("features"), count, dim };
  const table = createTokenTable({
    features,
    grids: facts.grids,
    textSimilarity: tensors.get("similarity")?.data as Float32Array | undefined,
    textPolarity: facts.polarity,
  }) as TokenTable & { readonly features: typeof features };
  const order = Array.from(tensors.get("order")?.data ?? [], Number);
  const options: RecoupOptions = { ...facts.options, budget: { retain: order.length } };
  return { facts, table, order, options, rows: values("rows") };
}
