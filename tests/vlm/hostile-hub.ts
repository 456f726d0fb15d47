/** A hub on this machine with the layout of Hugging Face's, whose files can be made to come in every wrong way. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of this project as models of the hub. */
const MODELS: Readonly<Record<string, string>> = {
  "maker/tiny": "models/tiny",
  "maker/tiny-clip": "models/tiny-clip",
  "maker/smolvlm": "tests/golden/families/smolvlm",
};

/** An answer to a request for a file that has these bytes. */
type Behavior = (bytes: Buffer, response: ServerResponse, request: IncomingMessage) => void;

const PAGE = "<!doctype html><title>Sign in</title><p>Welcome to the network of this hotel.";
const head = (bytes: Buffer) => bytes.subarray(0, Math.ceil(bytes.length / 2));

/** Ways that end by themselves. */
export const ENDING: Readonly<Record<string, Behavior>> = {
  "a message in JSON": (_, response) => response.end('{"error":"Rate limit exceeded"}'),
  "an empty object under git's hash": (bytes, response) => {
    const hash = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    response.writeHead(200, { etag: `"${hash}"`, "content-length": 2 }).end("{}");
  },
  "a page with status 200": (_, response) => response.setHeader("content-type", "text/html").end(PAGE),
  "a page without a type": (_, response) => response.end(PAGE),
  "half of it with status 206": (bytes, response) => {
    const range = `bytes 0-${head(bytes).length - 1}/${bytes.length}`;
    response.writeHead(206, { "content-range": range }).end(head(bytes));
  },
  "all of it with status 206": (bytes, response) => {
    response.writeHead(206, { "content-range": `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes);
  },
  "status 204": (_, response) => response.writeHead(204).end(),
  "0 bytes": (_, response) => response.end(),
  "half of it": (bytes, response) => response.end(head(bytes)),
  "a body that ends early": (bytes, response) => {
    response.setHeader("content-length", bytes.length);
    response.write(head(bytes), () => response.destroy());
  },
  "a chunked body that ends early": (bytes, response) => {
    response.write(head(bytes), () => response.destroy());
  },
  "a connection that is reset": (bytes, response) => {
    response.setHeader("content-length", bytes.length);
    response.write(head(bytes), () => response.socket?.resetAndDestroy());
  },
  "a length that is too short": (bytes, response) => {
    response.setHeader("content-length", head(bytes).length).end(head(bytes));
  },
  "a length that is too long": (bytes, response) => {
    response.setHeader("content-length", bytes.length + 10);
    response.write(bytes, () => response.destroy());
  },
  "a linked length that is another": (bytes, response) => {
    response.setHeader("x-linked-size", bytes.length + 1).end(bytes);
  },
  "another file of the same length": (bytes, response, request) => {
    const isCdn = request.url?.startsWith("/cdn/");
    if (isCdn) return response.end(flipped(bytes));
    const facts = { "x-linked-size": bytes.length, "x-linked-etag": `"${sha256(bytes)}"` };
    response.writeHead(302, { location: `/cdn${request.url}`, ...facts }).end();
  },
  "a bomb of gzip": (_, response) => {
    response.setHeader("content-encoding", "gzip");
    const part = gzipSync(Buffer.alloc(2 ** 20, " "));
    let parts = 300;
    const send = () => {
      while (parts-- > 0) if (!response.write(part)) return void response.once("drain", send);
      response.end();
    };
    send();
  },
  "gzip that nobody asked for": (bytes, response) =>
    response.setHeader("content-encoding", "gzip").end(gzipSync(bytes)),
  "an encoding that it is not in": (bytes, response) => {
    response.setHeader("content-encoding", "br").end(gzipSync(bytes));
  },
  "redirects in a circle": (_, response, request) => {
    response.writeHead(302, { location: `${request.url}?again` }).end();
  },
  "a redirect to a file": (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "a redirect to nothing": (_, response) => response.writeHead(302, { location: "http://" }).end(),
  "a redirect to another host's page": (_, response, request) => {
    const isOther = request.headers.host?.startsWith("localhost");
    if (isOther) return response.setHeader("content-type", "text/html").end(PAGE);
    response.writeHead(302, { location: `http://localhost:${request.socket.localPort}${request.url}` }).end();
  },
  "status 500": (_, response) => response.writeHead(500).end("oops"),
  "status 429": (_, response) => response.writeHead(429, { "retry-after": "60" }).end(),
  "status 401": (_, response) => response.writeHead(401).end("{}"),
  "status 404": (_, response) => response.writeHead(404).end("not found"),
};

/** Ways that end only when who asks has enough. */
export const ENDLESS: Readonly<Record<string, Behavior>> = {
  "no answer": () => {},
  "an answer without a body": (bytes, response) => {
    response.setHeader("content-length", bytes.length).flushHeaders();
  },
  "a byte now and then": (bytes, response) => {
    let at = 0;
    response.setHeader("content-length", bytes.length);
    const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 50);
    response.on("close", () => clearInterval(timer));
  },
  "a body without an end": (bytes, response, request) => {
    if (request.method === "HEAD") return response.end();
    const send = () => {
      while (!response.destroyed) if (!response.write(bytes)) return void response.once("drain", send);
    };
    send();
  },
  "redirects without an end": (_, response, request) => {
    const step = Number(/step=(\d+)/.exec(request.url ?? "")?.[1] ?? 0);
    const location = `${request.url?.replace(/\?.*/, "")}?step=${step + 1}`;
    setTimeout(() => response.writeHead(302, { location }).end(), 400);
  },
};

/** Right ways that are unusual. */
export const RIGHT: Readonly<Record<string, Behavior>> = {
  "pieces of no known length": (bytes, response) => {
    response.write(head(bytes), () => response.end(bytes.subarray(head(bytes).length)));
  },
  "a redirect that names length and hash": (bytes, response, request) => {
    if (request.url?.startsWith("/cdn/")) return response.end(bytes);
    const facts = { "x-linked-size": bytes.length, "x-linked-etag": `"${sha256(bytes)}"` };
    response.writeHead(307, { location: `/cdn${request.url}`, ...facts }).end();
  },
  "a mirror's SHA-1 of the bytes as the etag": (bytes, response) => {
    const etag = `"${createHash("sha1").update(bytes).digest("hex")}"`;
    response.writeHead(200, { etag, "content-length": bytes.length }).end(bytes);
  },
};

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function flipped(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  out[out.length - 1] ^= 1;
  return out;
}

/** A hub. */
export interface Hub {
  readonly address: string;
  /** Paths that were asked for, `owner/name/path`. */
  readonly asked: string[];
  /** Files beside those of the models, by the same paths. */
  readonly own: Map<string, Buffer>;
  /** The bytes of a file. */
  file(path: string): Buffer;
  /** From now on files whose path ends so come in this way. @param behavior undefined: as they should. */
  behave(end: string, behavior: Behavior | undefined): void;
  close(): void;
}

/** Opens a hub. @param page answers what is no file of a model. */
export async function openHub(page?: RequestListener): Promise<Hub> {
  let ending = "";
  let current: Behavior | undefined;
  const asked: string[] = [];
  const own = new Map<string, Buffer>();
  const pathOf = (path: string) => {
    const [, id, inside] = /^([^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
    return join(root, MODELS[id] ?? "nowhere", inside ?? "nothing");
  };
  const server = createServer((request, response) => {
    const [, id, inside] = /^(?:\/cdn)?\/([^/]+\/[^/]+)\/resolve\/main\/([^?]+)/.exec(request.url ?? "") ?? [];
    response.on("error", () => {});
    if (id === undefined && page !== undefined) return page(request, response);
    const path = `${id}/${inside}`;
    asked.push(path);
    const file = pathOf(path);
    if (!own.has(path) && !existsSync(file)) return response.writeHead(404).end();
    const bytes = own.get(path) ?? readFileSync(file);
    if (current !== undefined && path.endsWith(ending)) return current(bytes, response, request);
    response.setHeader("content-length", bytes.length).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    own,
    file: (path) => own.get(path) ?? readFileSync(pathOf(path)),
    behave(end, behavior) {
      ending = end;
      current = behavior;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
