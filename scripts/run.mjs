#!/usr/bin/env node
/** `node scripts/run.mjs FILE.ts [ARGS]`: bundles a TypeScript program that is not shipped (a bench, a check) and runs it. */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [program, ...args] = process.argv.slice(2);
const file = join(root, "dist", "tools", `${basename(dirname(resolve(program)))}.js`);

const build = await rolldown({
  input: resolve(program),
  platform: "node",
  external: [/^[^./]/],
  resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
});
await build.write({ file, format: "esm", inlineDynamicImports: true });
await build.close();

process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(file));
