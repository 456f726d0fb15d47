/** @file Flags and loading of the commands that run a model. */
import { MAX_NEW_TOKENS } from "../core/index.js";
import { type LoadProgress, loadVlm, type Vlm } from "../vlm/transformers/node/index.js";
import type { CommandIo } from "./command.js";
import { inStage } from "./failure.js";
import type { Flags, Values } from "./flags.js";
import { METHOD_FLAGS } from "./method-flags.js";
import { interruptible, type WorkIo } from "./progress.js";
import { ROW_FLAGS } from "./row-flags.js";
import { styled } from "./style.js";
import { isToy, TOY } from "./toy.js";

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
  ...ROW_FLAGS,
  maxNewTokens: { type: "integer", min: 1, help: `longest answer, in tokens (default: ${MAX_NEW_TOKENS})` },
  ...MODEL_FLAGS,
} as const satisfies Flags;

/** A model as the flags say. */
export type ModelChoice = Partial<Values<typeof MODEL_FLAGS>> & { readonly model: string };

/** Loads the model; on a terminal one line says how far it is. */
export async function loadModel({ model, clip, device, dtype }: ModelChoice, io: WorkIo): Promise<Vlm> {
  io.overwrite?.(`loading ${model}`, false);
  const started = performance.now();
  const warn = (message: string) => io.note(styled("warning", `warning: ${message}`));
  const progress = (event: LoadProgress) => io.overwrite?.(`loading ${model}: ${progressText(event)}`, false);
  const options = { clip, device, dtype, signal: io.signal, warn, progress };
  const vlm = await inStage(`loading ${model}`, () => loadVlm(model, options));
  const what = isToy(model) ? `${model}, ${TOY},` : model;
  (io.overwrite ?? io.note)(`loaded ${what} in ${((performance.now() - started) / 1000).toFixed(1)} s`, true);
  return vlm;
}

/** An event of loading, for a line on the terminal. */
function progressText(event: LoadProgress): string {
  switch (event.phase) {
    case "download": {
      const { file, loaded, total = 0 } = event;
      return total > 0 ? `${file} ${((100 * loaded) / total).toFixed(0)} %` : file;
    }
    case "prepare":
      return `splitting ${event.file}`;
    case "session":
      return `starting ${event.file}`;
    case "ready":
      return "ready";
  }
}

/** Loads the model for some work, which Ctrl-C stops, and disposes of it. */
export function withModel<T>(
  flags: ModelChoice,
  io: CommandIo,
  work: (vlm: Vlm, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return interruptible(io, async (working) => {
    const vlm = await loadModel(flags, working);
    try {
      return await work(vlm, working.signal);
    } finally {
      await vlm.dispose();
    }
  });
}
