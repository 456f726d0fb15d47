import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateKey } from "./duplicate-key.js";

describe("duplicateKey", () => {
  it.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":{"b":1,"c":[{"d":1}, {"d":1, "d" \n:2}]}}', "d"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['{"":1,"":2}', ""],
    ['{"a\\"":1,"b\\\\":2,"a\\"":3}', 'a"'],
    ['{"a":{},"b":{"a":1},"a":1}', "a"],
  ])("finds the second key of %s", (json, key) => {
    expect(duplicateKey(json)).toBe(key);
  });

  it.each([
    "{}",
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '["a","a",{"a":1},{"a":1}]',
    '{"a":"\\",\\"a\\":1"}',
    '{"a":"{","b":"}","c":"[\\\\"}',
    '{"a":1,"A":1,"a ":1}',
  ])("finds none in %s", (json) => {
    expect(duplicateKey(json)).toBeUndefined();
  });

  it("finds none in whatever JSON.stringify writes, and any key that is then repeated at the end", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { minKeys: 1 }),
        fc.nat(),
        (json, pick) => {
          const text = JSON.stringify(json, null, pick % 3);
          expect(duplicateKey(text)).toBeUndefined();
          const keys = Object.keys(json);
          const key = keys[pick % keys.length];
          expect(duplicateKey(`${text.slice(0, -1)},${JSON.stringify(key)}:0}`)).toBe(key);
        },
      ),
    );
  });
});
