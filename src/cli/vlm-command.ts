/** @file Flags and loading of the commands that run a model. */
import { loadVlm, type Vlm } from "../node.js";
import type { CommandIo } from "./command.js";
import type { Flags, Values } from "./flags.js";
import { METHOD_FLAGS } from "./method-flags.js";

/** The model and the engine under it. */
export const MODEL_FLAGS = {
  model: {
    type: "text",
    default: "tiny",
    help: "tiny (the bundled model), a folder in transformers.js layout, or a Hugging Face model id",
  },
  clip: {
    type: "text",
    help: "the CLIP files of the model's vision tower, likewise, where its manifest.json doesn't say",
  },
  device: { type: "text", help: "as transformers.js takes it" },
  dtype: { type: "text", help: "as transformers.js takes it" },
} as const satisfies Flags;

/** Flags of the commands that answer questions. */
export const VLM_FLAGS = {
  ...METHOD_FLAGS,
  method: {
    ...METHOD_FLAGS.method,
    help: 'see "recoup methods"; none keeps all tokens (default: the model\'s own)',
  },
  maxNewTokens: { type: "integer", min: 1, help: "longest answer, in tokens (default: 64)" },
  ...MODEL_FLAGS,
} as const satisfies Flags;

type ModelValues = Values<typeof MODEL_FLAGS>;

/** Loads the model; on a terminal one line says how far it is. */
export async function loadModel(
  { model, clip, device, dtype }: Pick<ModelValues, "model"> & Partial<ModelValues>,
  io: CommandIo,
  signal: AbortSignal,
): Promise<Vlm> {
  io.overwrite?.(`loading ${model}`, false);
  const started = performance.now();
  const vlm = await loadVlm(model, {
    clip,
    device,
    dtype,
    signal,
    warn: (message) => io.note(`warning: ${message}`),
    progress: (event) => {
      const { status, file, progress } = event as { status?: string; file?: string; progress?: number };
      if (status === "progress" && progress !== undefined) {
        io.overwrite?.(`loading ${model}: ${file} ${progress.toFixed(0)} %`.slice(0, io.columns - 1), false);
      }
    },
  }).catch((error) => {
    io.overwrite?.("", true);
    throw error;
  });
  const text = `loaded ${model} in ${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (io.overwrite) io.overwrite(text, true);
  else io.note(text);
  if (model === "tiny") io.note("(the bundled model is tiny and knows synthetic pictures only)");
  return vlm;
}
