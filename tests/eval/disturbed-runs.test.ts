/** The short form of `npm run bench -- runs`: disturbed runs come to the same end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { disturbedRuns } from "../../bench/disturbed-runs.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-disturbed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("no answer is wrong, lost or doubled, and no failure is silent", { timeout: 300_000 }, async () => {
  const none = { wrong: 0, lost: 0, doubled: 0, silent: 0, differing: 0, speechless: 0 };
  const rows = [];
  for await (const row of disturbedRuns(folder, { races: 1, kills: 3, disks: 1, pictures: 1, seed: 3 })) {
    expect(row).toMatchObject(none);
    rows.push(row.disturbance);
  }
  expect(rows).toEqual(expect.arrayContaining(["two processes in one folder", "kill -9", "files that may not grow"]));
});
