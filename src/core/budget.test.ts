import { describe, expect, it } from "vitest";
import { type Budget, budgetRows, budgetText, checkedBudget, parseBudget } from "./budget.js";
import { BudgetError } from "./errors.js";

const refusal = (call: () => unknown): BudgetError => {
  try {
    call();
  } catch (error) {
    if (error instanceof BudgetError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("budgetRows", () => {
  it.each<[Budget, number, ReturnType<typeof budgetRows>]>([
    [58, 576, { retain: 58 }],
    [1, 576, { retain: 1 }],
    [0.1, 576, { retain: 57 }],
    [0.0001, 576, { retain: 1 }],
    [64 / 576, 576, { retain: 64 }],
    ["dynamic", 576, {}],
    [{ retain: 576 }, 576, { retain: 576 }],
    [{ ratio: 0.5 }, 9, { retain: 4 }],
    [{ ratio: 1 }, 9, { retain: 9 }],
    [{ min: 32, max: 128 }, 576, { min: 32, max: 128 }],
    [{ min: 32 }, 576, { min: 32, max: undefined }],
    [{ max: 0.5 }, 576, { min: undefined, max: 288 }],
    [{ min: 0.1, max: 0.2 }, 100, { min: 10, max: 20 }],
    [{ min: 700, max: 900 }, 576, { retain: 576 }],
    [{ min: 576 }, 576, { retain: 576 }],
    [{ min: 7, max: 7 }, 576, { retain: 7 }],
    [{ min: 300, max: 0.5 }, 600, { retain: 300 }],
  ])("gives %j of %d tokens as rows", (budget, count, rows) => {
    expect(budgetRows("test", budget, count)).toEqual(rows);
  });

  it("gives back k for the share k / N, at every k and N", () => {
    for (let count = 1; count <= 200; count++) {
      for (let k = 1; k < count; k++) expect(budgetRows("test", k / count, count)).toEqual({ retain: k });
    }
  });

  it("refuses more rows than tokens, and bounds that cross in this table", () => {
    expect(refusal(() => budgetRows("ask", 577, 576)).message).toBe(
      "ask: expected a budget of rows from 1 to 576, got 577",
    );
    expect(refusal(() => budgetRows("ask", { min: 0.5, max: 9 }, 576)).message).toBe(
      "ask: expected min of at most max: 9 of 576 tokens, got 288",
    );
    expect(budgetRows("ask", { min: 0.5, max: 9 }, 10)).toEqual({ min: 5, max: 9 });
  });
});

describe("checkedBudget", () => {
  const inherited = Object.assign(Object.create({ retain: 5 }), {});
  const orphan = Object.create(Object.assign(Object.create(null), { retain: 5 }));
  const throwing = Object.defineProperty({}, "retain", {
    enumerable: true,
    get() {
      throw new Error("no");
    },
  });
  const trap = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error("no");
      },
    },
  );
  it.each<[string, unknown]>([
    ["0", 0],
    ["a negative number", -1],
    ["a number of rows that is not whole", 1.5],
    ["NaN", Number.NaN],
    ["Infinity", Infinity],
    ["null", null],
    ["nothing", undefined],
    ["no field", {}],
    ["a field of nothing", { retain: undefined }],
    ["all", "all"],
    ["a number as text", "58"],
    ["a list", [58]],
    ["a bigint", 58n],
    ["a boxed number", new Number(58)],
    ["a symbol", Symbol("58")],
    ["two budgets", { retain: 5, ratio: 0.1 }],
    ["a budget and a bound", { retain: 5, max: 9 }],
    ["the old name", { retentionRatio: 0.1 }],
    ["a typo", { retentoin: 3 }],
    ["a field too many", { retain: 3, share: 0.1 }],
    ["retain as a share", { retain: 0.5 }],
    ["a ratio above 1", { ratio: 1.01 }],
    ["a ratio of 0", { ratio: 0 }],
    ["a ratio as text", { ratio: "0.1" }],
    ["a bound of 0", { min: 0 }],
    ["a bound of 1.5", { max: 1.5 }],
    ["a bound as text", { min: "3", max: 9 }],
    ["a bound of null", { min: 3, max: null }],
    ["an inherited field", inherited],
    ["an inherited field of an orphan", orphan],
    ["a getter that throws", throwing],
    ["a proxy that throws", trap],
    ["a Map", new Map([["retain", 5]])],
  ])("refuses %s and names the forms", (_, wrong) => {
    expect(refusal(() => checkedBudget("test", wrong)).message).toMatch(
      /^test: expected a budget as rows \(58\), a share .*"dynamic".* retain.* ratio.* min.* max/,
    );
  });

  it("refuses bounds that cross, where both are of one kind", () => {
    expect(refusal(() => checkedBudget("test", { min: 9, max: 3 })).message).toMatch(/min of at most max/);
    expect(refusal(() => checkedBudget("test", { min: 0.9, max: 0.3 })).message).toMatch(/min of at most max/);
    expect(checkedBudget("test", { min: 0.9, max: 3 })).toEqual({ min: 0.9, max: 3 });
  });

  it("reads each field once, and leaves out what is undefined", () => {
    let reads = 0;
    const budget = {
      get retain() {
        return ++reads;
      },
      ratio: undefined,
    };
    expect(checkedBudget("test", budget)).toEqual({ retain: 1 });
    expect(reads).toBe(1);
  });
});

