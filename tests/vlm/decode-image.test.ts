import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { readImage } from "../../src/files/index.js";
import { decodeImage } from "../../src/vlm/transformers/browser/decode-image.js";

const MiB = Buffer.alloc(2 ** 20);

it.each([
  ["in a browser", decodeImage],
  ["in Node", readImage],
])("a download that never ends is refused when it is too long, and its connection closed: %s", async (_, decode) => {
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const server = createServer((_, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(MiB));
    };
    response.on("drain", write).on("close", closed);
    write();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
  await expect(decode(address)).rejects.toThrow(/expected at most 256 MiB in http.*, got 257 MiB$/);
  await isClosed;
  server.close();
});

it("a Blob that says to be too long is not read", async () => {
  const arrayBuffer = async () => {
    throw new Error("it was read");
  };
  const blob = { size: 2 ** 29, type: "", arrayBuffer };
  await expect(decodeImage(blob)).rejects.toThrow(/at most 256 MiB in the Blob, got 512 MiB/);
});
