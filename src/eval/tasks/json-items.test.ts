import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError, shape as is } from "../../core/index.js";
import { jsonItems } from "./json-items.js";
import { problemLog } from "./problem-log.js";

const items = (text: string, key?: string) => {
  const problems = problemLog(false);
  const rows = [...jsonItems(text, key, { file: "vqav2/a.json", shape: is.anything, problems })];
  return { rows, problems: problems.found, values: rows.map(({ value }) => value) };
};

/** Texts with all that ends or begins something in JSON. */
const trickyText = fc.string({ unit: fc.constantFrom(...'[]{},:"\\ \n\u00e9\ud83d\ude00a') });
const trickyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    trickyText,
    fc.integer(),
    fc.constantFrom(null, true, -1.5e-3),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(trickyText, tie("value"), { maxKeys: 3 }),
  ),
})).value;
const trickyObject = fc.dictionary(trickyText, trickyValue, { maxKeys: 4 });

describe("jsonItems", () => {
  it("gives what JSON.parse gives, whatever stands around and within", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          trickyText.filter((key) => key !== "list"),
          trickyValue,
          { maxKeys: 3 },
        ),
        fc.array(trickyObject, { maxLength: 5 }),
        trickyObject,
        fc.constantFrom(undefined, 1, "\t"),
        (before, list, after, indent) => {
          const text = JSON.stringify({ ...before, list, after }, undefined, indent);
          expect(items(text, "list").values).toEqual(JSON.parse(text).list);
          expect(items(JSON.stringify(list, undefined, indent)).values).toEqual(JSON.parse(JSON.stringify(list)));
        },
      ),
    );
  });

  it("refuses a text that breaks off, wherever it does", () => {
    const text = '{"info": {"x": ["]", "\\""]}, "list": [ {"a": "}"}, {"a": [1, {}]} ] , "z": 1}';
    const end = text.indexOf('] , "z"') + 1;
    for (let length = 0; length < end; length++) {
      expect(() => items(text.slice(0, length), "list"), text.slice(0, length)).toThrow(InvalidInputError);
    }
    // What follows the list is not looked at.
    expect(items(text.slice(0, end), "list").values).toEqual([{ a: "}" }, { a: [1, {}] }]);
  });

  it("names file and line where it breaks", () => {
    expect(() => items('{"list": [\n{"a": 1},\n{"a": }]}', "list")).toThrow(/vqav2\/a\.json.*line 3/);
    expect(() => items('{"list": [\n{"a": 1}\n{"a": 2}]}', "list")).toThrow(/vqav2\/a\.json.*line 3/);
    expect(() => items('{"list": [\n{"a": 1', "list")).toThrow(/vqav2\/a\.json.*line 2/);
    expect(() => items("[\n1,\n]")).toThrow(/vqav2\/a\.json.*line 3/);
  });

  it("refuses a text without the list, or with something else in its place", () => {
    expect(() => items('{"other": {"list": []}}', "list")).toThrow(/a list "list" in vqav2\/a\.json, got none/);
    expect(() => items('{"list": {}}', "list")).toThrow(InvalidInputError);
    expect(() => items("[]", "list")).toThrow(InvalidInputError);
    expect(() => items("", "list")).toThrow(InvalidInputError);
  });

  it("counts lines and places; an item that lacks a field is a problem and counts too", () => {
    const problems = problemLog(false);
    const text = '\ufeff{"list": [\n {"a": "x"},\n {"b": 1},\n\n 7, {"a": "y"}\n]}';
    const rows = [...jsonItems(text, "list", { file: "f", shape: is.object({ a: is.text }), problems })];
    expect(rows.map(({ place, line }) => [place, line])).toEqual([
      [0, 2],
      [3, 5],
    ]);
    expect(problems.found).toEqual([
      { file: "f", line: 3, what: "no a in item 1" },
      { file: "f", line: 5, what: "no object: 7 in item 2" },
    ]);
  });
});
