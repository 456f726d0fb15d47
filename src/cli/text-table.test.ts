import { describe, expect, it } from "vitest";
import { rendered, widthOf } from "./style.js";
import { hanging, textTable, wrapWords } from "./text-table.js";

const TITLES = ["setting", "tokens", "first token", "score"];
const ROWS = [
  ["none", "576", "302 ms", "1.000"],
  ["recoverable", "58", "98 ms", "0.987"],
];
const table = (width?: number) => rendered(textTable(TITLES, ROWS, { width }), false);

describe("textTable", () => {
  it("is one table where there is room: texts to the left, numbers to the right", () => {
    expect(table()).toBe(
      [
        "setting      tokens  first token  score",
        "none            576       302 ms  1.000",
        "recoverable      58        98 ms  0.987",
      ].join("\n"),
    );
    expect(table(39)).toBe(table());
  });

  it("folds into tables with the texts again, and then into a block a row", () => {
    expect(table(38).split("\n")).toEqual([
      "setting      tokens  first token",
      "none            576       302 ms",
      "recoverable      58        98 ms",
      "",
      "setting      score",
      "none         1.000",
      "recoverable  0.987",
    ]);
    expect(table(23).split("\n").slice(0, 5)).toEqual([
      "none",
      "  tokens       576",
      "  first token  302 ms",
      "  score        1.000",
      "",
    ]);
  });

  it("keeps every heading and cell whole at any width from 21", () => {
    for (let width = 21; width < 60; width++) {
      const text = table(width);
      for (const word of [...TITLES.slice(1), ...ROWS.flat()]) expect(text).toContain(word);
      for (const line of text.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it("counts the columns of a terminal: wide letters two, marks that combine none", () => {
    const lines = textTable(
      ["", "n"],
      [
        ["猫がいる", "1"],
        ["cafe\u0301", "22"],
      ],
    ).split("\n");
    expect(lines.slice(1)).toEqual(["猫がいる   1", "cafe\u0301      22"]);
    expect(lines.map(widthOf)).toEqual([12, 12, 12]);
  });
});

it("hangs text behind a start, and below it where there is no room beside it", () => {
  expect(hanging("name  ", "one two three four five", 26)).toBe("name  one two three four\n      five");
  expect(hanging("a very long start ", "one two three four five", 24)).toBe(
    "a very long start one\n    two three four five",
  );
});

it("breaks a list without blanks behind its commas, where it is too long for a line", () => {
  expect(wrapWords("one of alpha,beta,gamma or x,y", 12)).toEqual(["one of", "alpha,beta,", "gamma or x,y"]);
});
