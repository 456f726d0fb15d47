import { describe, expect, it } from "vitest";
import { parseFlags } from "./flags.js";
import { parseMass, ROW_FLAGS, rowOptions } from "./row-flags.js";

const parsed = (...args: string[]) => rowOptions("ask", parseFlags("ask", ROW_FLAGS, args).flags);

describe("flags of what a decoder is told", () => {
  it("are the API's options, and nothing where they are not given", () => {
    expect(parsed()).toEqual({ positions: undefined, mass: undefined });
    expect(parsed("--positions", "original", "--mass", "on")).toEqual({ positions: "original", mass: true });
    expect(parsed("--mass", "off", "--positions=compact")).toEqual({ positions: "compact", mass: false });
    expect(["0", "0.5", "1e0", "5"].map((text) => parseMass("ask", text))).toEqual([0, 0.5, 1, 5]);
  });

  it.each(["7", "-1", "NaN", "Infinity", " ", "true", "0,5"])("refuse --mass=%s", (text) => {
    expect(() => parsed(`--mass=${text}`)).toThrow(/ask: expected --mass on, off or a number from 0 to 5, got/);
  });

  it("name the nearest word", () => {
    expect(() => parsed("--mass", "offf")).toThrow(/got offf; did you mean off\?/);
    expect(() => parsed("--positions", "orignal")).toThrow(/got orignal; did you mean original\?/);
    expect(() => parsed("--masss", "on")).toThrow(/--masss.*did you mean --mass\?/);
    expect(() => parsed("--mass")).toThrow(/--mass on\|off\|ALPHA, got none/);
  });
});
