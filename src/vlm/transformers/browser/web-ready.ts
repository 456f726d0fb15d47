/** @file Has a model's files in the cache of transformers.js in a browser, checked, before the library asks for them. */
import { FormatError, messageOf, refusalFor } from "../../../core/index.js";
import { type ByteSource, externalParts, type OnnxModel, openOnnx } from "../../../onnx/index.js";
import { assertModelJson, jsonObject } from "../model-text.js";
import { untilAborted } from "../until-aborted.js";
import { counted, type HostCache } from "./host-cache.js";
import { type Found, webText } from "./web-text.js";

const refuse = refusalFor("loadVlm", FormatError);

/** A model on a server. */
export interface WebModel {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Addresses of a file, in the order in which they are tried. */
  addresses(path: string): readonly string[];
  /** The first of them that has the file. */
  find(path: string, init?: RequestInit): Promise<Found | undefined>;
  /** @throws InvalidInputError for a file that is nowhere. */
  need(path: string, init?: RequestInit): Promise<Found>;
  progress(path: string, loaded: number, total: number): void;
}

/** Has a text at hand. Without a cache it is only looked at. @returns whether there is one. */
export async function readyText(model: WebModel, cache: HostCache | undefined, path: string): Promise<boolean> {
  const read = async (found: Found) => {
    const text = await webText(path, found, model.signal);
    if (path.endsWith(".json")) assertModelJson(path, jsonObject(text, found.address), found.address);
    return text;
  };
  if ((await kept(model, cache, path, read)) !== undefined) return true;
  const found = await model.find(path);
  if (found === undefined) return false;
  const text = await read(found);
  // Where there is no room, the library asks again.
  await cache?.put(found.address, new Response(text)).catch(() => {});
  return true;
}

/** Has an ONNX file at hand, with the files that its weights are in. Without a cache it is only asked whether there is one. */
export async function readyOnnx(model: WebModel, cache: HostCache | undefined, path: string): Promise<void> {
  if (cache === undefined) return void (await model.need(path, { method: "HEAD" }));
  const onnx = await readyWeights(model, cache, path, (blob) => onnxOf(`${path} of ${model.name}`, blob));
  const ends = new Map<string, number>();
  for (const { location, end } of onnx === undefined ? [] : externalParts(onnx)) {
    ends.set(location, Math.max(ends.get(location) ?? 0, end));
  }
  for (const [location, least] of ends) {
    const beside = `${path.slice(0, path.lastIndexOf("/") + 1)}${location}`;
    await readyWeights(model, cache, beside, async ({ size }) => {
      if (size < least) throw refuse(`at least ${least} bytes of weights in ${beside} of ${model.name}`, size);
    });
  }
}

/** @returns what the check gives; undefined where there is no room to keep the file, and the library takes it as it comes. */
async function readyWeights<T>(
  model: WebModel,
  cache: HostCache,
  path: string,
  check: (blob: Blob) => Promise<T>,
): Promise<T | undefined> {
  const { name, signal } = model;
  const checked = async ({ response }: Found) => check(await response.blob());
  const known = await kept(model, cache, path, checked);
  if (known !== undefined) return known.value;
  const { address, response } = await model.need(path);
  const total = Number(response.headers.get("content-length") ?? 0);
  let failure: { readonly error: unknown } | undefined;
  const body = counted(
    response,
    (loaded) => model.progress(path, loaded, total),
    (error) => {
      failure = { error };
    },
  );
  try {
    await untilAborted(signal, cache.put(address, body));
  } catch {
    signal.throwIfAborted();
    if (failure !== undefined) throw refuse(`the whole ${path} of ${name}`, messageOf(failure.error), failure.error);
    return undefined;
  }
  return (await kept(model, cache, path, checked, true))?.value;
}

/** A file that has been made ready, out of the cache; undefined where none keeps it. */
export async function readySource(
  model: Pick<WebModel, "name" | "addresses">,
  cache: HostCache | undefined,
  path: string,
): Promise<ByteSource | undefined> {
  for (const address of model.addresses(path)) {
    const response = await cache?.match(address);
    if (response === undefined || typeof response === "string") continue;
    return blobSource(`${path} of ${model.name}`, await response.blob());
  }
  return undefined;
}

function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/**
 * What a check gives of a file in the cache; undefined where there is none. One that is damaged is removed.
 *
 * @param isNew whether it has just come, so that its damage is the server's.
 */
async function kept<T>(
  model: WebModel,
  cache: HostCache | undefined,
  path: string,
  check: (found: Found) => Promise<T>,
  isNew = false,
): Promise<{ readonly value: T } | undefined> {
  for (const address of model.addresses(path)) {
    const response = await cache?.match(address);
    if (response === undefined || typeof response === "string") continue;
    try {
      return { value: await check({ address, response }) };
    } catch (error) {
      await cache?.delete?.(address);
      if (isNew) throw error;
    }
  }
  return undefined;
}

async function onnxOf(name: string, blob: Blob): Promise<OnnxModel> {
  return openOnnx(blobSource(name, blob)).catch((cause) => {
    throw refuse(`an ONNX model in ${name}`, messageOf(cause), cause);
  });
}
