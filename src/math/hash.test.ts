import { expect, it } from "vitest";
import { mixBits, textHash, textSeed } from "./hash.js";

it("names a text by FNV-1a, whose published values these are", () => {
  expect(textHash("")).toBe("811c9dc59dc5811c");
  expect(textHash("a").slice(0, 8)).toBe("e40c292c");
  expect(textHash("foobar").slice(0, 8)).toBe("bf9cf968");
});

it("mixes to 32 bits without a sign", () => {
  expect(mixBits(0)).toBe(0);
  expect(mixBits(1)).toBe(0x514e28b7);
  expect(textSeed("foobar")).toBe(mixBits(0xbf9cf968));
});
