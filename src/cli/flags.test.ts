import { describe, expect, it } from "vitest";
import { type Flags, helpText, parseFlags, typoHint } from "./flags.js";

const TABLE = {
  out: { type: "text", required: true, placeholder: "DIR", help: "where it goes" },
  layer: { type: "integer", default: -1, help: "which layer" },
  share: { type: "number", above: 0, max: 1, help: "of all" },
  maxTokens: { type: "integer", min: 1, replaces: ["atMost"], help: "at most" },
  split: { type: "choice", choices: ["val", "test"], help: "half" },
  sign: { type: "choice", choices: [1, -1], help: "high or low" },
  tasks: { type: "list", choices: ["pope", "mmbench"], help: "tasks" },
  option: { type: "repeated", help: "any" },
  json: { type: "flag", help: "as JSON" },
} as const satisfies Flags;

const parse = (...args: string[]) => parseFlags("do", TABLE, ["--out", "x", ...args]);

describe("parseFlags", () => {
  it("types values, fills in defaults, and leaves the words", () => {
    const { flags, words } = parse(
      "a",
      "--max-tokens=3",
      "--tasks",
      "mmbench,pope",
      "--option",
      "a=1",
      "--option",
      "b",
      "c",
    );
    expect(flags).toEqual({
      out: "x",
      layer: -1,
      maxTokens: 3,
      tasks: ["mmbench", "pope"],
      option: ["a=1", "b"],
      json: false,
    });
    expect(words).toEqual(["a", "c"]);
  });

  it("takes negative numbers as values, and words behind -- as they are", () => {
    expect(parse("--layer", "-2", "--sign", "-1", "--json").flags).toMatchObject({ layer: -2, sign: -1, json: true });
    expect(parse("--", "--layer", "-2")).toMatchObject({ flags: { layer: -1 }, words: ["--layer", "-2"] });
  });

  it.each([
    [["--max-token", "3"], "Unknown option '--max-token'; did you mean --max-tokens?"],
    [["--wholly-else"], "Unknown option '--wholly-else'; recoup do --help lists them"],
    [["-j"], "Unknown option '-j'"],
    [["--at-most", "3"], "Unknown option '--at-most'; use --max-tokens N: at most"],
    [["--layer"], "expected --layer N, got none"],
    [["--layer", "--json"], "expected --layer N, got --json"],
    [["--json=yes"], "expected --json without a value, got yes"],
    [["--layer", ""], 'expected --layer as a number, got ""'],
    [["--layer", "1.5"], "expected --layer as a whole number, got 1.5"],
    [["--max-tokens", "-1"], "expected --max-tokens as a whole number from 1, got -1"],
    [["--share", "0"], "expected --share as a number above 0 and at most 1, got 0"],
    [["--split", "tets"], "expected --split val or test, got tets; did you mean test?"],
    [["--tasks", ""], "expected --tasks of pope, mmbench, got an empty text"],
    [["--tasks", ","], "expected --tasks of pope, mmbench, got ,"],
    [["--tasks", "pope,mmbenhc"], "expected --tasks of pope, mmbench, got mmbenhc; did you mean mmbench?"],
  ])("refuses %j", (args, message) => {
    expect(() => parse(...args)).toThrow(`do: ${message}`);
  });

  it("names a flag that is missing", () => {
    expect(() => parseFlags("do", TABLE, [])).toThrow("do: expected --out DIR, got none");
  });
});

it.each([
  ["evl", "eval"],
  ["cvs", "csv"],
  ["reprot", "report"],
  ["ask", undefined],
  ["abc", undefined],
  ["as", undefined],
])("takes %s for a slip of %s", (word, meant) => {
  const known = ["eval", "csv", "report", "chat"];
  expect(typoHint(word, known)).toBe(meant === undefined ? "" : `; did you mean ${meant}?`);
});

describe("helpText", () => {
  const command = {
    name: "do",
    summary: "do this",
    words: ["FILE"],
    about: ["Does this and that. ".repeat(12).trim()],
    flags: TABLE,
  };

  it.each([60, 80, 120])("fits %i columns, and 100 at most", (columns) => {
    for (const line of helpText(command, columns).split("\n")) {
      expect(line.length).toBeLessThanOrEqual(Math.min(columns, 100));
    }
  });

  it("shows required flags, values and defaults", () => {
    const lines = helpText(command, 80).split("\n");
    expect(lines[0]).toBe("usage: recoup do FILE --out DIR [options]");
    expect(lines).toContain("  --layer N         which layer (default: -1)");
    expect(lines).toContain("  --split val|test  half");
  });
});
