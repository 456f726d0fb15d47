/** @file Whether two files hold the same vision tower. */
import type { OnnxModel, OnnxTensor } from "./model.js";
import { loadPieces } from "./source.js";

/** Vectors compared at most: biases and norms of some layers are enough to tell two towers apart. */
const COMPARED = 48;

/**
 * Whether a CLIP file has the tower of a vision encoder: by the bytes of its vectors (biases, norms). "unknown" where the two
 * have different precisions, so that no bytes can be equal.
 *
 * LLaVA-1.6 trains its tower: then CLIP's last layer and projection are only nearly right, and who uses them should say so.
 */
export async function sameTower(vision: OnnxModel, clip: OnnxModel): Promise<"same" | "different" | "unknown"> {
  const own = vectors(vision);
  const theirs = vectors(clip);
  const types = new Set(theirs.map(({ dataType }) => dataType));
  const comparable = own.filter(({ dataType }) => types.has(dataType)).slice(0, COMPARED);
  if (comparable.length === 0) return "unknown";
  const known = new Set(await Promise.all(theirs.map(contentOf)));
  const found = (await Promise.all(comparable.map(contentOf))).filter((content) => known.has(content)).length;
  // Constants that any export has, such as ones and zeros, may be equal in any two towers.
  return found >= 0.75 * comparable.length ? "same" : "different";
}

/** Vectors of floats with at least 16 elements, in the file's order. */
function vectors({ graph }: OnnxModel): OnnxTensor[] {
  return graph.initializers.filter(
    ({ dims, dataType, data }) =>
      dims.length === 1 && dims[0] >= 16 && [1, 10, 16].includes(dataType) && data.kind === "raw",
  );
}

async function contentOf({ data, dims }: OnnxTensor): Promise<string> {
  if (data.kind !== "raw") return "";
  const bytes = await loadPieces([data.piece]);
  return `${dims[0]}:${bytes.join()}`;
}
