/** @file Kinds of files that are taken for ONNX models, by their first bytes, with what to do about them. */
import type { ByteSource } from "./model.js";
import { decoder } from "./wire.js";

/** Bytes at a place of the file, as text in which each letter is one byte. */
type Mark = readonly [at: number, bytes: string, kind: string];

const MARKS: readonly Mark[] = [
  [0, "version https://git-lfs", "a Git LFS pointer: fetch the file itself with git lfs pull"],
  [0, "GGUF", "a GGUF file of llama.cpp"],
  [0, "ggml", "a GGML file"],
  [0, "PK\x03\x04", "a zip archive (a PyTorch checkpoint is one, too): export or unpack the model"],
  [0, "PK\x05\x06", "an empty zip archive"],
  [0, "\x1f\x8b", "a gzip file: unpack it"],
  [0, "BZh", "a bzip2 file: unpack it"],
  [0, "\xfd7zXZ", "an xz file: unpack it"],
  [0, "\x28\xb5\x2f\xfd", "a Zstandard file: unpack it"],
  [0, "7z\xbc\xaf", "a 7z archive: unpack it"],
  [0, "Rar!", "a rar archive: unpack it"],
  [257, "ustar", "a tar archive: unpack it"],
  [0, "\x80\x02", "a pickle, as of an old PyTorch checkpoint: export the model to ONNX"],
  [0, "\x80\x04", "a pickle, as of an old PyTorch checkpoint: export the model to ONNX"],
  [0, "\x89HDF", "an HDF5 file, as Keras writes: export the model to ONNX"],
  [4, "TFL3", "a TensorFlow Lite model: convert it to ONNX"],
  [4, "ORTM", "a model in ONNX Runtime's own format (.ort): take the .onnx file that it was made of"],
  [0, "\x93NUMPY", "a NumPy array"],
  [0, "%PDF", "a PDF document"],
  [0, "\x89PNG", "a PNG image"],
  [0, "\xff\xd8\xff", "a JPEG image"],
  [0, "RIFF", "a RIFF file, such as a WebP image"],
  [0, "\x7fELF", "an ELF program"],
  [0, "MZ", "a Windows program"],
];

/** Bytes that are looked at: up to a tar archive's mark. */
const LENGTH = 512;

/** The kind of a file that is no ONNX model; undefined where its first bytes do not tell. */
export async function otherKind(source: ByteSource): Promise<string | undefined> {
  if (source.size === 0) return "an empty file";
  const bytes: unknown = await source.read(0, Math.min(LENGTH, source.size));
  // The reader has refused it, and says so.
  if (!(bytes instanceof Uint8Array)) return undefined;
  if (bytes.every((byte) => byte === 0)) return "zeros alone: a download that was not finished";
  const latin = String.fromCharCode(...bytes);
  const mark = MARKS.find(([at, text]) => latin.startsWith(text, at));
  if (mark !== undefined) return mark[2];
  // The length of a JSON header in eight bytes, then the header.
  if (latin.startsWith("{", 8) && latin.startsWith("\0\0\0\0", 4)) return "a safetensors file";
  const start = latin.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(!doctype html|html|head|body)/i.test(start))
    return "an HTML page: the address leads to a page about the file, or to an error";
  if (start.startsWith("<")) return "an XML or HTML file";
  if (/^[[{]\s*["{}[\]\d-]/.test(start)) return "a JSON file";
  return isText(bytes) ? "a text file" : undefined;
}

/** Whether bytes are UTF-8, maybe cut short at the end, without control characters. */
function isText(bytes: Uint8Array): boolean {
  const hasControls = bytes.some((byte) => byte < 32 && (byte < 9 || byte > 13));
  return !hasControls && !decoder.decode(bytes).slice(0, -3).includes("\ufffd");
}
