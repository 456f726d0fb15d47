import { describe, expect, expectTypeOf, it } from "vitest";
import { type CompressionMethod, InvalidInputError, type MethodOptions } from "../core/index.js";
import { syntheticTable } from "../testing/index.js";
import { ELSEWHERE, whyElsewhere } from "./elsewhere.js";
import type { RandomOptions } from "./random.js";
import { type RecoverableOptions, recoverable } from "./recoverable/index.js";
import { findMethod, METHOD_IDS, METHODS } from "./registry.js";

const TABLE = syntheticTable({ rows: 9, columns: 8, dim: 6, seed: 4 });

describe("METHODS", () => {
  it("holds the eighteen methods, each under its own id", () => {
    expect(METHOD_IDS).toEqual([
      "none",
      "random",
      "uniform",
      "pool",
      "cls-topk",
      "text-topk",
      "recoverable",
      "recoup",
      "prumerge",
      "prumerge-plus",
      "visionzip",
      "divprune",
      "divprune-cen",
      "cdpruner",
      "cdpruner-cen",
      "facility",
      "mmtok",
      "tome-once",
    ]);
    expect(METHODS.map((method) => method.id)).toEqual(METHOD_IDS);
    expect(METHODS.map((method) => findMethod(method.id))).toEqual(METHODS);
  });

  it("cannot be changed", () => {
    expect(Object.isFrozen(METHODS)).toBe(true);
    expect(Object.isFrozen(METHOD_IDS)).toBe(true);
  });

  it.each(METHODS)("says in one line each what $id does and where it comes from", ({ summary, reference }) => {
    for (const line of [summary, reference]) {
      expect(line).toMatch(/^\S.*\S$/);
      expect(line.length).toBeLessThan(130);
    }
    expect(METHODS.filter((other) => other.summary === summary).length).toBe(1);
  });
});

describe.each(METHODS)("the options of $id", ({ id, options, optionFacts = {}, checkOptions }) => {
  it("are each in words, with the value that stands where none is given", () => {
    expect(Object.keys(optionFacts)).toEqual(options);
    for (const [name, { values, about, preset }] of Object.entries(optionFacts)) {
      expect([name, about]).toEqual([name, expect.stringMatching(/^\S.{9,200}[^.\s]$/)]);
      expect(values, name).not.toBe("any value");
      if (preset !== undefined) checkOptions?.({ [name]: preset } as object);
    }
  });

  it("give the same plan by default and when they are given as the words say", () => {
    const presets = Object.entries(optionFacts).flatMap(([name, { preset }]) =>
      preset === undefined ? [] : [[name, preset]],
    );
    const method = findMethod(id);
    expect(method.plan(TABLE, Object.fromEntries(presets))).toEqual(method.plan(TABLE));
    expect(method.plan(TABLE, Object.fromEntries(options.map((name) => [name, undefined])))).toEqual(
      method.plan(TABLE),
    );
  });
});

describe("findMethod", () => {
  it("gives the method of that name", () => {
    expect(findMethod("recoverable")).toBe(recoverable);
    expect(findMethod("tome-once").id).toBe("tome-once");
  });

  it.each([
    ["recoverble", "recoverable"],
    ["PruMerge", "prumerge"],
    ["tomeonce", "tome-once"],
    ["cls_topk", "cls-topk"],
    ["nnoe", "none"],
  ])("suggests for %s the name %s", (slip, name) => {
    expect(() => findMethod(slip)).toThrow(InvalidInputError);
    expect(() => findMethod(slip)).toThrow(new RegExp(`got "${slip}"; did you mean ${name}\\?$`));
  });

  it.each(["fastest", "", "toString", "__proto__", "x".repeat(10_000)])(
    "lists the names for %j, without a guess",
    (id) => {
      expect(() => findMethod(id)).toThrow(InvalidInputError);
      expect(() => findMethod(id)).toThrow(
        /^findMethod: expected one of none, random, uniform, .*tome-once, got "[^;]*"$/,
      );
    },
  );

  it.each([
    [
      "fastv",
      /fastv is not here: it ranks tokens by the decoder's attention.* ONNX decoder.*nearest here is text-topk$/,
    ],
    ["SparseVLM", /SparseVLM is not here: .*decoder's attention.*nearest here is recoverable$/],
    ["pyramid-drop", /pyramid-drop is not here: /],
    ["LLaVA-Mini", /trained for it; the nearest here is pool$/],
    ["vtw", /one graph$/],
    ["HoloV", /but is not written yet; the nearest here is cls-topk; recoup method init begins one of your own$/],
    ["hired", /inner layers of the vision encoder/],
    ["eadp", /its formulas have another name; the nearest here is facility$/],
  ])("says of %s why it is not here, and what is nearest", (id, message) => {
    expect(() => findMethod(id)).toThrow(InvalidInputError);
    expect(() => findMethod(id)).toThrow(message);
  });

  it("names as nearest methods that are here, and none of those as elsewhere", () => {
    for (const id of METHOD_IDS) expect(whyElsewhere(id)).toBeUndefined();
    for (const [, nearest = "none"] of Object.values(ELSEWHERE)) {
      expect(METHOD_IDS).toContain(nearest);
    }
  });

  it("keeps each method's own options for a literal name, the shared ones for any string", () => {
    expectTypeOf(findMethod("random")).toEqualTypeOf<CompressionMethod<RandomOptions>>();
    expectTypeOf(findMethod("recoverable")).toEqualTypeOf<CompressionMethod<RecoverableOptions>>();
    expectTypeOf(findMethod("random" as string)).toEqualTypeOf<CompressionMethod<MethodOptions>>();
    expectTypeOf(findMethod("random").plan).parameter(1).toEqualTypeOf<RandomOptions | undefined>();
  });
});
