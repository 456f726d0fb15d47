import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { type EncodedImage, ImageEncoder, type VisionTower } from "./encoded-image.js";
import { StageClock } from "./stages.js";

const features = { data: Float32Array.of(1, 2, 3, 4), count: 2, dim: 2 };
const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
/** Its signals depend on the text only. */
const tower: VisionTower = {
  encode: async () => ({
    features,
    columns: async (text) => ({ textSimilarity: Float32Array.of(text.length, 0) }),
    project: async (rows) => rows,
  }),
  release: async () => {},
};

describe("ImageEncoder", () => {
  it("makes images that give their signals for any text, with the model's sign", async () => {
    const image = await new ImageEncoder("one", tower, -1).encode(pixels, true, new StageClock());
    expect(image.model).toBe("one");
    expect((await image.table("four")).textSimilarity?.[0]).toBe(4);
    expect(await image.table("a")).toMatchObject({ features, textPolarity: -1 });
    const plain = await image.table(undefined);
    expect(plain.textSimilarity).toBeUndefined();
    expect(plain.count).toBe(2);
  });

  it("knows its own, and refuses those of others and copies by name", async () => {
    const [one, two] = ["one", "two"].map((name) => new ImageEncoder(name, tower));
    const image = await one.encode(pixels, true, new StageClock());
    expect(() => one.assertOwn(image)).not.toThrow();
    const others: EncodedImage[] = [await two.encode(pixels, true, new StageClock()), { ...image }];
    for (const other of others) expect(() => one.assertOwn(other)).toThrow(InvalidInputError);
    expect(() => two.assertOwn(image)).toThrow(/an image encoded by two, got one encoded by one/);
  });
});
