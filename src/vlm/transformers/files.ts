/** @file Where a model's files come from: a folder, or files that have been fetched. */
import { refusalFor } from "../../core/index.js";
import type { ByteSource } from "../../onnx/index.js";

/** An open ONNX file. */
export interface OpenFile extends ByteSource {
  /** Where the runtime can read it by itself, if it is on a disk: then weights stay there instead of passing through memory. */
  readonly place?: { readonly folder: string; readonly file: string };
  close(): Promise<void>;
}

/** The files of one model folder. */
export interface ModelFiles {
  /** The name in messages. */
  readonly name: string;
  /** A JSON file; undefined where there is none. */
  json(path: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** An ONNX file, opened for reads by position. */
  open(path: string): Promise<OpenFile>;
  /**
   * Has the files at hand that transformers.js will read, checked: it hears no signal, and keeps whatever a server sends.
   *
   * @returns the name that it finds them by, and options to it.
   * @throws InvalidInputError for one that is needed and is not there, or that is no such file.
   */
  ready(files: HostFiles): Promise<HostName>;
  /** Another folder, by its way from this one, or by a name of its own. */
  folder(path: string): ModelFiles;
}

/** A model's name for `from_pretrained` of transformers.js, and options that belong to it. */
export interface HostName {
  readonly name: string;
  readonly options: { readonly local_files_only?: boolean; readonly cache_dir?: string };
}

/** Files that transformers.js reads by itself, by their paths in the model's folder. */
export interface HostFiles {
  /** Needed. */
  readonly json: readonly string[];
  /** JSON and templates that a model may have. */
  readonly optional: readonly string[];
  /** ONNX files: needed, with the files that their weights are in. */
  readonly onnx: readonly string[];
}

/** Settings of transformers.js for downloads, as far as they are used: of its `env`. */
export interface RemoteSettings {
  readonly allowRemoteModels: boolean;
  readonly remoteHost: string;
  readonly remotePathTemplate: string;
}

/** The address of a file of a Hugging Face model, revision `main`. */
export function remoteAddress({ remoteHost, remotePathTemplate }: RemoteSettings, id: string, path: string): URL {
  const place = remotePathTemplate.replaceAll("{model}", id).replaceAll("{revision}", "main");
  return new URL(`${place}${path}`, remoteHost);
}

/** The answer to a request for a file; undefined where there is none. @throws InvalidInputError for any failure but an abort. */
export async function fileResponse(
  file: string,
  requested: Promise<Response>,
  signal?: AbortSignal,
): Promise<Response | undefined> {
  const refuse = refusalFor("loadVlm");
  const response = await requested.catch((cause: Error) => {
    signal?.throwIfAborted();
    throw refuse(file, cause.cause instanceof Error ? cause.cause.message : cause.message, cause);
  });
  if (response.status === 200) return response;
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  // A part that nobody has asked for, or nothing, is no file either.
  throw refuse(file, `${response.status} ${response.statusText}`.trim());
}
