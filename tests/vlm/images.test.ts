/** Images in every form that Node has, on the bundled model: the same tokens from all, read before the queue, stopped while they come. */
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { env, RawImage } from "@huggingface/transformers";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { InvalidInputError } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";
import { EXAMPLE_IMAGE, type ImageInput, loadVlm, type Vlm } from "../../src/vlm/transformers/node/index.js";

const question = "What color is the star?";
const bytes = new Uint8Array(readFileSync(EXAMPLE_IMAGE));
const dataUrl = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});
/** The address of a server of this test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/scene.png`;
}

/** A server that sends the example when it is told to. */
async function slowServer(): Promise<{ address: string; send: () => Promise<void> }> {
  let asked: (response: ServerResponse) => void;
  const arrived = new Promise<ServerResponse>((resolve) => {
    asked = resolve;
  });
  const address = await serve((_, response) => asked(response));
  return { address, send: async () => void (await arrived).end(bytes) };
}

/** All forms of the example. */
async function forms(): Promise<Record<string, ImageInput>> {
  const rgb = await readImage(EXAMPLE_IMAGE);
  const { width, height } = rgb;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let at = 0; at < rgba.length; at++) if (at % 4 < 3) rgba[at] = rgb.data[3 * Math.floor(at / 4) + (at % 4)];
  return {
    path: EXAMPLE_IMAGE,
    url: new URL(`file://${EXAMPLE_IMAGE}`),
    bytes,
    buffer: Buffer.from(bytes),
    arrayBuffer: bytes.slice().buffer,
    blob: new Blob([bytes]),
    file: new File([bytes], "scene.png"),
    data: dataUrl,
    dataUrl: new URL(dataUrl),
    address: await serve((_, response) => response.end(bytes)),
    rgb,
    rgba: { width, height, data: rgba },
    imageData: { width, height, data: rgba, colorSpace: "srgb" } as ImageInput,
    rawImage: new RawImage(rgb.data as Uint8ClampedArray, width, height, 3),
    rawRgba: new RawImage(rgba, width, height, 4),
    canvas: { width, height, getContext: () => ({ getImageData: () => ({ data: rgba }) }) },
  };
}

it("encodes all forms alike, and asks about them in all places", async () => {
  const all = await forms();
  const expected = (await vlm.encodeImage(EXAMPLE_IMAGE)).features;
  for (const [form, image] of Object.entries(all)) {
    expect((await vlm.encodeImage(image, { signals: false })).features, form).toEqual(expected);
  }
  for (const form of ["data", "rgba", "rawImage", "canvas"]) {
    const image = all[form];
    const content = [{ type: "image", image } as const, { type: "text", text: question } as const];
    const chat = vlm.chat({ image });
    const answers = [
      await vlm.ask({ image, question, maxNewTokens: 3 }),
      await vlm.ask({ images: [image], question, maxNewTokens: 3 }),
      await vlm.ask({ messages: [{ role: "user", content }], maxNewTokens: 3 }),
      await chat.ask({ question, maxNewTokens: 3 }),
    ];
    expect(answers.map(({ answer }) => answer, form)).toEqual(["green", "green", "green", "green"]);
    await chat.dispose();
  }
});

it("asks about the image of the call, whatever the caller does with its memory then", async () => {
  const { width, height, data } = await readImage(EXAMPLE_IMAGE);
  const pixels = { width, height, data: data.slice() };
  const file = bytes.slice();
  const asked = [pixels, file].map((image) => vlm.ask({ image, question, maxNewTokens: 3 }).result);
  const chat = vlm.chat({ image: pixels });
  pixels.data.fill(0);
  structuredClone(file, { transfer: [file.buffer] });
  expect((await Promise.all(asked)).map(({ answer }) => answer)).toEqual(["green", "green"]);
  expect((await chat.ask({ question, maxNewTokens: 3 })).answer).toBe("green");
  await chat.dispose();
});

it("paints on white what is transparent, from files and from memory", async () => {
  const { width, height, data } = await sharp(EXAMPLE_IMAGE)
    .ensureAlpha(0.5)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .then(({ data, info }) => ({ ...info, data: new Uint8Array(data) }));
  const png = await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  const [fromFile, fromMemory] = [await vlm.encodeImage(png), await vlm.encodeImage({ width, height, data })];
  expect(fromFile.features).toEqual(fromMemory.features);
  expect(fromFile.features).not.toEqual((await vlm.encodeImage(EXAMPLE_IMAGE)).features);
});

