/** @file Thread that ends the process when a module of one's own keeps it busy where no time limit reaches: see watch-process. */
import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import type { Watch, WatchedModule } from "./watch-process.js";

const { beats, tick, root } = workerData as Watch;
const modules: WatchedModule[] = [];
parentPort?.on("message", (module: WatchedModule) => modules.push(module));

/** Own ticks, which do not grow while the machine sleeps, without a beat: a plan may take a third of that time. */
const LIMIT = 30;
let last = -1;
let still = 0;
let isAsked = false;

setInterval(() => {
  const now = Atomics.load(beats, 0);
  still = now === last ? still + 1 : 0;
  last = now;
  if (still < LIMIT || isAsked) return;
  isAsked = true;
  look();
}, tick);

/** A line of a file by its URL. */
interface Place {
  readonly url: string;
  readonly line: number;
}

/**
 * Asks the debugger what runs in the main thread. Decoders keep it busy as well, for minutes: the answer comes once JavaScript runs
 * there, and is then none of a module's.
 */
function look(): void {
  const session = new Session();
  session.connectToMainThread();
  const urls = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const placeOf = ({ location }: Debugger.CallFrame): Place => ({
      url: urls.get(location.scriptId) ?? "",
      line: location.lineNumber + 1,
    });
    const place = guiltyOf(params.callFrames.map(placeOf));
    if (place !== undefined) return end(place);
    session.post("Debugger.resume");
    session.disconnect();
    still = 0;
    isAsked = false;
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

/** The place in a module of one's own, else in what such a module imports: a file that is neither recoup's nor of a package. */
function guiltyOf(places: readonly Place[]): Place | undefined {
  const isForeign = (url: string) =>
    url.startsWith("file:") && !url.startsWith(root) && !url.includes("/node_modules/");
  return places.find(({ url }) => nameOf(url) !== undefined) ?? places.find(({ url }) => isForeign(url));
}

function nameOf(url: string): string | undefined {
  return modules.find((module) => module.url === url)?.name;
}

function end({ url, line }: Place): void {
  const name = nameOf(url) ?? modules.map((module) => module.name).join(", ");
  const file = `${url.split("/").at(-1)}:${line}`;
  try {
    writeSync(2, `recoup: ${name} kept the process busy for ${(LIMIT * tick) / 1000} s and was stopped (${file})\n`);
  } catch {
    // The status is left to say it.
  }
  // Node puts the terminal right at SIGTERM; a module may have taken that signal for itself.
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), tick);
}
