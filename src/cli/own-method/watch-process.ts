/** @file A watch over the main thread while modules of one's own run in it: their timers, their microtasks, their import. */
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { packagePath } from "../../files/index.js";

/** A module, and its name for the terminal. */
export interface WatchedModule {
  readonly url: string;
  readonly name: string;
}

/** What the watcher's thread is given. */
export interface Watch {
  /** One number, which the main thread counts up every tick. */
  readonly beats: Int32Array;
  /** In milliseconds. */
  readonly tick: number;
  /** URL of the package, whose files are nobody's own. */
  readonly root: string;
}

/** The thread's code: a file of its own in the built command. */
const THREAD = packagePath("dist", "bin", "method-watcher.js");

/**
 * Begins to watch: a module that keeps the main thread from its events for 30 ticks ends the process with a sentence that names it, and
 * by a signal. Neither the beat nor the thread keeps the process.
 *
 * @returns adds a module to be watched.
 */
export function watchProcess(tick = 1000): (module: WatchedModule) => void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const workerData: Watch = { beats, tick, root: pathToFileURL(packagePath("/")).href };
  const watcher = new Worker(THREAD, { workerData });
  watcher.unref();
  // Without it nothing is lost but the watch.
  watcher.on("error", () => {});
  setInterval(() => Atomics.add(beats, 0, 1), tick).unref();
  return (module) => watcher.postMessage(module);
}
