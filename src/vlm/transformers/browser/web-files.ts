/** @file Models in a browser: files from where transformers.js takes them, by HTTP. */
import { refusalFor } from "../../../core/index.js";
import { httpSource } from "../../../onnx/index.js";
import { fileResponse, type ModelFiles, type RemoteSettings, remoteAddress } from "../files.js";
import type { LoadSettings } from "../load-settings.js";

const refuse = refusalFor("loadVlm");

/** Settings of transformers.js that say where files lie. */
export interface WebSettings extends RemoteSettings {
  readonly allowLocalModels: boolean;
  readonly localModelPath: string;
}

type WebOptions = Pick<LoadSettings, "report"> & Partial<Pick<LoadSettings, "signal">>;

/** The files of a model: of the page's own server where local models are allowed (`env.localModelPath`), else of Hugging Face. */
export function webFiles(settings: WebSettings, name: string, options: WebOptions): ModelFiles {
  const { signal, report } = options;
  const get: typeof fetch = (address, init) => fetch(address, { ...init, signal });
  /** The first address that has the file, and its answer. */
  const find = async (path: string, init?: RequestInit) => {
    for (const address of addressesOf(settings, name, path)) {
      const response = await fileResponse(`${path} of ${name} from ${address}`, get(address, init), signal);
      if (response !== undefined && !isPage(response)) return { address, response };
    }
    return undefined;
  };
  return {
    name,
    async json(path) {
      const found = await find(path);
      return found?.response.json().catch((cause: Error) => {
        throw refuse(`JSON in ${found.address}`, cause.message, cause);
      });
    },
    async open(path) {
      const found = await find(path, { method: "HEAD" });
      if (found === undefined) throw refuse(`${path} of ${name}`, "none");
      const address = String(new URL(found.address, globalThis.location?.href));
      const source = await httpSource(address, { fetch: get, withoutRanges: "load" });
      let read = 0;
      return {
        name: source.name,
        size: source.size,
        async read(offset, length) {
          const bytes = await source.read(offset, length);
          read += length;
          report.downloaded(name, path, read, source.size);
          return bytes;
        },
        close: async () => {},
      };
    },
    ready: async () => ({ name, options: {} }),
    folder: (path) => webFiles(settings, path.startsWith(".") ? joined(name, path) : path, options),
  };
}

/** Servers of single-page applications answer with their page where there is no file. */
function isPage({ headers }: Response): boolean {
  return (headers.get("content-type") ?? "").startsWith("text/html");
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
