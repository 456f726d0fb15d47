import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { element, escapeXml, short, textWidth, wrapText } from "./markup.js";

describe("escapeXml", () => {
  it("escapes the five special characters", () => {
    expect(escapeXml(`<a href="x">'&'</a>`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  });

  it("replaces what XML 1.0 forbids and keeps emoji", () => {
    expect(escapeXml("a\u0000b\u001bc\ud800d\uffffe\t🙂")).toBe("a\ufffdb\ufffdc\ufffdd\ufffde\t🙂");
  });
});

describe("short", () => {
  it("drops zeros that SVG does not need", () => {
    expect([0, 0.5, -0.5, 3, 1.005, 12.349, -0.001].map(short)).toEqual(["0", ".5", "-.5", "3", "1", "12.35", "0"]);
  });
});

describe("element", () => {
  it("shortens numbers, escapes text and leaves undefined out", () => {
    expect(element("a", { x: 0.25, y: undefined, z: '"<' })).toBe('<a x=".25" z="&quot;&lt;"/>');
    expect(element("a", {}, "in")).toBe("<a>in</a>");
  });
});

describe("wrapText", () => {
  it("breaks at spaces", () => {
    expect(wrapText("one two three", { size: 10, width: 45, lines: 5 })).toEqual(["one two", "three"]);
  });

  it("breaks inside a word that is too long and marks what is cut", () => {
    const lines = wrapText("a".repeat(50), { size: 10, width: 60, lines: 2 });
    expect(lines).toHaveLength(2);
    expect(lines[1].endsWith("…")).toBe(true);
  });

  it("gives no line for blank text", () => {
    expect(wrapText(" \n ", { size: 10, width: 50, lines: 3 })).toEqual([]);
  });

  it("never gives a line wider than asked for, nor loses a word when there is room", () => {
    const words = fc.array(fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }), { maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 60, max: 300 }), (list, width) => {
        const text = list.join(" ");
        const lines = wrapText(text, { size: 10, width, lines: 1000 });
        for (const line of lines) {
          if (Array.from(line).length > 1) expect(textWidth(line, 10)).toBeLessThanOrEqual(width + 1e-9);
        }
        expect(lines.join("").replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
      }),
    );
  });
});
