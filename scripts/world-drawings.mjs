#!/usr/bin/env node
/** Writes the draw lists whose pixels tests/golden/world/hashes.txt identifies: node scripts/world-drawings.mjs > FILE.jsonl */
import { drawScene, sampleScene } from "../dist/world/index.js";

for (let i = 0; i < 1000; i++) {
  const level = 1 + (i % 3);
  const size = i % 4 === 3 ? 168 : i % 8 === 6 ? 112 : 336;
  const heldOut = i % 2 === 0;
  const scene = sampleScene({ split: heldOut ? "test" : "train", seed: 1, index: i, size, level, heldOut });
  process.stdout.write(`${JSON.stringify(drawScene(scene, { level }))}\n`);
}
