/** @file A LLaVA with a CLIP tower: trunk, tail and projector, and CLIP's text tower for the question. */
import { InvalidInputError } from "../../core/index.js";
import type { ModelManifest } from "../manifest.js";
import type { TowerSignals, VisionParts } from "./clip-sessions.js";
import { type ClipText, questionSimilarity } from "./clip-text.js";
import type { HostTensor } from "./host.js";
import type { ImageEncoder } from "./image-encoder.js";

/** The host's image processor. */
export type ImageProcessor = (image: unknown, options?: object) => Promise<Record<string, unknown>>;

export interface ClipEncoderParts {
  readonly parts: VisionParts;
  readonly clipText: ClipText;
  readonly processor: ImageProcessor;
  readonly grid: NonNullable<ModelManifest["grid"]>;
}

export function clipImageEncoder({
  parts,
  clipText,
  processor,
  grid: [rows, columns],
}: ClipEncoderParts): ImageEncoder {
  return {
    async see(image, wanted, clock) {
      const { pixel_values } = await clock.time("preprocess", () => processor(image));
      const { features, signals } = await clock.time("vision", () => parts.see(pixel_values as HostTensor, wanted));
      if (features.count !== rows * columns) {
        throw new InvalidInputError({
          operation: "ask",
          expected: `${rows} x ${columns} visual tokens, as config.json has it`,
          got: `${features.count} from the tower`,
        });
      }
      return { features, signals, grids: [{ rows, columns, offset: 0 }] };
    },
    async columns({ signals }, question, clock) {
      if (signals === undefined) return {};
      const { keys, clsAttention, embeddings } = signals as TowerSignals;
      const vectors = await clock.time("text", () => clipText.vectors(question));
      const textSimilarity = await clock.time("signals", () => questionSimilarity(embeddings, vectors));
      return { keys, clsAttention, textSimilarity };
    },
    project: (rows) => parts.project(rows),
    async release() {
      await Promise.all([parts.release(), clipText.release()]);
    },
  };
}
