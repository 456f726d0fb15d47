/** @file Texts of a model by HTTP: bounded, and JSON where their names say so. */
import { FormatError, messageOf, refusalFor } from "../../../core/index.js";
import { assertModelJson, type Json, jsonObject, maxTextLength } from "../model-text.js";
import { untilAborted } from "../until-aborted.js";

const refuse = refusalFor("loadVlm", FormatError);

/** A file that a server or a cache has. */
export interface Found {
  readonly address: string;
  readonly response: Response;
}

/** The text of an answer. @throws FormatError for one that ends early or is too long; the signal's reason. */
export async function webText(path: string, { address, response }: Found, signal: AbortSignal): Promise<string> {
  const most = maxTextLength(path);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  const next = async () =>
    reader &&
    untilAborted(signal, reader.read()).catch((cause) => {
      signal.throwIfAborted();
      throw refuse(`the whole file ${address}`, `${length} bytes, then: ${messageOf(cause)}`, cause);
    });
  try {
    for (let part = await next(); part?.value !== undefined; part = await next()) {
      length += part.value.length;
      if (length > most) throw refuse(`at most ${most / 2 ** 20} MiB in ${address}`, "more");
      text += decoder.decode(part.value, { stream: true });
    }
    return text + decoder.decode();
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** The object in an answer of JSON. @throws as `webText`; FormatError for anything else, and for what is no file of a model. */
export async function webJson(path: string, found: Found, signal: AbortSignal): Promise<Json> {
  const json = jsonObject(await webText(path, found, signal), found.address);
  assertModelJson(path, json, found.address);
  return json;
}
