import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DelimitedRow, delimitedRows } from "./delimited.js";

const rows = (text: string, separator: "," | "\t" = ",") => [...delimitedRows(text, separator, "q.csv")];
const cells = (text: string, separator?: "," | "\t") => rows(text, separator).map((row) => row.cells);

describe("a table of commas", () => {
  it("has quotes, doubled quotes, separators and line ends in fields, and the line of each row", () => {
    const text = 'image,question\r\n"a,b.png","say ""hi""\r\nnow"\r\n\r\n , \r\nc.png,\n';
    expect(rows(text).map(({ line, cells }: DelimitedRow) => [line, ...cells])).toEqual([
      [1, "image", "question"],
      [2, "a,b.png", 'say "hi"\r\nnow'],
      [6, "c.png", ""],
    ]);
  });

  it("ends lines by LF, CRLF or CR, the last one or none", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      for (const last of ["", end])
        expect(cells(`a,b${end}1,2${last}`)).toEqual([
          ["a", "b"],
          ["1", "2"],
        ]);
    }
    expect(cells("")).toEqual([]);
    expect(cells('""')).toEqual([]);
  });

  it("names what spoils a row, and reads on in the next line", () => {
    expect(rows('a,"b"c,d\n1,5" wide,2\nx,y,z')).toEqual([
      { line: 1, cells: ["a", "b", "d"], problem: "text behind the closing quote in field 2" },
      { line: 2, cells: ["1", '5" wide', "2"], problem: "a quote inside a field that is not in quotes in field 2" },
      { line: 3, cells: ["x", "y", "z"], problem: undefined },
    ]);
  });

  it("says where a quote opens that is never closed", () => {
    expect(() => rows('a,b\n1,2\n3,"x\ny\nz')).toThrow(/closed quotes in q\.csv, got one that opens in line 3/);
  });

  it("gives back what was written into it", () => {
    const table = fc.array(
      fc.array(fc.string({ unit: fc.constantFrom(...'ab,\t"\r\n ') }), { minLength: 2, maxLength: 4 }),
    );
    fc.assert(
      fc.property(table, fc.constantFrom(",", "\t"), (written, separator) => {
        const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
        const text = written.map((row) => `${row.map(quoted).join(separator)}\r\n`).join("");
        const full = written.filter((row) => row.some((cell) => cell.trim() !== ""));
        expect(cells(text, separator as ",")).toEqual(full);
      }),
    );
  });
});

describe("a table of tabs", () => {
  it("takes a quote inside a field as it is", () => {
    expect(rows('a\t5" wide, or 6\n"b\tc"\td', "\t").map(({ cells, problem }) => [problem, ...cells])).toEqual([
      [undefined, "a", '5" wide, or 6'],
      [undefined, "b\tc", "d"],
    ]);
  });
});
