import * as host from "@huggingface/transformers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { InvalidInputError, RecoupError, type RgbImage } from "../../core/index.js";
import { randomSource } from "../../math/index.js";
import type { ImageProcessor } from "./host.js";
import { boundedImage, MAX_RESIZED_PIXELS, preprocess } from "./preprocess.js";

const mean = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], do_normalize: true };
const PROCESSORS = {
  clip: new host.CLIPImageProcessor({
    ...mean,
    size: { shortest_edge: 336 },
    resample: 3,
    do_center_crop: true,
    crop_size: { width: 336, height: 336 },
  } as never),
  "clip of a smaller crop": new host.CLIPImageProcessor({
    ...mean,
    size: { shortest_edge: 64 },
    resample: 2,
    do_center_crop: true,
    crop_size: 48,
  } as never),
  "no crop": new host.CLIPImageProcessor({ ...mean, size: { shortest_edge: 336 }, resample: 3 } as never),
  siglip: new host.SiglipImageProcessor({ ...mean, size: { width: 384, height: 384 }, resample: 3 } as never),
  idefics3: new host.Idefics3ImageProcessor({
    ...mean,
    size: { longest_edge: 128 },
    max_image_size: { longest_edge: 64 },
    resample: 1,
  } as never),
  pixtral: new host.PixtralImageProcessor({
    ...mean,
    size: { longest_edge: 256 },
    patch_size: 14,
    spatial_merge_size: 2,
    resample: 3,
  } as never),
};
type Name = keyof typeof PROCESSORS;
const processorOf = (name: Name) => PROCESSORS[name] as unknown as ImageProcessor;

function noise(width: number, height: number): RgbImage {
  const random = randomSource(1);
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, () => random.below(256)) };
}

/** Pixels that the library makes and takes of an image, at most, and the tensor's values. */
async function passed(name: Name, image: RgbImage) {
  const made: number[] = [];
  const { resize } = host.RawImage.prototype;
  vi.spyOn(host.RawImage.prototype, "resize").mockImplementation(function (this: host.RawImage, ...args) {
    made.push(Number(args[0]) * Number(args[1]), this.width * this.height);
    return resize.apply(this, args);
  });
  const { pixel_values } = await preprocess(host, processorOf(name), image);
  return { most: Math.max(0, ...made), values: (pixel_values as host.Tensor).data as Float32Array };
}
afterEach(() => void vi.restoreAllMocks());

describe("preprocess", () => {
  it.each<[Name, number, number]>([
    ["clip", 30, 20],
    ["clip", 2, 250],
    ["clip", 250, 2],
    ["clip", 337, 999],
    ["clip of a smaller crop", 3, 2000],
    ["siglip", 1, 5000],
    ["idefics3", 90, 60],
    ["pixtral", 90, 60],
  ])("by %s leaves an image of %i x %i to the library as it is", (name, width, height) => {
    const image = noise(width, height);
    expect(boundedImage(PROCESSORS[name] as never, image)).toBe(image);
  });

  it.each<[Name, number, number]>([
    ["clip", 1, 5000],
    ["clip", 5000, 1],
    ["clip", 1, 65_000],
    ["clip", 65_000, 1],
    ["clip", 3, 65_535],
    ["clip", 400, 60_400],
    ["clip of a smaller crop", 1, 50_000],
    ["siglip", 1, 65_000],
    ["siglip", 65_000, 1],
  ])("by %s makes no more than its bound of %i x %i", async (name, width, height) => {
    const { most } = await passed(name, { width, height, data: new Uint8Array(3 * width * height) });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MAX_RESIZED_PIXELS);
  });

  it.each<[Name, number, number]>([
    ["clip", 1, 301],
    ["clip", 300, 1],
    ["clip", 6, 1002],
    ["clip of a smaller crop", 2, 16_400],
  ])("by %s makes the library's own pixels of %i x %i, where the scale is whole", async (name, width, height) => {
    const image = noise(width, height);
    const own = await (processorOf(name)(new host.RawImage(image.data, width, height, 3)) as Promise<{
      pixel_values: host.Tensor;
    }>);
    const { most, values } = await passed(name, image);
    expect(boundedImage(PROCESSORS[name] as never, image)).not.toBe(image);
    expect(most).toBeLessThan(MAX_RESIZED_PIXELS);
    expect(values).toEqual(own.pixel_values.data);
  });

  it("makes nearly the library's own pixels where the scale is rounded", async () => {
    const image = { width: 5, height: 1001, data: new Uint8Array(3 * 5 * 1001) };
    for (let i = 0; i < image.data.length; i++) image.data[i] = 128 + 100 * Math.sin(i / 30);
    const own = (await processorOf("clip")(new host.RawImage(image.data, 5, 1001, 3))) as { pixel_values: host.Tensor };
    const { values } = await passed("clip", image);
    const wanted = own.pixel_values.data as Float32Array;
    // One step of 255 is 0.016.
    expect(values.reduce((most, value, at) => Math.max(most, Math.abs(value - wanted[at])), 0)).toBeLessThan(0.05);
  });

  it.each<[Name, number, number]>([
    ["no crop", 1, 5000],
    ["idefics3", 1, 65_000],
    ["idefics3", 65_000, 1],
    ["pixtral", 1, 65_000],
  ])("by %s refuses %i x %i by its size", async (name, width, height) => {
    const image = { width, height, data: new Uint8Array(3 * width * height) };
    await expect(passed(name, image)).rejects.toThrow(InvalidInputError);
    await expect(passed(name, image)).rejects.toThrow(`less thin`);
    await expect(passed(name, image)).rejects.toThrow(`got ${width} x ${height}`);
  });

  it.each(Object.keys(PROCESSORS) as Name[])("by %s refuses sides that no decoder gives", async (name) => {
    for (const [width, height] of [
      [50_000_000, 1],
      [1, 50_000_000],
      [31, 1_600_000],
    ]) {
      const image = { width, height, data: new Uint8Array(0) };
      await expect(passed(name, image)).rejects.toThrow(
        `ask: expected at most 65535 pixels a side, got ${width} x ${height}`,
      );
    }
  });

  it("names the stage and the size where the library fails", async () => {
    for (const thrown of [new Error("boom"), null]) {
      const work = preprocess(host, () => Promise.reject(thrown), noise(2, 3));
      await expect(work).rejects.toBeInstanceOf(RecoupError);
      await expect(work).rejects.toThrow(/^ask: preprocessing an image of 2 x 3 pixels: (boom|null)$/);
    }
  });
});
