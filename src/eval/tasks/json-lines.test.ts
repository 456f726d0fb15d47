import { describe, expect, it } from "vitest";
import { InvalidInputError, shape as is } from "../../core/index.js";
import { parseJsonLines } from "./json-lines.js";
import { problemLog } from "./problem-log.js";

const shape = is.object({ id: is.id, text: is.text });
const read = (text: string, strict = false) => {
  const problems = problemLog(strict);
  const rows = parseJsonLines(text, { file: "pope/q.jsonl", shape, problems });
  return { rows, problems: problems.found };
};

describe("parseJsonLines", () => {
  it("reads rows with their places and lines, past empty lines and carriage returns", () => {
    const { rows, problems } = read('{"id":1,"text":"a","more":[]}\r\n\n  \n{"id":"x","text":""}\n');
    expect(rows.map(({ place, line }) => [place, line])).toEqual([
      [0, 1],
      [1, 4],
    ]);
    expect(rows[1].value).toEqual({ id: "x", text: "" });
    expect(problems).toEqual([]);
  });

  it("gives each row that it cannot use a problem, and the others their places in the file", () => {
    const text = [
      '{"id":1,"text":"a"}',
      '{"id":2,"text":"b',
      "[]",
      '{"id":1.5,"text":"c"}',
      '{"id":3}',
      '{"id":4,"text":null}',
      "null",
      '{"id":5,"text":"d"}',
    ];
    const { rows, problems } = read(text.join("\n"));
    expect(rows.map(({ place, value }) => [place, value.id])).toEqual([
      [0, 1],
      [7, 5],
    ]);
    expect(problems.map(({ line, what }) => `${line} ${what}`)).toEqual([
      '2 no JSON: "{\\"id\\":2,\\"text\\":\\"b"',
      "3 no object: []",
      "4 1.5 as id",
      "5 no text",
      "6 null as text",
      "7 no object: null",
    ]);
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(["pope/q.jsonl"]));
  });

  it("does not take inherited properties for fields", () => {
    const problems = problemLog(false);
    const own = is.object({ constructor: is.text });
    expect(parseJsonLines('{"a":1}', { file: "f", shape: own, problems })).toEqual([]);
    expect(problems.found).toHaveLength(1);
  });

  it("stops at the first problem if strict, naming file and line", () => {
    expect(() => read('{"id":1,"text":"a"}\n{"id":2', true)).toThrow(InvalidInputError);
    expect(() => read('{"id":1,"text":"a"}\n{"id":2', true)).toThrow(/line 2 of pope\/q\.jsonl.*no JSON/);
  });
});
