import { expect, it } from "vitest";
import { FormatError, InvalidInputError, refusalFor } from "./errors.js";
import {
  brief,
  count,
  either,
  fits,
  id,
  instance,
  integer,
  isArrayLike,
  isRecord,
  list,
  mismatchText,
  object,
  oneOf,
  optional,
  options,
  record,
  type Shape,
  shaped,
  text,
} from "./shape.js";

const sample = object({ id, image: optional(text), answers: list(object({ score: count })) });

it("takes what fits and more, and types it", () => {
  const value: unknown = { id: 3, answers: [{ score: 2, by: "x" }], extra: 1 };
  const typed = shaped(value, sample, refusalFor("read"));
  const score: number = typed.answers[0].score;
  expect(score).toBe(2);
  expect(fits({ id: "a", answers: [] }, sample)).toBe(true);
});

it.each([
  [null, "no object: null"],
  [[1], "no object: [1]"],
  [{ answers: [] }, "no id"],
  [{ id: 1.5, answers: [] }, "1.5 as id"],
  [{ id: 1, image: 2, answers: [] }, "2 as image"],
  [{ id: 1, answers: {} }, "{} as answers"],
  [{ id: 1, answers: [{ score: 1 }, { score: -1 }] }, "-1 as answers[1].score"],
  [{ __proto__: { id: 1 }, answers: [] }, "no id"],
])("says where %j does not fit", (value, words) => {
  expect(mismatchText(value, sample)).toBe(words);
});

it("refuses by path, expectation and value", () => {
  const read = () => shaped({ id: 1, answers: [{}] }, sample, refusalFor("read", FormatError));
  expect(read).toThrow(
    new FormatError({ operation: "read", expected: "answers[0].score as a whole number from 0", got: "nothing" }),
  );
});

it("knows values, ranges, names and alternatives", () => {
  expect(fits("grid", oneOf("grid", "append"))).toBe(true);
  expect(mismatchText("x", oneOf("grid", "append"))).toBe('not one of "grid", "append": "x"');
  expect(fits(7, integer(1, 6))).toBe(false);
  expect(mismatchText({ a: 1, b: "2" }, record(count))).toBe('"2" as b');
  const budget = either(integer(1), oneOf("dynamic"));
  expect(fits("dynamic", budget)).toBe(true);
  expect(mismatchText("all", budget)).toBe('no whole number from 1 or "dynamic": "all"');
});

it("names any value in at most 60 characters", () => {
  let deep: unknown = 0;
  for (let i = 0; i < 1e5; i++) deep = [deep];
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const value of [deep, circle, 1n, undefined, Symbol("s"), () => 1, "x".repeat(1e6), { n: 1n }]) {
    expect(brief(value).length).toBeLessThanOrEqual(60);
  }
});

/** Values that throw wherever they are looked at. */
function hostile(): unknown[] {
  const trap = () => {
    throw new TypeError("mine");
  };
  const traps = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap };
  const revoked = [{}, [], () => 1].map((target) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  });
  return [new Proxy({}, traps), new Proxy([], traps), new Proxy(() => 1, traps), ...revoked];
}

it("finds that what throws when it is read fits nothing, and throws nothing itself", () => {
  const shapes: Shape<unknown>[] = [sample, list(count), record(count), instance(Map), either(sample, list(text))];
  for (const value of hostile()) {
    for (const wanted of shapes) {
      expect(fits(value, wanted)).toBe(false);
      expect(typeof mismatchText(value, wanted)).toBe("string");
    }
    expect(brief(value).length).toBeLessThanOrEqual(60);
    expect([typeof isRecord(value), isArrayLike(value)]).toEqual(["boolean", false]);
  }
  const getter = {
    id: 1,
    get answers() {
      throw new Error("mine");
    },
  };
  expect(() => shaped([getter], list(sample), refusalFor("read"))).toThrow(
    /read: expected \[0\].answers as a value that can be read, got \[object Error\]/,
  );
});

it("reads options once, inherited ones too, and keeps others", () => {
  const refuse = refusalFor("open");
  let reads = 0;
  const given = Object.create({ mode: "r" }, { size: { enumerable: true, get: () => ++reads }, more: { value: 5 } });
  const fields = { mode: optional(text), size: optional(count), none: optional(text) };
  expect(options({ ...given, more: 5 }, { size: fields.size }, refuse)).toEqual({ size: 1, more: 5 });
  expect(options(given, fields, refuse)).toEqual({ mode: "r", size: 2 });
  expect(() => options(Object.create({ mode: 5 }), fields, refuse)).toThrow(/open: expected mode as a text, got 5/);
  expect(() => options({ mode: 5 }, fields, refuse, "file")).toThrow(/expected file.mode as a text, got 5/);
  for (const value of [null, undefined, 5, "x", [], () => 1]) {
    expect(() => options(value as never, fields, refuse, "file")).toThrow(/expected file as an object/);
  }
  for (const value of hostile()) expect(() => options(value as object, fields, refuse)).toThrow(InvalidInputError);
});
