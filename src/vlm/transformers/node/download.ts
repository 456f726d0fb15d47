/** @file A download into a folder: the file appears there whole and checked, or not at all. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { withFileErrors } from "../../../files/index.js";
import { fileResponse } from "../files.js";
import { untilAborted } from "../until-aborted.js";

const refuse = refusalFor("loadVlm");

/** A file to be downloaded. */
export interface Download {
  readonly address: URL;
  /** Where it goes. */
  readonly file: string;
  /** In messages: `config.json of owner/name`. */
  readonly name: string;
  /** Headers for an address. */
  headers(address: URL): Readonly<Record<string, string>>;
  fetch(address: URL, init: object): Promise<Response>;
  /** Most bytes. */
  readonly most: number;
  /** Throws for a file that is whole and yet not what it should be. @param file where it lies until then. */
  check(file: string): Promise<void>;
  /** @param total 0 where the server does not say. */
  progress(loaded: number, total: number): void;
  readonly signal?: AbortSignal | undefined;
  /** Longest time without a byte, in milliseconds. Default: a minute. */
  readonly silence?: number | undefined;
}

/** A server that sends nothing for so long sends nothing any more. */
const MAX_SILENCE = 60_000;
/** As many as browsers follow; Hugging Face takes two. */
const MAX_REDIRECTS = 20;

/**
 * Downloads a file.
 *
 * @returns false where the server has none.
 * @throws InvalidInputError for any other status than 200, a body of another length or hash than the server has named, one that is too
 *   long, a server that is silent, a folder that cannot be written; what `check` throws; the signal's reason. The folder is as before then.
 */
export async function download(given: Download): Promise<boolean> {
  const { file, name } = given;
  const watch = new Silence(given.signal, given.silence ?? MAX_SILENCE);
  try {
    const answer = await followed(given, watch.signal);
    if (answer === undefined) return false;
    const folder = dirname(file);
    await withFileErrors("loadVlm", `a cache at ${folder} that can be written, for ${name}`, async () => {
      await mkdir(folder, { recursive: true });
      await removeStale(folder);
      const part = join(folder, `.recoup-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}.part`);
      try {
        await writePart(part, answer, given, watch);
        watch.end();
        await given.check(part);
        given.signal?.throwIfAborted();
        await rename(part, file);
      } finally {
        await rm(part, { force: true });
      }
    });
    return true;
  } finally {
    watch.end();
  }
}

/** A signal of the caller's that also ends what is silent for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal | undefined, longest: number) {
    const stop = () => this.#controller.abort(new Error(`nothing for ${longest / 1000} s`));
    this.#timer = setTimeout(stop, longest);
    this.signal = AbortSignal.any([this.#controller.signal, ...(signal === undefined ? [] : [signal])]);
  }

  heard(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The answer at the end of all redirects, with what the servers on the way have said of the file. */
interface Answer {
  readonly response: Response;
  readonly size?: number;
  readonly sha256?: string;
  /** SHA-1 of a small file as the etag: git's in Hugging Face, of the bytes alone in mirrors. */
  readonly sha1?: string | undefined;
}

/** Redirects are followed by hand: the first answer of Hugging Face has length and hash of a large file, the last one has not. */
async function followed(given: Download, signal: AbortSignal): Promise<Answer | undefined> {
  let { address } = given;
  let facts: Omit<Answer, "response"> = {};
  for (let step = 0; step <= MAX_REDIRECTS; step++) {
    const from = `${given.name} from ${address.host}`;
    const init = { headers: given.headers(address), redirect: "manual", signal };
    const asked = untilAborted(signal, given.fetch(address, init));
    const response = await asked.catch((cause: Error) => {
      given.signal?.throwIfAborted();
      throw refuse(from, cause.cause instanceof Error ? cause.cause.message : cause.message, cause);
    });
    // Elsewhere an etag may be anything.
    facts = { ...factsOf(response.headers, address.host === given.address.host), ...facts };
    const to = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || to === null) {
      const found = await fileResponse(from, Promise.resolve(response), given.signal);
      return found && { response: found, ...facts };
    }
    await response.body?.cancel();
    const next = URL.canParse(to, address.href) ? new URL(to, address.href) : undefined;
    const isSafe = next?.protocol === "https:" || (next?.protocol === "http:" && address.protocol === "http:");
    if (next === undefined || !isSafe) throw refuse(`${from}, or a redirect to an ${address.protocol} address`, to);
    address = next;
  }
  throw refuse(`${given.name} from ${given.address.host}`, `more than ${MAX_REDIRECTS} redirects`);
}

