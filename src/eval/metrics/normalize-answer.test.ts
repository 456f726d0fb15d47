import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeM4c, normalizeVqaToolkit, punctuation, VLMEVALKIT_PUNCTUATION } from "./normalize-answer.js";

describe("normalizeM4c", () => {
  it.each([
    ["The dog's bone", "dog 's bone"],
    ["1,000", "1000"],
    ["red,white", "redwhite"],
    ["what ? no", "what no"],
    ["t-shirt", "t shirt"],
    ["none", "0"],
    ["İstanbul", "i\u0307stanbul"],
    ["ΟΔΟΣ", "οδος"],
    ["\ufeffyes", "\ufeffyes"],
    ["yes\x1cno\x85maybe", "yes no maybe"],
    ["𝟚.𝟛 x", "𝟚.𝟛 x"],
  ])("%j is %j", (text, normal) => expect(normalizeM4c(text)).toBe(normal));

  it("knows words of JavaScript's objects as words", () => {
    expect(normalizeM4c("constructor __proto__ toString")).toBe("constructor proto tostring");
  });

  it("never finds contractions with capitals, and follows the odd ones", () => {
    expect(normalizeM4c("Im Ive Id've")).toBe("im ive id've");
    expect(normalizeM4c("somebody'd dont")).toBe("somebodyd don't");
    expect(normalizeVqaToolkit("she's let's")).toBe("she's let's");
  });

  it("deletes 32 periods and no more", () => {
    for (const normalize of [normalizeM4c, normalizeVqaToolkit]) {
      expect(normalize("x.".repeat(33))).toBe(`${"x".repeat(33)}.`);
      expect(normalize("x.".repeat(32))).toBe("x".repeat(32));
      // Those before a digit do not count.
      expect(normalize(`${"1.".repeat(40)}1${".x".repeat(32)}`)).toBe(`${"1.".repeat(40)}1${"x".repeat(32)}`);
    }
  });

  it("has only known marks and no upper case left, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const normal = normalizeM4c(text);
        expect(normal).not.toMatch(/[;/[\]"{}()=+\\_\-<>@`,?!]/);
        expect(normal).toBe(normal.toLowerCase());
      }),
    );
  });
});

describe("normalizeVqaToolkit", () => {
  it("keeps commas and possessives for the punctuation step", () => {
    expect(normalizeVqaToolkit("red,white,blue")).toBe("red white blue");
    expect(normalizeVqaToolkit("the dog's bone")).toBe("dog's bone");
  });

  it("deletes every mark once a comma stands between two digits, of whichever script", () => {
    expect(normalizeVqaToolkit("1,000-2,000")).toBe("10002000");
    expect(normalizeVqaToolkit("٣,٤-x")).toBe("٣٤x");
    expect(normalizeVqaToolkit("²,²-x")).toBe("² ² x");
    expect(normalizeVqaToolkit("1,,2-x")).toBe("1 2 x");
  });

  it("decides on the text as it came, not on what earlier marks left", () => {
    expect(normalizeVqaToolkit("a;-b")).toBe("b");
    expect(normalizeVqaToolkit("x; y-z")).toBe("x y z");
  });
});

describe("VLMEvalKit's punctuation step", () => {
  it("keeps a period after a digit, where the others delete it", () => {
    expect(punctuation("5. yes.", VLMEVALKIT_PUNCTUATION)).toBe("5. yes");
    expect(normalizeVqaToolkit("5. yes.")).toBe("5 yes");
  });
});
