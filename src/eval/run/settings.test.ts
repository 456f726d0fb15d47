import { describe, expect, it } from "vitest";
import { type CompressionMethod, InvalidInputError, type Signal } from "../../core/index.js";
import { METHODS } from "../../methods/index.js";
import { settingGroups } from "../report/numbers/setting-groups.js";
import { compressionOf } from "./answer-samples.js";
import { isPlainId, settingFolder } from "./setting-folder.js";
import { comparisonSettings, settingShape } from "./settings.js";

const signals: readonly Signal[] = ["features", "keys", "clsAttention", "textSimilarity", "grid"];
const asked = (budgets: string[], more: object = {}) =>
  comparisonSettings({ methods: ["recoverable"], budgets, controls: false, signals, ...more });

describe("comparisonSettings", () => {
  it("names each budget as it was typed, in its plainest form", () => {
    const { settings } = asked(["58", "dynamic", "32..128", "..64", "10 %", "0.25"]);
    expect(settings.slice(1).map(({ id, budget }) => [id, budget])).toEqual([
      ["recoverable@58", 58],
      ["recoverable@dynamic", "dynamic"],
      ["recoverable@32..128", "dynamic"],
      ["recoverable@..64", "dynamic"],
      ["recoverable@10%", "dynamic"],
      ["recoverable@25%", "dynamic"],
    ]);
    for (const setting of settings) expect(settingShape.mismatch(JSON.parse(JSON.stringify(setting)))).toBeUndefined();
  });

  it("asks the method for it", () => {
    const { settings } = asked(["58", "dynamic", "32..128", "10%"]);
    expect(settings.slice(1).map((setting) => compressionOf(setting).budget)).toEqual([
      58,
      "dynamic",
      { min: 32, max: 128 },
      0.1,
    ]);
    expect(compressionOf(settings[0]).budget).toBeUndefined();
  });

  it("turns a share into rows where the number of tokens is known, and compares controls there", () => {
    const { settings } = asked(["10%", "57", "16..32"], { grid: [24, 24], controls: true });
    expect(settings.filter(({ role }) => role === "method").map(({ id, budget }) => [id, budget])).toEqual([
      ["recoverable@57", 57],
      ["recoverable@16..32", "dynamic"],
    ]);
    expect(settings.map(({ id }) => id)).toContain("random:seed=2@57");
  });

  it("refuses more rows than the model has tokens, where that is known", () => {
    const grid = [24, 24] as const;
    expect(asked(["576"], { grid }).settings.at(-1)?.budget).toBe(576);
    expect(() => asked(["577"], { grid })).toThrow(/a budget of rows from 1 to 576, got 577/);
    expect(asked(["577"]).settings.at(-1)?.budget).toBe(577);
  });

  it("leaves out what a method of fixed budgets cannot meet, but gives it its share", () => {
    const { settings, leftOut } = asked(["dynamic", "32..128", "10%", "100%"], { methods: ["cls-topk"] });
    expect(settings.map(({ id }) => id)).toEqual(["none", "cls-topk@10%", "cls-topk@100%"]);
    expect(leftOut).toHaveLength(2);
  });

  it("has a folder of its own for each", () => {
    const { settings } = asked(["10", "10%", "10..", "..10", "10..20", "dynamic"]);
    expect(new Set(settings.map(({ id }) => settingFolder(id).toLowerCase())).size).toBe(settings.length);
  });

  it("has a folder of its own for each, whatever its options are", () => {
    const ids = [
      ...[
        "a+b",
        "a/b",
        "a-b",
        "a:b",
        "a..b",
        "a-to-b",
        "A-B",
        "a",
        "A",
        "\u00e9",
        "x".repeat(250),
        `${"x".repeat(250)}y`,
      ].map((mode) => `own:mode=${mode}@4`),
      ...[
        "own:mode=a:x=b@4",
        "own:mode=a-x=b@4",
        "own-mode=a@4",
        "own:mode=a@4",
        "own:mode=a@4%",
        "own:mode=a@4..",
        "none",
      ],
    ];
    const names = ids.map(settingFolder);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(new Set(ids).size);
    for (const name of names) expect(name).toMatch(/^[\w.@=-]{1,100}$/);
    // As ever, where nothing else can have that name.
    expect(["random:seed=0@58", "recoverable@32..128"].map(settingFolder)).toEqual([
      "random-seed=0@58",
      "recoverable@32-to-128",
    ]);
  });

  it("asks each method and control with each of the positions and each mass, and names them", () => {
    const more = { methods: ["cdpruner", "cls-topk"], positions: ["compact", "original"], mass: [false, 0.5] };
    const { settings, leftOut } = asked(["4"], { ...more, controls: true, grid: [24, 24] });
    const told = [":positions=compact:mass=0", ":positions=compact:mass=0.5", ":positions=original:mass=0"];
    const last = ":positions=original:mass=0.5";
    const ids = (method: string) => settings.filter((setting) => setting.method === method).map(({ id }) => id);
    expect(ids("cdpruner")).toEqual([...told, last].map((words) => `cdpruner${words}@4`));
    expect(ids("cls-topk")).toEqual([told[0], told[2]].map((words) => `cls-topk${words}@4`));
    expect(leftOut).toEqual(["cls-topk with mass 0.5: it gives its rows none"]);
    expect(ids("random")).toHaveLength(12);
    expect(ids("pool")).toEqual([...told, last].map((words) => `pool${words}@4`));
    // With all of their tokens, or none, they are what they are.
    for (const method of ["none", "zero", "downsample"]) expect(ids(method)).toHaveLength(1);
    expect(settings.find(({ id }) => id === `cdpruner${last}@4`)).toMatchObject({
      positions: "original",
      mass: 0.5,
    });
    expect(new Set(settings.map(({ id }) => settingFolder(id))).size).toBe(settings.length);
    expect(settings.every(({ id }) => isPlainId(id))).toBe(true);
    for (const setting of settings) expect(settingShape.mismatch(JSON.parse(JSON.stringify(setting)))).toBeUndefined();
    const groups = settingGroups(settings).filter(({ method }) => method === "random");
    expect(groups.map(({ id, members }) => [id, members.length])).toEqual(
      [...told, last].map((words) => [`random${words}@4`, 3]),
    );
    expect(groups[0].name).toBe("random:positions=compact:mass=0");
  });

  it("says nothing of positions and mass where it is not asked to", () => {
    const { settings } = asked(["4"], { controls: true, positions: undefined, mass: [] });
    for (const setting of settings) expect(Object.keys(setting)).not.toEqual(expect.arrayContaining(["mass"]));
    const alone = asked(["4"], { methods: ["cdpruner"], mass: [true] }).settings[1];
    expect(alone).toMatchObject({ id: "cdpruner:mass=1@4", mass: 1 });
    expect("positions" in alone).toBe(false);
  });

  it("gives a method of one's own any mass: its plans may have one", () => {
    const method = { ...METHODS[0], id: "mine", mass: undefined, options: [] } as CompressionMethod;
    const own = [{ method, path: "./mine.mjs", sha256: "" }];
    const { settings, leftOut } = asked(["4"], { methods: ["mine"], own, mass: [true] });
    expect([settings.at(-1)?.id, leftOut]).toEqual(["mine:mass=1@4", []]);
  });

  it.each([
    [{ mass: [7] }, /eval: expected mass true, false or a number from 0 to 5, got 7/],
    [{ mass: ["on"] }, /mass true, false or a number/],
    [{ positions: ["sparse"] }, /positions compact or original, got sparse/],
    [{ positions: "original" }, /positions as a list/],
    [
      { positions: ["compact", "original"], untold: { positions: "no rotation" } },
      /positions compact, got original, and the decoder of this model cannot be told: no rotation/,
    ],
    [{ mass: [true], untold: { mass: "no softmax" } }, /mass false, got true, and .* cannot be told: no softmax/],
  ])("refuses %j", (more, message) => {
    expect(() => asked(["4"], more)).toThrow(InvalidInputError);
    expect(() => asked(["4"], more)).toThrow(message);
  });

  it("asks a decoder that cannot be told for what needs no telling", () => {
    const untold = { positions: "no rotation", mass: "no softmax" };
    const { settings } = asked(["4"], { positions: ["compact"], mass: [false], untold });
    expect(settings[1].id).toBe("recoverable:positions=compact:mass=0@4");
  });

  it("takes JSON as the value of an option", () => {
    const [setting] = comparisonSettings({
      methods: ['recoverable:outlierNeighbors={"visual":3,"text":4}'],
      budgets: ["4"],
      controls: false,
      signals,
    }).settings.filter(({ method }) => method === "recoverable");
    expect(setting.options).toEqual({ outlierNeighbors: { visual: 3, text: 4 } });
  });

  it("says what is wrong with a budget that is nearly one", () => {
    expect(() => asked(["dynamc"])).toThrow(/got dynamc; did you mean dynamic\?$/);
    expect(() => asked(["5..3"])).toThrow("a budget whose first bound is at most its second, got 5..3");
  });

  it.each(["0", "1.5", "9..3", "many", ""])("refuses the budget %j", (budget) => {
    expect(() => asked([budget])).toThrow(/^eval: expected/);
  });
});
