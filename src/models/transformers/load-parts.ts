/** @file What the ways to load a model share. */
import { InvalidInputError, RecoupError } from "../../core/index.js";
import type { ModelFiles } from "../files.js";
import type { ManifestOverrides, ModelManifest } from "../manifest.js";
import type { Host } from "./host.js";
import type { LoadedVlm } from "./vlm.js";

export interface LoadOptions extends ManifestOverrides {
  /** As transformers.js takes them: where and in which precision its sessions run. */
  readonly device?: string | Readonly<Record<string, string>>;
  readonly dtype?: string | Readonly<Record<string, string>>;
  /** Called with the host's progress events. */
  readonly progress?: (event: unknown) => void;
  readonly signal?: AbortSignal;
  /** The host library. Default: `@huggingface/transformers` is imported. */
  readonly transformers?: Host;
  /** Called with sentences about what is only nearly right. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** What a way to load starts from. */
export interface Loading {
  readonly host: Host;
  readonly files: ModelFiles;
  readonly config: Readonly<Record<string, unknown>>;
  readonly manifest: ModelManifest;
  readonly options: LoadOptions;
}

/** What it gives. */
export type LoadedParts = Pick<LoadedVlm, "model" | "processor" | "eyes">;

/** The options as the host's `from_pretrained` takes them. */
export function hostOptions({ device, dtype, progress }: LoadOptions): object {
  return {
    ...(device !== undefined && { device }),
    ...(dtype !== undefined && { dtype }),
    ...(progress !== undefined && { progress_callback: progress }),
  };
}

/** Failures of the host as errors that name the folders. */
export async function fromHost<T>(folders: readonly string[], work: Promise<T>): Promise<T> {
  return work.catch((cause: Error) => {
    if (RecoupError.isInstance(cause)) throw cause;
    const expected = `files in ${folders.join(" and ")} that transformers.js loads`;
    throw new InvalidInputError({ operation: "loadVlm", expected, got: cause.message, cause });
  });
}

export function missing(what: string): InvalidInputError {
  return new InvalidInputError({ operation: "loadVlm", expected: what, got: "none" });
}
