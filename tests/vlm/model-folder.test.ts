/** Model folders of strangers: files that are none, that are too long, that name other places; sizes that nobody has. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RecoupError } from "../../src/core/index.js";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { withExternal } from "./external-model.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-folder-"));
  for (const name of ["tiny", "tiny-clip"]) cpSync(join(root, "models", name), join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = async () => {
  const error = await loadVlm(join(folder, "tiny")).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(RecoupError.isInstance(error)).toBe(true);
  return error?.message ?? "";
};

/** Every text of both folders. */
const TEXTS = [
  "tiny/config.json",
  "tiny/manifest.json",
  "tiny/preprocessor_config.json",
  "tiny/processor_config.json",
  "tiny/tokenizer.json",
  "tiny/tokenizer_config.json",
  "tiny/generation_config.json",
  "tiny/chat_template.jinja",
  "tiny-clip/config.json",
  "tiny-clip/tokenizer.json",
  "tiny-clip/tokenizer_config.json",
];
const WEIGHTS = [
  "tiny/onnx/vision_encoder.onnx",
  "tiny/onnx/embed_tokens.onnx",
  "tiny/onnx/decoder_model_merged.onnx",
  "tiny-clip/onnx/vision_model.onnx",
  "tiny-clip/onnx/text_model.onnx",
];

/** Puts something else in the place of a file. */
const OTHER: Readonly<Record<string, (file: string) => void>> = {
  "a pipe": (file) => execFileSync("mkfifo", [file]),
  "/dev/zero": (file) => symlinkSync("/dev/zero", file),
  "a folder": (file) => mkdirSync(file),
};

describe.skipIf(process.platform === "win32").each(Object.entries(OTHER))("%s", (_, put) => {
  it.each([...TEXTS, ...WEIGHTS])("in the place of %s is refused", async (path) => {
    const file = join(folder, path);
    rmSync(file, { force: true });
    put(file);
    const message = await refusal();
    expect(message).toContain(path.split("/").at(-1));
    expect(message).toMatch(/got a (device or pipe|folder)$/);
  });
});

it.each(TEXTS)("refuses %s of 300 MB, without reading it", async (path) => {
  const file = join(folder, path);
  writeFileSync(file, "", { flag: "a" });
  truncateSync(file, 300e6);
  const before = process.memoryUsage.rss();
  expect(await refusal()).toMatch(/at most (8|64) MiB in .*, got 286.1 MiB$/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
});

it("refuses external data that is a pipe or a folder, or too short", async () => {
  const short = join(folder, "tiny/onnx/data.bin");
  const file = join(folder, "tiny/onnx/embed_tokens.onnx");
  const weights = readFileSync(file);
  writeFileSync(file, await withExternal(weights, "data.bin"));
  expect(await refusal()).toMatch(/no such file.*data.bin/);
  writeFileSync(short, "1");
  expect(await refusal()).toMatch(/at least \d+ bytes of weights in .*data.bin, got 1$/);
  rmSync(short);
  execFileSync("mkfifo", [short]);
  expect(await refusal()).toMatch(/data.bin.*got a device or pipe$/);
  rmSync(short);
  writeFileSync(short, weights);
  await (await loadVlm(join(folder, "tiny"))).dispose();
});

it("takes JSON with a byte order mark", async () => {
  for (const name of ["config.json", "manifest.json"]) {
    const file = join(folder, "tiny", name);
    writeFileSync(file, `\uFEFF${readFileSync(file, "utf8")}`);
  }
  await (await loadVlm(join(folder, "tiny"))).dispose();
});

/** Writes fields of a JSON file anew. */
function edit(path: string, change: (json: Record<string, never>) => void): void {
  const file = join(folder, path);
  const json = JSON.parse(readFileSync(file, "utf8"));
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

/** A model folder whose facts nobody has. @param part of config.json. */
const facts = (path: string, part: string, name: string, value: unknown) => () =>
  edit(path, (json) => {
    Object.assign(part === "" ? json : json[part], { [name]: value });
  });

it.each([
  ["num_hidden_layers of the decoder", facts("tiny/config.json", "text_config", "num_hidden_layers", 1e9)],
  ["num_hidden_layers of the tower", facts("tiny/config.json", "vision_config", "num_hidden_layers", 1e9)],
  ["hidden_size", facts("tiny/config.json", "text_config", "hidden_size", 1e308)],
  ["image_size", facts("tiny/config.json", "vision_config", "image_size", 14e9)],
  ["max_position_embeddings", facts("tiny/config.json", "text_config", "max_position_embeddings", "many")],
  ["max_position_embeddings of CLIP", facts("tiny-clip/config.json", "text_config", "max_position_embeddings", 9)],
  ["model_type", facts("tiny/config.json", "", "model_type", { toString: 1 })],
])("refuses a folder whose %s nobody has", async (name, change) => {
  change();
  expect(await refusal()).toContain(name.split(" ")[0].replace("model_type", "a family that is supported"));
});

it("takes a folder without a file that a model may lack", async () => {
  rmSync(join(folder, "tiny/generation_config.json"));
  await (await loadVlm(join(folder, "tiny"))).dispose();
});