it("answers others while an image is fetched, and counts its time", async () => {
  const { address, send } = await slowServer();
  const slow = vlm.ask({ image: address, question, maxNewTokens: 3 });
  const order: string[] = [];
  slow.result.then(() => order.push("slow"));
  await vlm.ask({ image: bytes, question, maxNewTokens: 3 });
  await vlm.encodeImage({ width: 1, height: 1, data: new Uint8Array(3) });
  order.push("others");
  await send();
  const { timings, answer } = await slow;
  expect(answer).toBe("green");
  expect(order).toEqual(["others", "slow"]);
  expect(timings.decodeImage).toBeGreaterThan(0);
  expect(timings.firstToken).toBeGreaterThan(timings.decodeImage);
});

it("keeps the turns of a chat in order while their images come, and leaves other questions their place", async () => {
  const { address, send } = await slowServer();
  const chat = vlm.chat({ image: address });
  const controller = new AbortController();
  const first = chat.ask({ question, maxNewTokens: 3 });
  const stopped = chat.ask({ question, maxNewTokens: 3, signal: controller.signal });
  const third = chat.ask({ question, maxNewTokens: 3 });
  controller.abort();
  await expect(stopped).rejects.toThrow(/abort/i);
  await vlm.ask({ image: bytes, question, maxNewTokens: 3 });
  await send();
  expect((await third).turn).toBe(2);
  expect((await first).turn).toBe(1);
  await chat.dispose();
});

it("reads the images of a chat again for the next turn where the first has failed", async () => {
  let status = 404;
  const address = await serve((_, response) => {
    response.statusCode = status;
    response.end(bytes);
  });
  const chat = vlm.chat({ image: address });
  await expect(chat.ask({ question })).rejects.toThrow(/404/);
  status = 200;
  expect(await chat.ask({ question, maxNewTokens: 3 })).toMatchObject({ turn: 1, answer: "green" });
  await chat.dispose();
});

it("stops while an image is fetched, wherever it is asked about", async () => {
  const address = await serve((_, response) => {
    response.writeHead(200, { "content-type": "image/png" }).write("x");
  });
  const chat = vlm.chat({ image: address });
  const asks = [
    (signal: AbortSignal) => vlm.ask({ image: address, question, signal }).result,
    (signal: AbortSignal) => vlm.encodeImage(address, { signal }),
    (signal: AbortSignal) => chat.ask({ question, signal }).result,
  ];
  for (const ask of asks) {
    const controller = new AbortController();
    const asked = ask(controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(asked).rejects.toThrow(/^enough$/);
  }
  await chat.dispose();
});

it("refuses an image before a model has any work of it", async () => {
  const long = "A".repeat(100_000);
  const wrong: readonly unknown[] = [
    `data:image/png;base64,${long}!`,
    `data:text/plain,${long}`,
    `data:image/png;base64,${long}`,
    long,
    new Uint8Array(0),
    new ArrayBuffer(0),
    new Blob([]),
    { width: 2, height: 2, data: EXAMPLE_IMAGE },
    { width: Number.NaN, height: 2, data: new Uint8Array(6) },
    { width: 2, height: 1, data: new Uint8Array(7) },
    { width: 0, height: 0, getContext: () => null },
  ];
  for (const image of wrong) {
    for (const work of [
      () => vlm.ask({ image: image as ImageInput, question }).result,
      () => vlm.encodeImage(image as ImageInput),
    ]) {
      const error = await work().catch((error) => error);
      expect(error.name, error.message).toMatch(/^(InvalidInput|Format)Error$/);
      expect(error.message.length).toBeLessThan(300);
    }
  }
  await expect(vlm.ask({ image: "nowhere.png", question })).rejects.toThrow(InvalidInputError);
});

it("answers what was asked before it was disposed of, images that are still coming too", async () => {
  const { address, send } = await slowServer();
  const other = await loadVlm("tiny");
  const asked = other.ask({ image: address, question, maxNewTokens: 3 });
  const disposed = other.dispose();
  await send();
  await disposed;
  expect((await asked).answer).toBe("green");
});
