import { expect, it } from "vitest";
import { hasColors, rendered, styled } from "./style.js";

it("is color on a terminal, nothing elsewhere", () => {
  const text = `${styled("strong", "head")} and ${styled("error", "two\nlines")}`;
  expect(rendered(text, false)).toBe("head and two\nlines");
  expect(rendered(text, true)).toBe("\u001b[1mhead\u001b[22m and \u001b[91mtwo\nlines\u001b[39m");
});

it("leaves no mark of a text that has one of its own", () => {
  expect(rendered("a\uFDD0b\uFDD3\uFDD3", true)).toBe("a\u001b[1mb\u001b[22m");
  expect(rendered(styled("strong", "a\uFDD1b"), true)).not.toMatch(/[\uFDD0-\uFDD3]/);
});

it.each([
  [true, { TERM: "xterm" }, true],
  [true, { TERM: "dumb" }, false],
  [true, { TERM: "xterm", NO_COLOR: "1" }, false],
  [true, { TERM: "xterm", NO_COLOR: "" }, true],
  [true, { TERM: "xterm", FORCE_COLOR: "0" }, false],
  [true, { TERM: "xterm", FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  [false, { TERM: "xterm" }, false],
  [false, { TERM: "xterm", FORCE_COLOR: "1" }, true],
  [false, { FORCE_COLOR: "" }, true],
  [false, { FORCE_COLOR: "false" }, false],
])("a stream with isTTY %j has colors in %j: %j", (isTTY, env, expected) => {
  expect(hasColors({ isTTY }, env as NodeJS.ProcessEnv)).toBe(expected);
});
