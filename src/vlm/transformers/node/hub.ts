/** @file Models of Hugging Face: files are downloaded into transformers.js's own cache, and read from there. */
import { stat } from "node:fs/promises";
import { join, posix, resolve } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { type HostFiles, type ModelFiles, type RemoteSettings, remoteAddress } from "../files.js";
import { allOrStop } from "../load-parts.js";
import type { LoadSettings } from "../load-settings.js";
import { assertModelJson, maxTextLength } from "../model-text.js";
import { assertWeights, readJson, readOnnx, readText, weightFiles } from "./check-file.js";
import { type Download, download } from "./download.js";
import { folderModel } from "./folder.js";
import { isModelId } from "./model-id.js";

const refuse = refusalFor("loadVlm");

/** Settings of transformers.js for downloads and their cache. */
export interface HubSettings extends RemoteSettings {
  readonly allowLocalModels: boolean;
  readonly cacheDir: string | null;
  fetch(input: string | URL, init?: object): Promise<Response>;
}

type HubOptions = Pick<LoadSettings, "report" | "signal" | "stop">;

/** Most bytes of a file of weights: four times the longest on Hugging Face. */
const MAX_WEIGHTS = 200e9;
/** Most bytes of an ONNX file: protobuf has no longer messages. */
const MAX_ONNX = 2 ** 31;

/**
 * The files of a model, revision `main`. Each is downloaded once, whole and checked or not at all; one that is damaged in the cache is
 * downloaded again. A token in HF_TOKEN is sent to Hugging Face and nobody else.
 *
 * @param inside folder in the repository; default: its root.
 * @throws InvalidInputError where a file is not there, cannot be had, or downloads are switched off (`env.allowRemoteModels`).
 */
export function hubFiles(settings: HubSettings, id: string, options: HubOptions, inside = ""): ModelFiles {
  const name = posix.join(id, inside);
  const cache = resolve(settings.cacheDir ?? ".cache", name);
  const local = folderModel(cache, (path) => otherModel(settings, name, path, options));
  const { allowRemoteModels: isOnline } = settings;
  /** Files that are there or on their way, of this model as it is loaded now: several steps read the same ones. */
  const asked = new Map<string, Promise<boolean>>();
  /** @param least length of a file of weights. @returns whether the file is there now. */
  const ensure = (path: string, least?: number): Promise<boolean> => {
    const known = asked.get(path) ?? fetched(path, least);
    asked.set(path, known);
    return known;
  };
  const fetched = async (path: string, least?: number): Promise<boolean> => {
    const file = join(cache, path);
    const check = (at: string) => assertSound(at, path, `${path} of ${name}`, least);
    let damage: unknown;
    if ((await stat(file).catch(() => undefined))?.isFile() === true) {
      damage = await check(file).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (damage === undefined) return true;
      if (!isOnline) throw damage;
    }
    if (!isOnline) return false;
    const { signal, report } = options;
    const isThere = await download({
      address: remoteAddress(settings, id, posix.join(inside, path)),
      file,
      name: `${path} of ${name}`,
      headers,
      fetch: (address, init) => settings.fetch(address, init),
      most: least !== undefined ? MAX_WEIGHTS : path.endsWith(".onnx") ? MAX_ONNX : maxTextLength(path),
      check,
      progress: (loaded, total) => report.downloaded(name, path, loaded, total),
      signal,
    });
    if (!isThere && damage !== undefined) throw damage;
    return isThere;
  };
  const need = async (path: string, least?: number): Promise<void> => {
    if (await ensure(path, least)) return;
    throw refuse(`${path} of ${name}`, isOnline ? "none" : "none in the cache, and downloads are off");
  };
  const needOnnx = async (path: string): Promise<void> => {
    await need(path);
    const weights = weightFiles(await readOnnx(join(cache, path), `${path} of ${name}`));
    await allOrStop(
      options,
      Array.from(weights, ([at, least]) => need(posix.join(posix.dirname(path), at), least)),
    );
  };
  return {
    name,
    place: name,
    json: async (path) => ((await ensure(path)) ? local.json(path) : undefined),
    async open(path) {
      await needOnnx(path);
      return local.open(path);
    },
    async ready(files: HostFiles) {
      options.report.alias(cache, name);
      await allOrStop<unknown>(options, [
        ...files.json.map((path) => need(path)),
        ...files.optional.map((path) => ensure(path)),
        ...files.onnx.map(needOnnx),
      ]);
      return local.ready({ json: [], optional: [], onnx: [] });
    },
    folder: local.folder,
  };
}

/** @throws for a file that is not what its path says. @param file where it lies. */
async function assertSound(file: string, path: string, name: string, least?: number): Promise<void> {
  if (least !== undefined) await assertWeights(file, least, name);
  else if (path.endsWith(".onnx")) await readOnnx(file, name);
  else if (path.endsWith(".json")) assertModelJson(path, await readJson(file, name, maxTextLength(path)), name);
  else await readText(file, name);
}

/**
 * Another model, as a manifest.json of a hub's model names it: by an id, or by its way from there. Nothing on this machine.
 *
 * @throws InvalidInputError for anything else.
 */
function otherModel(settings: HubSettings, name: string, path: string, options: HubOptions): ModelFiles {
  const place = path.startsWith(".") ? posix.join(name, path) : path;
  const [owner, model, ...inside] = place.split("/").filter((part) => part !== "");
  const id = model === undefined ? "" : `${owner}/${model}`;
  if (/^[\w./-]+$/.test(path) && !path.startsWith("/") && isModelId(id) && !inside.includes("..")) {
    return hubFiles(settings, id, options, inside.join("/"));
  }
  throw refuse(`clip in manifest.json of ${name} as a model id or a folder of its repository`, path);
}

/** Lengths are those of files where nothing is encoded. */
const headers: Download["headers"] = ({ protocol, hostname }) => {
  const token = process.env.HF_TOKEN;
  const isOwn = protocol === "https:" && (hostname === "huggingface.co" || hostname === "hf.co");
  return { "Accept-Encoding": "identity", ...(token !== undefined && isOwn && { Authorization: `Bearer ${token}` }) };
};
