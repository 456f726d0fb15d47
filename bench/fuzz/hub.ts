import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tinyPath } from "../../src/files/index.js";
import type { RandomSource } from "../../src/math/index.js";
import { checkedLoadOptions } from "../../src/vlm/transformers/load-settings.js";
import { hubFiles } from "../../src/vlm/transformers/node/hub.js";
import { damageBytes } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

const STATUSES = [
  200, 200, 200, 200, 200, 200, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 416, 429, 500, 503, 999,
];

/** Answers of a hub: status, headers and body, as text on the line, in every wrong combination. What is kept is what was meant. */
export const hub: Harness = {
  about: "HTTP answers of a hub: what stays in the cache is whole",
  async open() {
    const folder = mkdtempSync(join(tmpdir(), "recoup-fuzz-"));
    const bodies = ["config.json", "tokenizer_config.json"].map((name) => readFileSync(tinyPath("fuzz", "tiny", name)));
    const onnx = readFileSync(tinyPath("fuzz", "tiny", "onnx/embed_tokens.onnx"));
    let answers: () => Uint8Array = () => new Uint8Array(0);
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      socket.on("error", () => {});
      socket.on("data", () => socket.end(answers()));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const settings = {
      ...{ allowRemoteModels: true, allowLocalModels: true, remoteHost, remotePathTemplate: "{model}/{revision}/" },
      ...{ cacheDir: folder, fetch: (address: string | URL, init?: object) => fetch(address, init) },
    };
    return {
      async run(random) {
        const isOnnx = random.below(8) === 0;
        const [path, body] = isOnnx ? ["onnx/a.onnx", onnx] : ["config.json", bodies[random.below(2)]];
        const file = join(folder, "owner/name", path);
        let rest = 20;
        const { answer, hash } = answerOf(body, random);
        answers = () => (rest-- > 0 ? answer : new Uint8Array(0));
        const { report, signal, stop } = checkedLoadOptions({});
        const files = hubFiles(settings, "owner/name", { report, signal, stop });
        const loading = isOnnx ? files.open(path).then((opened) => opened.close()) : files.json(path);
        const refusal = await loading.then(
          () => undefined,
          (error: unknown) => ({ error }),
        );
        const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
        const bytes = existsSync(file) ? readFileSync(file) : undefined;
        rmSync(join(folder, "owner"), { recursive: true, force: true });
        if (kept.length !== (bytes === undefined ? 0 : 1))
          throw new Error(`beside the file: ${kept.map(({ name }) => name)}`);
        if (refusal !== undefined && bytes !== undefined) throw new Error(`refused, and kept: ${refusal.error}`);
        if (refusal !== undefined) throw refusal.error;
        const sha256 = bytes && createHash("sha256").update(bytes).digest("hex");
        if (bytes && hash !== undefined && sha256 !== hash)
          throw new Error(`kept ${sha256} where the server said ${hash}`);
      },
      async close() {
        server.close();
        // A client that waits for more of a broken answer would keep the process.
        for (const socket of open) socket.destroy();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** An answer, and the hash that it names where it names a whole one. */
function answerOf(body: Buffer, random: RandomSource): { answer: Buffer; hash?: string } {
  const one = <T>(...of: readonly T[]): T => of[random.below(of.length)];
  const sent = Buffer.from(random.below(3) === 0 ? damageBytes(body, random) : body);
  const hash = createHash("sha256").update(body).digest("hex");
  const isHashed = random.below(2) === 0;
  const isZipped = random.below(6) === 0;
  const content = isZipped ? gzipSync(sent) : sent;
  const lines = [
    `HTTP/1.1 ${STATUSES[random.below(STATUSES.length)]} ${one("OK", "", "Some Words")}`,
    "connection: close",
    ...(isZipped ? [`content-encoding: ${one("gzip", "gzip", "br", "x")}`] : []),
    ...(random.below(2) === 0 ? [`content-length: ${content.length + one<number>(0, 0, 0, -1, 1, -100, 1e6)}`] : []),
    ...(isHashed ? [`${one("etag", "x-linked-etag")}: ${one("", "W/")}"${hash}"`] : []),
    ...(random.below(4) === 0
      ? [`x-linked-size: ${one<unknown>(body.length, body.length + 1, -1, "many", 1e308)}`]
      : []),
    ...(random.below(4) === 0
      ? [`location: ${one("/", "x", "file:///etc/passwd", "http://", "//127.0.0.1:1/", "\u0000")}`]
      : []),
    ...(random.below(4) === 0
      ? [`content-type: ${one("text/html", "application/json", ";", "text/html; charset=x")}`]
      : []),
    ...(random.below(8) === 0 ? ["transfer-encoding: chunked"] : []),
    ...(random.below(8) === 0
      ? [`content-range: bytes 0-${one(0, body.length - 1)}/${one<unknown>(body.length, "*")}`]
      : []),
  ];
  const answer = Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), content]);
  // The line itself damaged: no hash of it can be relied on.
  return random.below(10) === 0
    ? { answer: Buffer.from(damageBytes(answer, random)) }
    : { answer, ...(isHashed && { hash }) };
}
