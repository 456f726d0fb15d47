/** @file A LLaVA with a CLIP tower: trunk, tail and projector, and CLIP's text tower for the question. */
import { refusalFor } from "../../core/index.js";
import type { VisionTower } from "../encoded-image.js";
import type { ModelManifest } from "../manifest.js";
import type { VisionParts } from "./clip-sessions.js";
import { type ClipText, questionSimilarity } from "./clip-text.js";
import { type Host, type HostTensor, hostImage, type ImageProcessor } from "./host.js";

export interface ClipTowerParts {
  readonly host: Host;
  readonly parts: VisionParts;
  readonly clipText: ClipText;
  readonly processor: ImageProcessor;
  readonly grid: NonNullable<ModelManifest["grid"]>;
}

export function clipTower({ host, parts, clipText, processor, grid: [rows, columns] }: ClipTowerParts): VisionTower {
  return {
    async encode(image, wanted, clock) {
      const { pixel_values } = await clock.time("preprocess", () => processor(hostImage(host, image)));
      const { features, signals } = await clock.time("vision", () => parts.encode(pixel_values as HostTensor, wanted));
      if (features.count !== rows * columns) {
        throw refusalFor("ask")(
          `${rows} x ${columns} visual tokens, as config.json has it`,
          `${features.count} from the tower`,
        );
      }
      return {
        features,
        grids: [{ rows, columns, offset: 0 }],
        async columns(relevanceText, clock) {
          if (signals === undefined) return {};
          const { embeddings, ...columns } = signals;
          const vectors = await clock.time("text", () => clipText.vectors(relevanceText));
          const textSimilarity = await clock.time("signals", () => questionSimilarity(embeddings, vectors));
          return { ...columns, textSimilarity };
        },
        project: parts.project,
      };
    },
    async release() {
      await Promise.all([parts.release(), clipText.release()]);
    },
  };
}
