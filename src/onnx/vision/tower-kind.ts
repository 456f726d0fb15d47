/** @file Tells towers apart by the graph's inputs that they read: images, or ids of tokens. */
import type { GraphView } from "../graph/graph-view.js";
import { consumed, type ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";

/** What a tower reads: ids of tokens alone, or images (and anything else). */
export type TowerKind = "vision" | "text";

const WHOLE: readonly (number | undefined)[] = [DATA_TYPES.int32.id, DATA_TYPES.int64.id];

/** Ids and masks of tokens are whole numbers, [B, L]; images, also of whole numbers, have more axes. */
function isText({ dataType, shape }: ValueInfo): boolean {
  return WHOLE.includes(dataType) && (shape?.length ?? 2) <= 2;
}

/** The kind of the tower that a tensor is in. Shapes do not count: a text tower may take its batch from anywhere. */
export function towerKinds(view: GraphView): (tensor: string) => TowerKind {
  const images = new Set<string>();
  const texts = new Set<string>();
  for (const input of view.graph.inputs) {
    if (!view.initializer.has(input.name)) (isText(input) ? texts : images).add(input.name);
  }
  if (texts.size === 0) return () => "vision";
  for (const node of view.nodes) {
    if (node.opType === "Shape") continue;
    const inputs = consumed(node);
    for (const reached of [images, texts]) {
      if (inputs.some((name) => reached.has(name))) for (const name of node.outputs) reached.add(name);
    }
  }
  return (tensor) => (texts.has(tensor) && !images.has(tensor) ? "text" : "vision");
}
