import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableLine } from "../../benchmarks/index.js";
import { InvalidInputError } from "../../core/index.js";
import { problemLog } from "./problem-log.js";
import { parseTable } from "./table.js";

const read = (text: string) => {
  const problems = problemLog(false);
  const rows = parseTable(text, { file: "mmbench/t.tsv", problems });
  return { rows, problems: problems.found, cells: rows.map(({ cells }) => [...cells.values()]) };
};

/** Expected values follow the rules of pandas' C parser by hand (quotes, line ends, empty lines, missing values); pandas was not run. */
describe("parseTable, as pandas", () => {
  it("reads quoted fields with tabs, line ends and doubled quotes", () => {
    const { rows, cells } = read('a\tb\n"x\ty"\t"1\n2 ""q"""\n"\t"\t""""\n');
    expect(cells).toEqual([
      ["x\ty", '1\n2 "q"'],
      ["\t", '"'],
    ]);
    expect(rows.map(({ line }) => line)).toEqual([2, 4]);
  });

  it("takes quotes for quotes only at the start of a field, and what follows a closing one as it is", () => {
    expect(read('a\tb\nx"y"\t"x"y\n5" tall\t"a" b"\n').cells).toEqual([
      ['x"y"', "xy"],
      ['5" tall', 'a b"'],
    ]);
  });

  it("ends lines by LF, CR and both; needs none at the end, and skips a BOM", () => {
    expect(read("\ufeffa\tb\r\n1\t2\r3\t4\n5\t6").rows.map(({ cells }) => cells.get("a"))).toEqual(["1", "3", "5"]);
  });

  it("passes over empty lines and lines of blanks, but not over a line of one tab", () => {
    const { cells, rows } = read("a\tb\n\n   \n1\t2\n\t\n \t\n");
    expect(cells).toEqual([
      ["1", "2"],
      [null, null],
      [" ", null],
    ]);
    expect(rows.map(({ line, place }) => [place, line])).toEqual([
      [0, 4],
      [1, 5],
      [2, 6],
    ]);
  });

  it.each(["None", "NA", "N/A", "n/a", "null", "NULL", "nan", "NaN", "<NA>", "#N/A", "-nan", ""])(
    "takes %j for missing, quoted or not",
    (text) => {
      expect(read(`a\tb\n${text}\t"${text}"\n`).cells).toEqual([[null, null]]);
    },
  );

  it.each(["none", "NONE", "Nan", " None", "na", "-", "nil", "undefined"])("leaves %j a text", (text) => {
    expect(read(`a\tb\n${text}\tx\n`).cells).toEqual([[text, "x"]]);
  });

  it("fills short rows with missing values; a longer one is a problem and counts as a row", () => {
    const { rows, problems, cells } = read("a\tb\n1\n1\t2\t3\n4\t5\n");
    expect(cells).toEqual([
      ["1", null],
      ["4", "5"],
    ]);
    expect(rows.map(({ place }) => place)).toEqual([0, 2]);
    expect(problems).toEqual([{ file: "mmbench/t.tsv", line: 3, what: "3 fields, 2 columns" }]);
  });

  it("refuses an open quote, naming its line, and an empty text", () => {
    expect(() => read('a\tb\n1\t2\n3\t"4\n5\t6\n')).toThrow(/mmbench\/t\.tsv.*line 3/);
    expect(() => read("\n \n")).toThrow(InvalidInputError);
  });

  it("reads what tableLine writes", () => {
    const cell = fc
      .string({ unit: fc.constantFrom(..."ab \t\n\r\"'") })
      .filter((text) => text !== "" && text.trim() !== "");
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 4 }), (rows) => {
        const text = tableLine(["x", "y"]) + rows.map(tableLine).join("");
        expect(read(text).cells).toEqual(rows);
      }),
    );
  });
});
