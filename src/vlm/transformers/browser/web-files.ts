/** @file Models in a browser: files from where transformers.js takes them, by HTTP. */
import { refusalFor } from "../../../core/index.js";
import { httpSource } from "../../../onnx/index.js";
import { fileResponse, type ModelFiles, type RemoteSettings, remoteAddress } from "../files.js";
import { allOrStop } from "../load-parts.js";
import type { LoadSettings } from "../load-settings.js";
import { type CacheSettings, hostCache } from "./host-cache.js";
import { readyOnnx, readySource, readyText, type WebModel } from "./web-ready.js";
import { webJson } from "./web-text.js";

const refuse = refusalFor("loadVlm");

/** Settings of transformers.js that say where files lie. */
export interface WebSettings extends RemoteSettings, CacheSettings {
  readonly allowLocalModels: boolean;
  readonly localModelPath: string;
}

type WebOptions = Pick<LoadSettings, "report" | "signal" | "stop">;

/** The files of a model: of the page's own server where local models are allowed (`env.localModelPath`), else of Hugging Face. */
export function webFiles(settings: WebSettings, name: string, options: WebOptions): ModelFiles {
  const { signal, report } = options;
  const get: typeof fetch = (address, init) => fetch(address, { ...init, signal });
  const model: WebModel = {
    name,
    signal,
    addresses: (path) => addressesOf(settings, name, path),
    async find(path, init) {
      for (const address of model.addresses(path)) {
        const response = await fileResponse(`${path} of ${name} from ${address}`, get(address, init), signal);
        if (response === undefined) continue;
        if (!isPage(response)) return { address, response };
        await response.body?.cancel();
      }
      return undefined;
    },
    async need(path, init) {
      const found = await model.find(path, init);
      if (found === undefined) throw refuse(`${path} of ${name}`, `none at ${model.addresses(path).join(" or ")}`);
      return found;
    },
    progress: (path, loaded, total) => report.downloaded(name, path, loaded, total),
  };
  /** Files that are in the cache, checked. */
  const atHand = new Set<string>();
  return {
    name,
    place: model.addresses("").join(" or "),
    async json(path) {
      const found = await model.find(path);
      return found && webJson(path, found, signal);
    },
    async open(path) {
      const ready = atHand.has(path) ? await readySource(model, await hostCache(settings), path) : undefined;
      if (ready !== undefined) return { ...ready, close: async () => {} };
      const found = await model.need(path, { method: "HEAD" });
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
    async ready({ json, optional, onnx }) {
      const cache = await hostCache(settings);
      await allOrStop<unknown>(options, [
        ...json.map(async (path) => (await readyText(model, cache, path)) || model.need(path)),
        ...optional.map((path) => readyText(model, cache, path)),
        ...onnx.map((path) => readyOnnx(model, cache, path)),
      ]);
      for (const path of onnx) atHand.add(path);
      // The library shares downloads of equal names and options, also with a load that was stopped. Folders it has none in a browser.
      return { name, options: { cache_dir: `${Date.now()}-${Math.random()}` } };
    },
    folder: (path) => webFiles(settings, otherName(name, path), options),
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

/**
 * Another model, as a manifest.json names it: `../tiny-clip` of `tiny` is `tiny-clip`.
 *
 * @throws InvalidInputError for what is neither a name nor the way to one.
 */
function otherName(name: string, path: string): string {
  const parts = path.startsWith(".") ? name.split("/") : [];
  const steps = path.split("/").filter((step) => step !== "." && step !== "");
  const isName = /^[\w./-]+$/.test(path) && !path.startsWith("/");
  for (const step of steps) {
    if (step !== "..") parts.push(step);
    else if (parts.pop() === undefined) parts.push("..");
  }
  if (isName && parts.length > 0 && !parts.includes("..")) return parts.join("/");
  throw refuse(`clip in manifest.json of ${name} as a model's name, or the way to it`, path);
}
