#!/usr/bin/env node
/** Draws docs/images/world.png: twelve pictures of the synthetic world, training's and held-out ones, levels 1 to 3. */
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { drawScene, MaskCache, rasterize, sampleScene } from "../dist/world/index.js";

const [COLUMNS, ROWS, SIDE, GAP] = [4, 3, 336, 12];
const width = COLUMNS * SIDE + (COLUMNS - 1) * GAP;
const height = ROWS * SIDE + (ROWS - 1) * GAP;
const data = new Uint8Array(width * height * 3).fill(255);
const masks = new MaskCache();
for (let i = 0; i < COLUMNS * ROWS; i++) {
  // A row per level; the last picture of each lies on a pattern of the test's.
  const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
  const level = row + 1;
  const scene = sampleScene({ split: "test", seed: 11, index: i, level, heldOut: column === COLUMNS - 1 });
  const rgb = rasterize(drawScene(scene, { level }), masks);
  for (let y = 0; y < SIDE; y++) {
    const to = ((row * (SIDE + GAP) + y) * width + column * (SIDE + GAP)) * 3;
    data.set(rgb.subarray(y * SIDE * 3, (y + 1) * SIDE * 3), to);
  }
}
// Half the size: the mean of 2 x 2 pixels.
const half = new Uint8Array(Math.floor(width / 2) * Math.floor(height / 2) * 3);
const halfWidth = Math.floor(width / 2);
for (let y = 0; y < Math.floor(height / 2); y++) {
  for (let x = 0; x < halfWidth; x++) {
    for (let c = 0; c < 3; c++) {
      const at = (2 * y * width + 2 * x) * 3 + c;
      half[(y * halfWidth + x) * 3 + c] =
        (data[at] + data[at + 3] + data[at + 3 * width] + data[at + 3 * width + 3] + 2) >> 2;
    }
  }
}
// 256 colors: the package carries this picture, and twelve small scenes do not need more.
await sharp(half, { raw: { width: halfWidth, height: Math.floor(height / 2), channels: 3 } })
  .png({ palette: true, dither: 0, effort: 10 })
  .toFile(fileURLToPath(new URL("../docs/images/world.png", import.meta.url)));
