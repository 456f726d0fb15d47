#!/usr/bin/env node
/**
 * Joins the modules of the `recoup` command to one file per subcommand and a few that they share, in dist/bin: Node takes some
 * half a millisecond for each module that it finds, reads and links, and there are two hundred.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");
// As deep as dist/node, since modules there find the package's models by their own place.
const out = join(dist, "bin");

rmSync(out, { recursive: true, force: true });
const build = await rolldown({
  input: {
    recoup: join(dist, "cli", "main.js"),
    "method-trial": join(dist, "cli", "own-method", "trial.js"),
    "method-watcher": join(dist, "cli", "own-method", "watcher.js"),
  },
  platform: "node",
  // Packages stay outside: they are optional, and some come with binaries.
  external: [/^[^./]/],
});
await build.write({ dir: out, format: "esm", chunkFileNames: "[name].js" });
await build.close();
