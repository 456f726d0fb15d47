import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { manifestPolarity, visionConfig } from "./vision-config.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("reads sizes and polarity beside a model", async () => {
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({ vision_config: { num_hidden_layers: 6, image_size: 336, patch_size: 14 } }),
  );
  writeFileSync(join(folder, "manifest.json"), '{ "textPolarity": -1 }');
  expect(await visionConfig(join(folder, "a.onnx"))).toEqual({ layers: 6, tokens: 576 });
  expect(await manifestPolarity(join(folder, "a.onnx"))).toBe(-1);
});

it.skipIf(process.platform === "win32")("does not wait for a pipe, nor read a device or 300 MB", async () => {
  const file = join(folder, "config.json");
  execFileSync("mkfifo", [file]);
  expect(await visionConfig(join(folder, "a.onnx"))).toEqual({});
  rmSync(file);
  symlinkSync("/dev/zero", file);
  expect(await visionConfig(join(folder, "a.onnx"))).toEqual({});
  rmSync(file);
  writeFileSync(file, "");
  truncateSync(file, 300e6);
  const before = process.memoryUsage.rss();
  expect(await visionConfig(join(folder, "a.onnx"))).toEqual({});
  expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
});
