/** The library in a real browser: the same plans, rows, drawings and synthetic pictures as in Node, bit for bit. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, expect, it } from "vitest";
import { chromium } from "./chromium.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs in Node and in the page: every method on one table, pictures and tasks, and a digest of all bits that come out. */
const PROGRAM = `
import { applyPlan } from ${JSON.stringify(join(root, "dist/index.js"))};
import { METHODS } from ${JSON.stringify(join(root, "dist/methods/index.js"))};
import { defaultKernels } from ${JSON.stringify(join(root, "dist/math/index.js"))};
import { syntheticTable } from ${JSON.stringify(join(root, "dist/testing/index.js"))};
import { drawScene, rasterize, sampleScene, SYNTH_TASKS } from ${JSON.stringify(join(root, "dist/world/index.js"))};
import { planToSvg } from ${JSON.stringify(join(root, "dist/viz/index.js"))};

/** FNV-1a over bytes. */
function digest(bytes, hash = 0x811c9dc5) {
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export const result = { kernels: defaultKernels().id };
const table = syntheticTable({ rows: 12, columns: 12, dim: 96, seed: 7 });
for (const method of METHODS) {
  const plan = method.plan(table);
  const { data } = applyPlan(plan, table.features);
  const parts = [plan.offsets, plan.sources, plan.weights, plan.roles, plan.anchor, data];
  result[method.id] = parts.map((part) => digest(bytesOf(part)));
}
const text = (string) => digest(Array.from(string, (c) => c.charCodeAt(0) & 255));
result.pictures = [1, 2, 3].flatMap((level) =>
  [false, true].map((heldOut) => digest(rasterize(drawScene(sampleScene({ split: "test", seed: 1, index: level, level, heldOut }), { level })))),
);
for (const task of SYNTH_TASKS) {
  const { asked, files } = task.build({ split: "test", count: 6, seed: 1, level: 1 });
  result[task.id] = [text(JSON.stringify(asked)), text(JSON.stringify(files(String)))];
}
result.svg = digest(Array.from(planToSvg(METHODS[6].plan(table), { grids: table.grids, signals: table }), (c) => c.charCodeAt(0)));
`;

const folder = mkdtempSync(join(tmpdir(), "recoup-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundle(platform: "browser" | "node"): Promise<string> {
  const input = join(folder, "program.js");
  writeFileSync(input, PROGRAM);
  const build = await rolldown({ input, platform, logLevel: "silent" });
  const { output } = await build.generate({ format: "esm" });
  await build.close();
  return output[0].code;
}

it.skipIf(chromium === undefined)("gives the same bits in Chromium as in Node", async () => {
  const page = join(folder, "page.html");
  const code = await bundle("browser");
  writeFileSync(
    page,
    `<!doctype html><title>recoup</title><pre id="result"></pre><script type="module">
${code.replace(/export \{[^}]*\};?/, "").replaceAll("</script", "<\\/script")}
document.getElementById("result").textContent = JSON.stringify(result);
</script>`,
  );
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  const more = ["--disable-component-update", "--disable-sync", `--user-data-dir=${join(folder, "profile")}`];
  const wait = ["--virtual-time-budget=20000", "--dump-dom"];
  const dom = execFileSync(chromium as string, [...flags, ...more, ...wait, `file://${page}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const inBrowser = JSON.parse(/<pre id="result">(.*?)<\/pre>/.exec(dom)?.[1] ?? "null");
  const module = join(folder, "node.mjs");
  writeFileSync(module, await bundle("node"));
  const { result } = await import(module);
  expect(Object.keys(result)).toHaveLength(27);
  expect(result.kernels).toBe("simd");
  expect(inBrowser).toEqual(result);
});
