/** @file LLaVA's CLIP tower as three sessions (trunk, tail with the signals of CLIP's last layer, projector), and CLIP's text tower. */
import { clsAttention, refusalFor, withoutClsRow, wordSimilarity } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { OnnxModel, Split, SplitPlan } from "../../onnx/index.js";
import type { VisionTower } from "../encoded-image.js";
import type { ModelManifest } from "../manifest.js";
import type { ClipText } from "./clip-text.js";
import type { OpenFile } from "./files.js";
import {
  type Host,
  type ImageProcessor,
  matrixOf,
  rowMaxima,
  runtimeTensor,
  type Session,
  type SessionClass,
  tensorFor,
} from "./host.js";
import { preprocess } from "./preprocess.js";
import { startSession } from "./start-session.js";

/** Sessions and facts of a CLIP tower. */
export interface ClipTowerParts {
  readonly host: Host;
  readonly clipText: ClipText;
  readonly processImage: ImageProcessor;
  readonly grid: NonNullable<ModelManifest["grid"]>;
  readonly plan: SplitPlan;
  readonly sessions: readonly [trunk: Session, tail: Session, projector: Session];
}

/**
 * Starts the three sessions.
 *
 * @param files that the parts' weights are in.
 * @param options as ONNX Runtime takes them.
 * @param starting is told of each, with its file.
 */
export async function startSessions(
  type: SessionClass,
  { plan, trunk, tail, projector }: Split,
  [vision, clip]: readonly [OpenFile, OpenFile],
  options: object,
  starting: (file: OpenFile) => void,
): Promise<ClipTowerParts["sessions"]> {
  const started: Session[] = [];
  const start = async (model: OnnxModel, from: OpenFile) => {
    starting(from);
    started.push(await startSession(type, { model, file: from }, options));
  };
  try {
    // One after the other: each model's bytes are released before the next one's are read.
    await start(trunk, vision);
    await start(tail, plan.tail.file === "clip" ? clip : vision);
    await start(projector, vision);
    return started as [Session, Session, Session];
  } catch (error) {
    await Promise.all(started.map((one) => one.release()));
    throw error;
  }
}

/** The tower of loaded parts. */
export function clipTower({ host, clipText, processImage, grid, plan, sessions }: ClipTowerParts): VisionTower {
  const [trunk, tail, projector] = sessions;
  const [rows, columns] = grid;
  const feed = (session: Session, input: string, { data, count, dim }: Matrix) => ({
    [input]: runtimeTensor(tensorFor(host, session, input, data, [1, count, dim])),
  });
  /** Signals of the last layer, without the class token's row; `patches`: each in the text's space, `[N, D]`. */
  const lastLayer = async (states: Matrix) => {
    const outputs = await tail.run(feed(tail, plan.tail.states, states));
    const query = matrixOf(outputs[plan.tail.query]);
    const keys = matrixOf(outputs[plan.tail.key]);
    return {
      keys: withoutClsRow(keys),
      clsAttention: clsAttention(query.data.subarray(0, query.dim), keys),
      patches: withoutClsRow(matrixOf(outputs[plan.tail.embeddings as string])),
    };
  };
  return {
    async encode(image, signals, clock) {
      const { pixel_values } = await clock.time("preprocess", () => preprocess(host, processImage, image));
      const { features, last } = await clock.time("vision", async () => {
        const outputs = await trunk.run({ [plan.trunk.input]: runtimeTensor(pixel_values) });
        const states = matrixOf(outputs[plan.trunk.states]);
        const features = withoutClsRow(states);
        return { features, last: signals ? await lastLayer(states) : undefined };
      });
      if (features.count !== rows * columns) {
        const expected = `${rows} x ${columns} visual tokens, as config.json has it`;
        throw refusalFor("ask")(expected, `${features.count} from the tower`);
      }
      return {
        features,
        grids: [{ rows, columns, offset: 0 }],
        async columns(relevanceText, clock) {
          if (last === undefined) return {};
          const { patches, ...columns } = last;
          const vectors = await clock.time("text", () => clipText.vectors(relevanceText));
          const textSimilarity = await clock.time("signals", () => rowMaxima(wordSimilarity(patches, vectors)));
          return { ...columns, textSimilarity };
        },
        async project(kept) {
          if (kept.count === 0) return kept;
          const { input, output } = plan.projector;
          const results = await projector.run(feed(projector, input, kept));
          return matrixOf(results[output]);
        },
      };
    },
    async release() {
      await Promise.all([clipText.dispose(), ...sessions.map((one) => one.release())]);
    },
  };
}
