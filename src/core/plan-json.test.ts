import { describe, expect, it } from "vitest";
import { FormatError } from "./errors.js";
import { orderRows, ownRow } from "./plan.js";
import { planFromJson, planToJson } from "./plan-json.js";

const plan = orderRows(
  [ownRow("visual", 1), { role: "residual", anchor: 2, sources: [2, 0], weights: [1 / 3, 1e-38] }],
  3,
  "append",
);
const json = planToJson(plan);

describe("planToJson", () => {
  it("comes back the same through text", () => {
    expect(planFromJson(JSON.parse(JSON.stringify(json)))).toEqual(plan);
  });

  it("spells roles and keeps float32 weights exact in nine digits", () => {
    expect(json).toEqual({
      format: "recoup.plan",
      version: 1,
      sourceCount: 3,
      order: "append",
      roles: ["visual", "residual"],
      anchor: [1, 2],
      offsets: [0, 1, 3],
      sources: [1, 2, 0],
      weights: [1, 0.333333343, 9.99999935e-39],
    });
  });
});

describe("planFromJson", () => {
  it.each([
    ["nothing", undefined],
    ["a list", [json]],
    ["another format", { ...json, format: "plan" }],
    ["another version", { ...json, version: 2 }],
    ["an unknown order", { ...json, order: "raster" }],
    ["an unknown role", { ...json, roles: ["visual", "kept"] }],
    ["a missing field", { ...json, weights: undefined }],
    ["an id out of range", { ...json, sources: [1, 3, 0] }],
    ["an anchor out of range", { ...json, anchor: [1, 3] }],
    ["a negative id", { ...json, sources: [1, -1, 0] }],
    ["a fractional id", { ...json, sources: [1, 0.5, 0] }],
    ["an id beyond 32 bits", { ...json, sources: [1, 2 ** 32, 0] }],
    ["text for an id", { ...json, sources: [1, "2", 0] }],
    ["a weight that is no number", { ...json, weights: [1, null, 1] }],
    ["a weight beyond float32", { ...json, weights: [1, 1e39, 1] }],
    ["offsets that fall", { ...json, offsets: [0, 3, 1] }],
    ["an empty row", { ...json, offsets: [0, 0, 3] }],
    ["offsets that stop short", { ...json, offsets: [0, 1, 2] }],
    ["a row without anchor", { ...json, anchor: [1] }],
    ["a negative sourceCount", { ...json, sourceCount: -1 }],
  ])("refuses %s", (_, value) => {
    expect(() => planFromJson(value)).toThrow(FormatError);
  });

  it("names field and value", () => {
    expect(() => planFromJson({ ...json, sources: [1, 3, 0] })).toThrow(
      "planFromJson: expected source ids below 3, got 3 in entry 1",
    );
  });
});
