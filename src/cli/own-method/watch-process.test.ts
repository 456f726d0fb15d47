/** Real processes: the watch ends the one that it runs in. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packagePath } from "../../files/index.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-watch-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that watches mine.mjs at ticks of 20 ms: after 0.6 s it looks. */
function watched(mine: string, after = "") {
  writeFileSync(join(folder, "mine.mjs"), mine);
  writeFileSync(join(folder, "helper.mjs"), "export function loop() {\n  for (;;);\n}\n");
  const own = JSON.stringify(pathToFileURL(packagePath("dist/cli/own-method/watch-process.js")).href);
  writeFileSync(
    join(folder, "main.mjs"),
    `import { watchProcess } from ${own};
const url = new URL("mine.mjs", import.meta.url).href;
watchProcess(20)({ url, name: "./mine.mjs" });
await import(url);
${after}`,
  );
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(folder, "main.mjs")], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, signal, stdout, stderr };
}

describe.skipIf(process.platform === "win32")("a module of one's own that never lets go of the process", () => {
  it.each([
    ["in a timer", "setTimeout(() => {\n  for (;;);\n});", "mine.mjs:2"],
    ["at import", "\n\nwhile (true);", "mine.mjs:3"],
    ["in microtasks", "function f() {\n  Promise.resolve().then(f);\n}\nf();", "mine.mjs:2"],
    ["in a lock", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", "mine.mjs:1"],
    ["in what it imports", 'import { loop } from "./helper.mjs";\nsetTimeout(loop);', "helper.mjs:2"],
    ["with SIGTERM taken", 'process.on("SIGTERM", () => {});\nfor (;;);', "mine.mjs:2"],
  ])("%s ends it with a sentence that names it", (_, mine, place) => {
    const { status, signal, stderr } = watched(mine);
    expect([status, stderr]).toEqual([
      null,
      `recoup: ./mine.mjs kept the process busy for 0.6 s and was stopped (${place})\n`,
    ]);
    expect(signal).toMatch(/^SIG(TERM|KILL)$/);
  });

  it("is not meant where other work takes long, and the process ends as it would", () => {
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(
      join(folder, "node_modules", "busy.mjs"),
      `import { spawnSync } from "node:child_process";
spawnSync(process.execPath, ["-e", "setTimeout(() => {}, 2000)"]);
export const end = Date.now() + 2000;
while (Date.now() < end);
console.log("done");`,
    );
    const after = 'await import("./node_modules/busy.mjs");';
    expect(watched("export default 1;", after)).toEqual({ status: 0, signal: null, stdout: "done\n", stderr: "" });
  });
});
