/** @file Starts sessions of ONNX Runtime on edited graphs, whose weights stay in the files that they are in. */
import { externalParts, modelBytes, type OnnxModel, skeleton } from "../../onnx/index.js";
import type { OpenFile } from "./files.js";
import type { Session, SessionClass } from "./host.js";

/** A graph, and the files of its weights. */
export interface SessionSource {
  readonly model: OnnxModel;
  readonly file: OpenFile;
  /** Opens another file of the folder, for weights beside the model where the runtime reads no disks. */
  readonly beside?: (location: string) => Promise<OpenFile>;
}

/** @param options as ONNX Runtime takes them. */
export async function startSession(type: SessionClass, source: SessionSource, options: object): Promise<Session> {
  const { bytes, more } = await sessionInput(source);
  return type.create(bytes, { ...options, ...more });
}

/**
 * The input of a session. Of a file on a disk: a skeleton of some kilobytes, whose weights the runtime reads from the untouched
 * original: a tower of 1.2 GB then starts in a second and is in memory once.
 */
async function sessionInput({ model, file, beside }: SessionSource): Promise<{ bytes: Uint8Array; more: object }> {
  const { place } = file;
  if (place !== undefined) {
    const bytes = await modelBytes(skeleton(model, { source: file, location: place.file }));
    return { bytes, more: { extra: { session: { model_external_initializers_file_folder_path: place.folder } } } };
  }
  const externalData: { path: string; data: Uint8Array }[] = [];
  for (const path of new Set(externalParts(model).map(({ location }) => location))) {
    if (beside !== undefined) externalData.push({ path, data: await wholeFile(await beside(path)) });
  }
  return { bytes: await modelBytes(model), more: externalData.length === 0 ? {} : { externalData } };
}

async function wholeFile(file: OpenFile): Promise<Uint8Array> {
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** Devices of transformers.js as ONNX Runtime's execution providers; none named: the runtime's own choice. */
export function executionProviders(device: string | undefined): { readonly executionProviders?: readonly unknown[] } {
  if (device === undefined) return {};
  const [, webnn, type = "cpu"] = /^(webnn)(?:-(npu|gpu|cpu))?$/.exec(device) ?? [];
  if (webnn !== undefined) return { executionProviders: [{ name: webnn, deviceType: type }] };
  const several: Readonly<Record<string, readonly string[]>> = { gpu: gpus(), auto: [...gpus(), cpu()] };
  return { executionProviders: Object.hasOwn(several, device) ? several[device] : [device] };
}

const isNode = typeof process === "object" && process.versions?.node !== undefined;

const cpu = () => (isNode ? "cpu" : "wasm");

/** What the runtime is built with, by system, as transformers.js has it. */
function gpus(): string[] {
  if (!isNode) return ["webgpu"];
  const own: Readonly<Record<string, string>> = { win32: "dml", darwin: "coreml" };
  const cuda = process.platform === "linux" && process.arch === "x64" ? ["cuda"] : [];
  return [...(process.platform in own ? [own[process.platform]] : cuda), "webgpu"];
}
