/** The package as npm makes it, unpacked where there are no other packages: what a user gets before installing the optional ones. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-package-"));
const packed = join(folder, "package");

beforeAll(() => {
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const [archive] = readdirSync(folder);
  expect(spawnSync("tar", ["xzf", archive], { cwd: folder }).status).toBe(0);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function recoup(...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(packed, "dist/bin/recoup.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { stdout, stderr, status };
}

it("has the command and the picture of the demo, no models, and no module twice", () => {
  expect(readdirSync(join(packed, "dist"))).not.toContain("cli");
  expect(recoup("methods").stdout).toMatch(/recoverable/);
  const { stdout, status } = recoup("onnx", "inspect", join(root, "models/tiny/onnx/vision_encoder.onnx"));
  expect([status, stdout]).toEqual([0, expect.stringMatching(/vision tower/)]);
  expect(readdirSync(join(packed, "examples"))).toEqual(["scene.png"]);
});

it("names the optional package that a command needs, and how to install it", () => {
  const { stderr, status } = recoup("demo");
  expect(status).toBe(2);
  expect(stderr).toMatch(/expected the package @huggingface\/transformers \(install it with: npm install @huggingface/);
});

it("imports every entry that needs no other package", () => {
  const entries = [".", "./math", "./viz", "./world", "./eval", "./onnx", "./node", "./testing"];
  const script = entries.map((entry) => `await import(${JSON.stringify(join("recoup", entry))});`).join("\n");
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: packed,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
});