describe("parseBudget and budgetText", () => {
  it("asks whether 1.0 is a row or all tokens", () => {
    expect(() => parseBudget("ask", "1.0")).toThrow(
      /^ask: expected a budget as 1 \(one row\) or 100% \(all tokens\), got 1\.0$/,
    );
  });

  it.each<[string, Budget, string?]>([
    ["58", 58],
    [" 58 ", 58, "58"],
    ["0.1", 0.1, "10%"],
    [".1", 0.1, "10%"],
    ["10%", 0.1],
    ["10 %", 0.1, "10%"],
    ["7%", 0.07],
    ["0.5%", 0.005],
    ["100%", { ratio: 1 }],
    ["100 %", { ratio: 1 }, "100%"],
    ["100.0%", { ratio: 1 }, "100%"],
    ["dynamic", "dynamic"],
    ["32..128", { min: 32, max: 128 }],
    ["32..", { min: 32 }],
    ["..128", { max: 128 }],
    ["5%..50%", { min: 0.05, max: 0.5 }],
    ["16..0.5", { min: 16, max: 0.5 }, "16..50%"],
    [".5..300", { min: 0.5, max: 300 }, "50%..300"],
    ["7..7", { min: 7, max: 7 }],
  ])("reads %j", (text, budget, plain = text) => {
    expect(parseBudget("test", text)).toEqual(budget);
    expect(budgetText(budget)).toBe(plain);
  });

  it("writes the objects as the numbers that they name", () => {
    expect(budgetText({ retain: 58 })).toBe("58");
    expect(budgetText({ ratio: 0.25 })).toBe("25%");
    expect(budgetText(64 / 576)).toBe("0.1111111111111111");
  });

  it("reads what it has written", () => {
    const shares = [64 / 576, 1 / 3, 1e-7, 5e-324, 0.999999, 1 - 2 ** -53, 0.123456789, 0.0001, 0.29];
    for (let k = 1; k < 1000; k++) shares.push(k / 1000, k / 1777);
    for (const share of shares) {
      expect(parseBudget("test", budgetText(share))).toBe(share);
      expect(parseBudget("test", budgetText({ min: share }))).toEqual({ min: share });
    }
  });

  it.each([
    "",
    " ",
    "0",
    "-1",
    "+5",
    "1.0",
    "1.5",
    "58.0",
    "0.0",
    "0%",
    "101%",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "all",
    "Dynamic",
    "..",
    "...",
    "1...5",
    "16...5",
    "...5",
    "5...",
    "3..x",
    "x..3",
    "9..3",
    "0..3",
    "3..0",
    "..100%",
    "1..2..3",
    "32-128",
    "58,64",
    "99999999999999999999",
  ])("refuses %j", (text) => {
    expect(() => parseBudget("eval", text)).toThrow(BudgetError);
    expect(() => parseBudget("eval", text)).toThrow(/^eval: expected /);
  });

  it("refuses what is no text", () => {
    for (const wrong of [undefined, null, 58, ["58"], {}]) {
      expect(() => parseBudget("eval", wrong as never)).toThrow(/58, 0\.1, 10%, dynamic, 32\.\.128, 32\.\. or \.\.128/);
    }
  });
});
