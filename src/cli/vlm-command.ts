/** @file What the commands that run a model share: flags, loading with progress, Ctrl-C. */
import { InvalidInputError } from "../core/index.js";
import { loadVlm, type Vlm } from "../node.js";
import type { Compression } from "../vlm/index.js";
import type { CommandIo } from "./command.js";
import { METHOD_FLAGS, type MethodFlags, methodOptions } from "./method-options.js";
import { number } from "./numbers.js";

export const VLM_FLAGS = {
  ...METHOD_FLAGS,
  model: { type: "string", default: "tiny" },
  clip: { type: "string" },
  device: { type: "string" },
  dtype: { type: "string" },
  method: { type: "string" },
  "max-new-tokens": { type: "string" },
} as const;

export interface VlmFlags extends MethodFlags {
  readonly model?: string;
  readonly clip?: string;
  readonly device?: string;
  readonly dtype?: string;
  readonly method?: string;
  readonly "max-new-tokens"?: string;
}

export const VLM_USAGE = `  --model NAME         tiny (the bundled model, default), a folder in transformers.js layout, or a hub's id
  --clip NAME          the CLIP files of the model's tower, likewise, where its manifest.json doesn't say
  --method ID          see "recoup methods" (default: the model's); none keeps all tokens
  --retain K           exactly K rows            --ratio R        a share of the rows, 0 to 1
  --min-tokens K       dynamic: at least K       --max-tokens K   dynamic: at most K
  --polarity SIGN      1 or -1: does the model score what the text names high or low?
  --option NAME=VALUE  any other option of the method
  --max-new-tokens N   longest answer (default: 64)
  --device NAME, --dtype NAME   as transformers.js takes them`;

/** Method and its options as the flags say. */
export function compressionOf(operation: string, flags: VlmFlags): Compression {
  return { ...methodOptions(operation, flags), ...(flags.method !== undefined && { method: flags.method }) };
}

export function maxNewTokens(operation: string, flags: VlmFlags): number | undefined {
  return number(operation, "--max-new-tokens", flags["max-new-tokens"]);
}

/** Loads the model; on a terminal one line says how far it is. */
export async function loadModel(flags: VlmFlags, io: CommandIo, signal: AbortSignal): Promise<Vlm> {
  const { model = "tiny", clip, device, dtype } = flags;
  io.overwrite?.(`loading ${model}`, false);
  const started = performance.now();
  const vlm = await loadVlm(model, {
    ...(clip !== undefined && { clip }),
    ...(device !== undefined && { device }),
    ...(dtype !== undefined && { dtype }),
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

/** @throws InvalidInputError unless there are as many words as names. */
export function exactly(operation: string, names: readonly string[], words: readonly string[]): void {
  if (words.length === names.length) return;
  throw new InvalidInputError({
    operation,
    expected: names.join(" "),
    got: words.length === 0 ? "nothing" : words.join(" "),
  });
}
