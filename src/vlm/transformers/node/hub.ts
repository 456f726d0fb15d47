/** @file Models of Hugging Face: files are downloaded into transformers.js's own cache, where it finds them, too. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { withFileErrors, writeFileAtomic } from "../../../files/index.js";
import { openOnnx } from "../../../onnx/index.js";
import { fileResponse, type ModelFiles, type OpenFile, type RemoteSettings, remoteAddress } from "../files.js";
import type { LoadSettings } from "../load-settings.js";
import { folderModel } from "./folder.js";

const refuse = refusalFor("loadVlm");

/** Settings of transformers.js for downloads and their cache. */
export interface HubSettings extends RemoteSettings {
  readonly cacheDir: string | null;
  fetch(input: string | URL, init?: object): Promise<Response>;
}

type HubOptions = Pick<LoadSettings, "signal" | "report">;

/**
 * The files of a model, revision `main`. Each is downloaded once, whole or not at all; with it, of an ONNX file, the files
 * its weights are in. A token in HF_TOKEN is sent to Hugging Face and nobody else.
 *
 * @throws InvalidInputError where a file is not there, cannot be had, or downloads are switched off (`env.allowRemoteModels`).
 */
export function hubFiles(
  settings: HubSettings,
  id: string,
  options: HubOptions,
  folder: (path: string) => ModelFiles,
): ModelFiles {
  const cache = join(settings.cacheDir ?? ".cache", id);
  const local = folderModel(cache, folder);
  const have = async (path: string) => (await stat(join(cache, path)).catch(() => undefined))?.isFile() === true;
  /** @returns whether the file is there now. */
  const ensure = async (path: string): Promise<boolean> => {
    if (await have(path)) return true;
    if (!settings.allowRemoteModels) return false;
    const response = await request(settings, id, path, options.signal);
    if (response === undefined) return false;
    const file = join(cache, path);
    await withFileErrors("loadVlm", `a cache at ${cache} that can be written`, () =>
      mkdir(dirname(file), { recursive: true }),
    );
    await writeFileAtomic(file, watched(response, id, path, options), { signal: options.signal });
    return true;
  };
  return {
    name: id,
    json: async (path) => ((await ensure(path)) ? local.json(path) : undefined),
    async open(path): Promise<OpenFile> {
      if (!(await ensure(path))) {
        const none = settings.allowRemoteModels ? "none" : "none in the cache, and downloads are off";
        throw refuse(`${path} of ${id}`, none);
      }
      const opened = await local.open(path);
      try {
        const { graph } = await openOnnx(opened);
        const locations = graph.initializers.flatMap(({ data }) => (data.kind === "external" ? [data.location] : []));
        for (const location of new Set(locations)) {
          const beside = join(dirname(path), location);
          if (!(await ensure(beside))) throw refuse(`${beside} of ${id}`, "none");
        }
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    },
    folder: (path) => folder(path.startsWith(".") ? join(id, path) : path),
  };
}

/** The answer to a request for a file; undefined where there is none. */
function request(settings: HubSettings, id: string, path: string, signal?: AbortSignal): Promise<Response | undefined> {
  const address = remoteAddress(settings, id, path);
  const token = process.env.HF_TOKEN;
  const own = address.hostname === "huggingface.co" || address.hostname === "hf.co";
  const headers = token !== undefined && own ? { Authorization: `Bearer ${token}` } : {};
  return fileResponse(`${path} of ${id} from ${address.host}`, settings.fetch(address, { headers, signal }), signal);
}

/** The content as it comes, with progress; a connection that ends early is an error. */
async function* watched(
  response: Response,
  name: string,
  file: string,
  { report, signal }: HubOptions,
): AsyncGenerator<Uint8Array> {
  const encoded = response.headers.get("content-encoding");
  const total = encoded === null ? Number(response.headers.get("content-length") ?? 0) : 0;
  let loaded = 0;
  const whole = total > 0 ? `${total} bytes` : "the whole";
  const short = (got: string, cause?: unknown) => refuse(`${whole} of ${file} of ${name}`, got, cause);
  try {
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      loaded += part.length;
      yield part;
      report.downloaded(name, file, loaded, total);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw short(`${loaded}, then: ${(cause as Error).message}`, cause);
  }
  if (total > 0 && loaded !== total) throw short(String(loaded));
}
