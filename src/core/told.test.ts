import { describe, expect, it } from "vitest";
import { InvalidInputError } from "./errors.js";
import { checkedAlpha, checkedTold, DEFAULT_TOLD, MAX_ALPHA, type ToldOptions } from "./told.js";

const able = { name: "tiny", untold: {} };
const deaf = { name: "deaf", untold: { positions: "no rotation", mass: "no softmax" } };

describe("checkedAlpha", () => {
  it("takes true for 1, false for 0, and numbers as they are", () => {
    expect([true, false, 0, 0.5, MAX_ALPHA].map((mass) => checkedAlpha("ask", mass))).toEqual([
      1,
      0,
      0,
      0.5,
      MAX_ALPHA,
    ]);
  });

  it.each([-0.1, MAX_ALPHA + 0.01, Number.NaN, Number.POSITIVE_INFINITY, "1", "on", null, [1], {}])(
    "refuses %s",
    (mass) => {
      expect(() => checkedAlpha("ask", mass)).toThrow(InvalidInputError);
      expect(() => checkedAlpha("ask", mass)).toThrow(/mass true, false or a number from 0 to 5, got/);
    },
  );
});

describe("checkedTold", () => {
  it("tells what the caller says, and the defaults else", () => {
    expect(checkedTold("ask", able, {})).toEqual({ ...DEFAULT_TOLD, untold: {} });
    for (const positions of ["compact", "original"] as const)
      expect(checkedTold("ask", able, { positions })).toEqual({ ...DEFAULT_TOLD, positions, untold: {} });
    expect(checkedTold("ask", able, { mass: true })).toEqual({ ...DEFAULT_TOLD, mass: 1, untold: {} });
    expect(checkedTold("ask", able, { mass: 0.5 }).mass).toBe(0.5);
  });

  it("refuses what a decoder cannot be told, with the reason, and takes what says nothing", () => {
    expect(checkedTold("ask", deaf, { positions: "compact", mass: false })).toEqual({
      positions: "compact",
      mass: 0,
      untold: {},
    });
    expect(checkedTold("ask", deaf, { mass: 0 }).mass).toBe(0);
    const refused: [ToldOptions, RegExp][] = [
      [
        { positions: "original" },
        /positions compact, got original, and the decoder of deaf cannot be told: no rotation/,
      ],
      [{ mass: true }, /mass false, got true, and the decoder of deaf cannot be told: no softmax/],
      [{ mass: 0.5 }, /mass false, got 0.5, /],
    ];
    for (const [given, message] of refused) {
      expect(() => checkedTold("ask", deaf, given)).toThrow(InvalidInputError);
      expect(() => checkedTold("ask", deaf, given)).toThrow(message);
    }
    const half = { name: "half", untold: { positions: "no rotation" } };
    expect(checkedTold("ask", half, { mass: true }).mass).toBe(1);
  });

  it("says what a decoder cannot be told to who says nothing, whatever the defaults are", () => {
    expect(checkedTold("ask", deaf, {})).toEqual({ positions: "compact", mass: 0, untold: deaf.untold });
    expect(checkedTold("ask", deaf, { mass: false }).untold).toEqual({ positions: "no rotation" });
    expect(checkedTold("ask", deaf, { positions: "compact" }).untold).toEqual({ mass: "no softmax" });
    const half = { name: "half", untold: { mass: "no softmax" } };
    expect(checkedTold("ask", half, { positions: "original" })).toEqual({
      positions: "original",
      mass: 0,
      untold: half.untold,
    });
  });

  it.each(["sparse", null, 1])("refuses positions %s", (positions) => {
    expect(() => checkedTold("ask", able, { positions: positions as never })).toThrow(
      /positions compact or original, got/,
    );
  });
});
