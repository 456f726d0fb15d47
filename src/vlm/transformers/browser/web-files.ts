/** @file Models in a browser: files from where transformers.js takes them, by HTTP. */
import { refusalFor } from "../../../core/index.js";
import { httpSource } from "../../../onnx/index.js";
import { fileResponse, type ModelFiles, type RemoteSettings, remoteAddress } from "../files.js";

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
        const response = await fileResponse(`${path} of ${name} from ${address}`, get(address), signal);
        if (response === undefined) continue;
        return response.json().catch((cause: Error) => {
          throw refuse(`JSON in ${address}`, cause.message, cause);
        });
      }
      return undefined;
    },
    async open(path) {
      for (const address of addresses(path)) {
        const head = get(address, { method: "HEAD" });
        if ((await fileResponse(`${path} of ${name} from ${address}`, head, signal)) === undefined) continue;
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
