/** @file The process while modules of one's own run in it: whatever they do outside of their calls ends it with a sentence. */
import { thrownText } from "../../methods/index.js";
import { endNow, endWithCommand } from "../end-process.js";
import { printable } from "../text-table.js";
import { placeOf } from "./import-method.js";
import { type WatchedModule, watchProcess } from "./watch-process.js";

/** A module, as it was given and as it was imported. */
interface GuardedModule {
  readonly path: string;
  readonly url: string;
}

const modules: GuardedModule[] = [];
let watch: ((module: WatchedModule) => void) | undefined;

/**
 * Called before a module is imported. From then on `process.exit` is an error where it is called, errors that nobody catches end the
 * process with the module's name and status 1, timers do not keep it, and a module that never lets go of the main thread is stopped. The
 * console writes to stderr in every command.
 */
export function guardProcess(module: GuardedModule): void {
  watch ??= watchProcess();
  watch({ url: module.url, name: printable(module.path) });
  if (modules.push(module) > 1) return;
  endWithCommand();
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ""}) was called`);
  };
  process.on("uncaughtException", stop);
  process.on("unhandledRejection", stop);
}

/** Nobody is left who could give the error to a command. */
function stop(error: unknown): never {
  const found = modules
    .map(({ path, url }) => ({ path, place: placeOf(error, url) }))
    .find(({ place }) => place !== "");
  const paths = modules.map(({ path }) => path).join(", ");
  const sentence =
    found === undefined
      ? `${thrownText(error, `something beside the command (perhaps ${paths})`)}`
      : `${thrownText(error, found.path)}${found.place}, outside of the calls of its method`;
  return endNow(printable(`recoup: ${sentence}`), 1);
}
