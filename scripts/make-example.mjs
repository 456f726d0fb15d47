#!/usr/bin/env node
/**
 * Makes examples/garden.png and examples/garden.safetensors: a drawn picture and a table of 576 tokens whose signals are
 * computed from the drawing by the rules below, not by a model. Run after a build: `node scripts/make-example.mjs`.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { encodeSafetensors, writeFilesAtomic } from "../dist/files/index.js";
import { randomSource } from "../dist/math/index.js";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "examples");
const SIDE = 24;
const PATCH = 14;
const COUNT = SIDE * SIDE;
/** Narrow, so that the file stays small; CLIP-L's is 1024. */
const WIDTH = 64;
/** The object that the question asks about: left, top, right, bottom in pixels. */
const BIRD = [52, 72, 92, 104];

const scene = `<svg xmlns="http://www.w3.org/2000/svg" width="336" height="336" viewBox="0 0 336 336">
  <defs>
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#9fcdf0"/><stop offset="1" stop-color="#e8f3fb"/></linearGradient>
    <linearGradient id="grass" x2="0" y2="1"><stop stop-color="#8cbf6a"/><stop offset="1" stop-color="#5f9b4c"/></linearGradient>
  </defs>
  <rect width="336" height="336" fill="url(#sky)"/>
  <circle cx="282" cy="52" r="26" fill="#ffd45e"/>
  <path d="M118 62c4-16 30-16 34-2 14-6 26 4 22 16h-70c-6-10 4-18 14-14z" fill="#fff"/>
  <path d="M0 196 C60 150 110 190 170 170 S290 150 336 186 V336 H0z" fill="#a9cf8a"/>
  <path d="M0 232 C90 206 190 238 336 214 V336 H0z" fill="url(#grass)"/>
  <path d="M196 150 L250 108 L304 150z" fill="#a0452e"/>
  <rect x="206" y="150" width="88" height="78" fill="#f3e3c3"/>
  <rect x="238" y="182" width="24" height="46" fill="#7a4a2b"/>
  <rect x="214" y="162" width="18" height="18" fill="#6fa8c9" stroke="#fff" stroke-width="2"/>
  <rect x="268" y="162" width="18" height="18" fill="#6fa8c9" stroke="#fff" stroke-width="2"/>
  <path d="M262 228 C258 270 300 290 312 336 H236 C240 300 238 262 240 228z" fill="#d9c7a0"/>
  <rect x="62" y="168" width="16" height="92" fill="#6b4a33"/>
  <circle cx="70" cy="142" r="44" fill="#4f8a4b"/><circle cx="42" cy="160" r="24" fill="#47803f"/>
  <circle cx="100" cy="158" r="26" fill="#589655"/>
  <g transform="translate(54 74)"><ellipse cx="20" cy="18" rx="14" ry="10" fill="#d8413a"/>
    <circle cx="32" cy="10" r="7" fill="#d8413a"/><path d="M38 9l7 3-7 2z" fill="#f0a02c"/>
    <circle cx="34" cy="9" r="1.5" fill="#222"/><path d="M8 16 L-2 8 L2 22z" fill="#a92f2a"/></g>
  <g fill="#e9e4f5"><circle cx="130" cy="268" r="7"/><circle cx="150" cy="282" r="7"/><circle cx="172" cy="266" r="7"/></g>
  <g fill="#f2b632"><circle cx="130" cy="268" r="3"/><circle cx="150" cy="282" r="3"/><circle cx="172" cy="266" r="3"/></g>
</svg>`;

const random = randomSource(2409);
const noise = () => random.unit() + random.unit() + random.unit() + random.unit() - 2;
const { png, pixels } = await render();
const patches = Array.from({ length: COUNT }, (_, id) => describePatch(id));
const saliency = patches.map((patch) => distance(patch, meanOf(patches)));

const projection = Array.from({ length: WIDTH }, () => patches[0].map(noise));
const project = (patch) => projection.map((row) => row.reduce((sum, w, i) => sum + w * patch[i], 0) + 0.3 * noise());
const query = Float32Array.from({ length: WIDTH }, noise);
await writeFilesAtomic([
  { path: join(folder, "garden.png"), data: png },
  { path: join(folder, "garden.safetensors"), data: encodeSafetensors(tensors()) },
]);

function tensors() {
  const features = patches.flatMap(project);
  const keys = [Array.from(query, () => 0), ...patches.map((patch, id) => keyOf(project(patch), logitOf(id)))].flat();
  const f32 = (shape, values) => ({ dtype: "F32", shape, data: Float32Array.from(values) });
  return new Map([
    ["in.features", f32([COUNT, WIDTH], features)],
    ["in.keys", f32([COUNT + 1, WIDTH], keys)],
    ["in.q_cls", f32([WIDTH], query)],
    // A cosine of about 0.18, and up to 0.32 on the bird; times 768^-0.5 as the released code scales it.
    [
      "in.similarity",
      f32(
        [COUNT],
        patches.map((_, id) => (0.18 + 0.14 * shareOfBird(id) + 0.003 * noise()) / Math.sqrt(768)),
      ),
    ],
  ]);
}

/** The class token looks at what differs from the picture's mean, and at a few empty patches (registers). */
function logitOf(id) {
  const register = [29, 190, 430, 562].includes(id) ? 2.5 : 0;
  return (
    4.6 * (saliency[id] / Math.max(...saliency)) ** 1.5 * (shareOfBird(id) > 0 ? 0.3 : 1) + register + 0.4 * noise()
  );
}

/** The key moved along the query so that query · key · C^-0.5 is the wanted logit. */
function keyOf(key, logit) {
  const dot = key.reduce((sum, value, i) => sum + value * query[i], 0);
  const norm = query.reduce((sum, value) => sum + value * value, 0);
  const step = (logit * Math.sqrt(WIDTH) - dot) / norm;
  return key.map((value, i) => value + step * query[i]);
}

/** How much of the patch the bird covers: pixels redder than anything else in the sky and the tree around it. */
function shareOfBird(id) {
  const [left, top] = [(id % SIDE) * PATCH, Math.floor(id / SIDE) * PATCH];
  let red = 0;
  for (let y = Math.max(top, BIRD[1]); y < Math.min(top + PATCH, BIRD[3]); y++) {
    for (let x = Math.max(left, BIRD[0]); x < Math.min(left + PATCH, BIRD[2]); x++) {
      const at = (y * SIDE * PATCH + x) * 4;
      if (pixels[at] > 150 && pixels[at + 1] < 100) red++;
    }
  }
  return red / PATCH ** 2;
}

/** Mean and spread of the three channels, from 0 to 1. */
function describePatch(id) {
  const [left, top] = [(id % SIDE) * PATCH, Math.floor(id / SIDE) * PATCH];
  return [0, 1, 2].flatMap((channel) => {
    const values = Array.from({ length: PATCH ** 2 }, (_, i) => {
      const x = left + (i % PATCH);
      const y = top + Math.floor(i / PATCH);
      return pixels[(y * SIDE * PATCH + x) * 4 + channel] / 255;
    });
    const mean = values.reduce((a, b) => a + b) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
  });
}

function meanOf(vectors) {
  return vectors[0].map((_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0) / vectors.length);
}

function distance(a, b) {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}

async function render() {
  await initWasm(await readFile(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")));
  const rendered = new Resvg(scene).render();
  return { png: rendered.asPng(), pixels: rendered.pixels };
}
