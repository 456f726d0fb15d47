#!/usr/bin/env node
/**
 * Keeps a run of `recoup eval` for the repository, without its samples: node scripts/keep-results.mjs RUN docs/results/NAME. The report
 * must have been made.
 */
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const [run, kept] = process.argv.slice(2);
rmSync(join(kept, "settings"), { recursive: true, force: true });
mkdirSync(join(kept, "settings"), { recursive: true });
for (const name of ["run.json", "machine.json", "report.md"]) cpSync(join(run, name), join(kept, name));
for (const setting of readdirSync(join(run, "settings"))) {
  cpSync(join(run, "settings", setting, "results.json"), join(kept, "settings", `${setting}.json`));
}