/** Length and SHA-256 of a large file, SHA-1 of a small one. @param isHub whether the hub itself says so. */
function factsOf(headers: Headers, isHub: boolean): Omit<Answer, "response"> {
  const size = Number(headers.get("x-linked-size") ?? Number.NaN);
  const etag = /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(headers.get("x-linked-etag") ?? headers.get("etag") ?? "");
  const sha1 = /^"([0-9a-f]{40})"$/.exec(headers.get("etag") ?? "");
  return {
    ...(Number.isSafeInteger(size) && size >= 0 && { size }),
    ...(etag !== null && { sha256: etag[1].toLowerCase() }),
    ...(isHub && sha1 !== null && { sha1: sha1[1] }),
  };
}

/** Holds bytes against the hash that an answer names, if it does: SHA-256, else SHA-1, by git's way or of the bytes alone. */
function hashCheck({ sha256, sha1 }: Answer, length: number) {
  const short = () => [createHash("sha1").update(`blob ${length}\0`), createHash("sha1")];
  const [kind, wanted] = sha256 === undefined ? ["SHA-1", sha1] : ["SHA-256", sha256];
  const hashes = wanted === undefined ? [] : sha256 === undefined ? short() : [createHash("sha256")];
  return {
    update(bytes: Uint8Array) {
      for (const hash of hashes) hash.update(bytes);
    },
    assertEqual(name: string) {
      const got = hashes.map((hash) => hash.digest("hex"));
      if (wanted !== undefined && !got.includes(wanted))
        throw refuse(`${name} with the ${kind} ${wanted}`, got.join(" or "));
    },
  };
}

async function writePart(part: string, answer: Answer, given: Download, watch: Silence) {
  const { name, most, signal } = given;
  const { response, size } = answer;
  const { headers, body } = response;
  if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) throw refuse(`the file ${name}`, "a page of HTML");
  const encoding = headers.get("content-encoding");
  // None was asked for. Of an encoded body the length is unknown, and where it is damaged Node 20 gives neither an error nor the end.
  if (encoding !== null && encoding !== "identity") throw refuse(`${name} as it is`, `encoded as ${encoding}`);
  const said = headers.get("content-length");
  const total = size ?? Number(said ?? 0);
  const tooLong = (length: number) => refuse(`at most ${most} bytes of ${name}`, `${length} or more`);
  if (total > most) throw tooLong(total);
  const isCounted = size !== undefined || said !== null;
  // Git's hash has the length before the bytes.
  const hash = hashCheck(isCounted ? answer : { ...answer, sha1: undefined }, total);
  const handle = await open(part, "wx");
  let loaded = 0;
  const reader = (body ?? new Blob([]).stream()).getReader();
  const next = () =>
    untilAborted(watch.signal, reader.read()).catch((cause: Error) => {
      signal?.throwIfAborted();
      const whole = total > 0 ? `${total} bytes` : "the whole";
      throw refuse(`${whole} of ${name}`, `${loaded}, then: ${cause.message}`, cause);
    });
  try {
    for (let { value } = await next(); value !== undefined; { value } = await next()) {
      watch.heard();
      loaded += value.length;
      if (loaded > most) throw tooLong(loaded);
      hash.update(value);
      await handle.writeFile(value);
      given.progress(loaded, total);
    }
    if (isCounted && loaded !== total) throw refuse(`${total} bytes of ${name}`, loaded);
    hash.assertEqual(name);
    await handle.sync();
  } finally {
    reader.cancel().catch(() => {});
    await handle.close();
  }
}

/** Temporaries of this and older versions and of transformers.js. */
const TEMPORARY = /^\.recoup-.+\.(part|tmp)$|\.tmp\.\d+\.\w+$/;
/** Nobody writes a file for so long. */
const DAY = 24 * 3600 * 1000;

/** Removes what killed downloads have left: of processes of this machine that are gone, and whatever is a day old. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const [, host, pid] = /^\.recoup-(.+)-(\d+)-[0-9a-f]{8}\.part$/.exec(name) ?? [];
    const isGone = host === hostname() && !isRunning(Number(pid));
    const written = await stat(path).catch(() => undefined);
    if (isGone || (written !== undefined && Date.now() - written.mtimeMs > DAY)) await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 asks only whether there is such a process.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
