/** @file Models in a browser: files from where transformers.js takes them, by HTTP. */
import { refusalFor } from "../../../core/index.js";
import { httpSource } from "../../../onnx/index.js";
import { type ModelFiles, type RemoteSettings, remoteAddress } from "../files.js";

const refuse = refusalFor("loadVlm");

/** Settings of transformers.js that say where files lie. */
export interface WebSettings extends RemoteSettings {
  readonly allowLocalModels: boolean;
  readonly localModelPath: string;
}

/** The files of a model: of the page's own server where local models are allowed (`env.localModelPath`), else of Hugging Face. */
export function webFiles(settings: WebSettings, name: string, signal?: AbortSignal): ModelFiles {
  const addresses = (path: string) => addressesOf(settings, name, path);
  const get: typeof fetch = (address, init) => fetch(address, { ...init, signal });
  return {
    name,
    async json(path) {
      for (const address of addresses(path)) {
        const response = await get(address).catch((cause: Error) => {
          signal?.throwIfAborted();
          throw refuse(`${path} of ${name} from ${address}`, cause.message, cause);
        });
        if (isMissing(response)) continue;
        if (!response.ok) throw refuse(`${path} of ${name} from ${address}`, String(response.status));
        return response.json().catch((cause: Error) => {
          throw refuse(`JSON in ${address}`, cause.message, cause);
        });
      }
      return undefined;
    },
    async open(path) {
      for (const address of addresses(path)) {
        const response = await get(address, { method: "HEAD" });
        if (isMissing(response)) continue;
        if (!response.ok) throw refuse(`${path} of ${name} from ${address}`, String(response.status));
        const source = await httpSource(String(new URL(address, globalThis.location?.href)), {
          fetch: (place, init) => get(place, init),
          withoutRanges: "load",
        });
        return { ...source, close: async () => {} };
      }
      throw refuse(`${path} of ${name}`, "none");
    },
    folder: (path) => webFiles(settings, path.startsWith(".") ? joined(name, path) : path, signal),
  };
}

/** Servers of single-page applications answer with their page where there is no file. */
function isMissing({ status, headers }: Response): boolean {
  return status === 404 || (headers.get("content-type") ?? "").startsWith("text/html");
}

/** Addresses of a file, in the order in which transformers.js tries them. */
function addressesOf(settings: WebSettings, name: string, path: string): string[] {
  const local = `${settings.localModelPath.replace(/\/$/, "")}/${name}/${path}`;
  const remote = String(remoteAddress(settings, name, path));
  return [...(settings.allowLocalModels ? [local] : []), ...(settings.allowRemoteModels ? [remote] : [])];
}

/** `tiny` and `../tiny-clip` make `tiny-clip`. */
function joined(name: string, path: string): string {
  const parts = name.split("/");
  for (const step of path.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== "." && step !== "") parts.push(step);
  }
  return parts.join("/");
}
