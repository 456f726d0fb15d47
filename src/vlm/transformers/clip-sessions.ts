/** @file The vision side of a LLaVA as three sessions: trunk, tail (the signals of CLIP's last layer), projector. */
import { clsAttention, type VisualTokens, withoutClsRow } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { modelBytes, type OnnxModel, type Parts, skeleton, type TapPlan } from "../../onnx/index.js";
import type { OpenFile } from "./files.js";
import {
  type Host,
  type HostTensor,
  matrixOf,
  runtimeTensor,
  type Session,
  type SessionClass,
  tensorFor,
} from "./host.js";

/** Signals of one image beside its states; all without the class token's row. */
export interface TowerSignals {
  readonly keys: Matrix;
  readonly clsAttention: Float32Array;
  /** Each patch in the text's space, `[N, D]`. */
  readonly embeddings: Matrix;
}

export interface VisionParts {
  /**
   * One pass over an image [1, 3, H, W]: rows for the projector, `[N, C]`, and the signals.
   *
   * @param signals whether the last layer is run as well.
   */
  encode(pixels: HostTensor, signals: boolean): Promise<{ features: Matrix; signals?: TowerSignals }>;
  /** Rows [K, C] to the language model's width, `[K, D]`. */
  project(rows: VisualTokens<Float32Array>): Promise<VisualTokens<Float32Array>>;
  release(): Promise<void>;
}

export interface StartOptions {
  /** As ONNX Runtime takes them. */
  readonly session: object;
  /** The files that the parts' weights are in. */
  readonly vision: OpenFile;
  readonly tail: OpenFile;
}

/** Starts the three sessions. */
export async function startVisionParts(
  host: Host,
  sessions: SessionClass,
  { plan, ...models }: Parts,
  { session, vision, tail: tailFile }: StartOptions,
): Promise<VisionParts> {
  const started: Session[] = [];
  const start = async (model: OnnxModel, from: OpenFile): Promise<Session> => {
    const { bytes, options } = await sessionInput(model, from, session);
    const one = await sessions.create(bytes, options);
    started.push(one);
    return one;
  };
  try {
    // One after the other: each model's bytes are released before the next one's are read.
    const trunk = await start(models.trunk, vision);
    const tail = await start(models.tail, tailFile);
    const projector = await start(models.projector, vision);
    return partsOf(host, plan, { trunk, tail, projector });
  } catch (error) {
    await Promise.all(started.map((one) => one.release()));
    throw error;
  }
}

/**
 * The input of a session. Of a file on a disk: a skeleton of some kilobytes, whose weights the runtime reads from the untouched
 * original: a tower of 1.2 GB then starts in a second and is in memory once.
 */
async function sessionInput(
  model: OnnxModel,
  source: OpenFile,
  options: object,
): Promise<{ bytes: Uint8Array; options: object }> {
  const { place } = source;
  if (place === undefined) return { bytes: await modelBytes(model), options };
  const bytes = await modelBytes(skeleton(model, { source, location: place.file }));
  const extra = { session: { model_external_initializers_file_folder_path: place.folder } };
  return { bytes, options: { ...options, extra } };
}

function partsOf(
  host: Host,
  plan: TapPlan,
  { trunk, tail, projector }: { trunk: Session; tail: Session; projector: Session },
): VisionParts {
  const feed = (session: Session, input: string, { data, count, dim }: Matrix) => ({
    [input]: runtimeTensor(tensorFor(host, session, input, data, [1, count, dim])),
  });
  return {
    async encode(pixels, wanted) {
      const outputs = await trunk.run({ [plan.trunk.input]: runtimeTensor(pixels) });
      const states = matrixOf(outputs[plan.trunk.states]);
      const features = withoutClsRow(states);
      if (!wanted) return { features };
      const signals = await tail.run(feed(tail, plan.tail.states, states));
      const query = matrixOf(signals[plan.tail.query]);
      const keys = matrixOf(signals[plan.tail.key]);
      return {
        features,
        signals: {
          keys: withoutClsRow(keys),
          clsAttention: clsAttention(query.data.subarray(0, query.dim), keys),
          embeddings: withoutClsRow(matrixOf(signals[plan.tail.embeddings as string])),
        },
      };
    },
    async project(rows) {
      if (rows.count === 0) return rows;
      const { input, output } = plan.projector;
      const results = await projector.run(feed(projector, input, rows));
      return matrixOf(results[output]);
    },
    async release() {
      await Promise.all([trunk, tail, projector].map((session) => session.release()));
    },
  };
}
