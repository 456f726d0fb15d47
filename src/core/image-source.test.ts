import { expect, it } from "vitest";
import { refusalFor } from "./errors.js";
import { bytesInMemory, dataUrlBytes, isImageSource, sourceName } from "./image-source.js";
import { onWhite } from "./rgb-image.js";

const refuse = refusalFor("ask");
const bytes = (address: string) => [...dataUrlBytes(address, refuse)];

it("reads data: URLs in base64 and in percent codes, whatever their spaces, padding and case", () => {
  const five = [0, 255, 62, 63, 7];
  const text = Buffer.from(five).toString("base64");
  expect(text).toBe("AP8+Pwc=");
  for (const body of [text, "AP8+Pwc", "AP8%2BPwc%3D", " AP 8+\nPwc = ", `${text}#part`]) {
    expect(bytes(`data:image/png;base64,${body}`), body).toEqual(five);
  }
  expect(bytes("DATA:;Base64,AP8+Pwc=")).toEqual(five);
  expect(bytes("data:,%00%ffA%zz")).toEqual([0, 255, 65, 37, 122, 122]);
  for (let length = 0; length < 300; length++) {
    const all = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    expect(bytes(`data:a;base64,${Buffer.from(all).toString("base64")}`)).toEqual([...all]);
  }
});

it("refuses broken data: URLs, and prints none whole", () => {
  const long = "A".repeat(100_000);
  const broken = [
    ["data:image/png;base64", /a comma before its data/],
    [`data:${long}`, /a comma before its data/],
    [`data:image/png;base64,${long}A`, /whole base64/],
    [`data:image/png;base64,${long}*AAA`, /whole base64/],
    ["data:image/png;base64,AA-_", /whole base64/],
    ["data:image/png;base64,A===", /whole base64/],
    [`data:image/png;base64,${long}é`, /whole base64/],
    [`data:image/png,${long}\u4e00`, /in base64/],
  ] as const;
  for (const [address, message] of broken) {
    const read = () => dataUrlBytes(address, refuse);
    expect(read, address.slice(0, 40)).toThrow(message);
    expect(read).toThrow(/^.{1,200}$/);
  }
});

it("knows an image as a file by its members, of whatever realm, and names it briefly", () => {
  const buffer = new ArrayBuffer(3);
  const sources = ["a.png", new URL("http://a/b"), new Blob(["abc"]), new Uint8Array(3), buffer, Buffer.from("a")];
  for (const source of sources) expect(isImageSource(source)).toBe(true);
  const others = [null, 5, {}, [], { href: "a" }, new Uint16Array(3), new Uint8ClampedArray(3), new DataView(buffer)];
  for (const other of [...others, { [Symbol.toStringTag]: "ArrayBuffer" }]) expect(isImageSource(other)).toBe(false);
  expect(sourceName(`data:image/png;base64,${"A".repeat(9_000)}`)).toBe("the data: URL (image/png, 9022 characters)");
  expect(sourceName(`data:${"A".repeat(9_000)}`)).toBe("the data: URL (no type, 9005 characters)");
  expect(sourceName("a".repeat(9_000))).toHaveLength(139);
  expect(sources.map(sourceName)).toEqual(["a.png", "http://a/b", "the Blob", "the bytes", "the bytes", "the bytes"]);
});

it("gives bytes in memory, none of what is detached", () => {
  const buffer = Uint8Array.of(1, 2).buffer;
  expect([...(bytesInMemory(buffer) as Uint8Array)]).toEqual([1, 2]);
  structuredClone(buffer, { transfer: [buffer] });
  expect(bytesInMemory(buffer)).toHaveLength(0);
  expect(bytesInMemory("a")).toBeUndefined();
});

it("paints on white to the nearest whole number, for every color and alpha", () => {
  const rgba = new Uint8Array(4 * 65536);
  for (let i = 0; i < 65536; i++) rgba.set([i >> 8, 255 - (i >> 8), 7, i & 255], 4 * i);
  const rgb = onWhite(rgba);
  for (let i = 0; i < 65536; i++) {
    const alpha = i & 255;
    const exact = [i >> 8, 255 - (i >> 8), 7].map((color) => (color * alpha + 255 * (255 - alpha)) / 255);
    for (let at = 0; at < 3; at++) if (rgb[3 * i + at] !== Math.round(exact[at])) expect.fail(`${exact} at ${i}`);
  }
  expect([...onWhite(Uint8ClampedArray.of(200, 100, 50, 128, 9, 9, 9, 0, 9, 8, 7, 255))]).toEqual([
    // 200 * 128 / 255 + 127 = 227.39…, 177.19…, 152.09…
    227, 177, 152, 255, 255, 255, 9, 8, 7,
  ]);
});
