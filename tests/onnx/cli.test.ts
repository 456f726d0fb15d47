/** `recoup onnx` as a user runs it. */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesSource, modelPieces, openOnnx, type Span } from "../../src/onnx/index.js";
import { rawTensor } from "../../src/onnx/proto/make.js";
import { loadPieces } from "../../src/onnx/proto/source.js";
import { difference, FIXTURES, modelFile, run, truth } from "./fixtures.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fixture = FIXTURES.find((row) => row.export === "clip-sdpa-llava-ts17" && row.variant === "raw") ?? FIXTURES[0];
let folder: string;
let model: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-onnx-cli-"));
  model = join(folder, "vision_encoder.onnx");
  writeFileSync(model, modelFile(fixture));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ vision_config: { num_hidden_layers: 3 } }));
});
afterAll(() => rmSync(folder, { recursive: true }));

function recoup(...args: string[]) {
  const { stdout, stderr, status } = spawnSync("node", [join(root, "dist/bin/recoup.js"), "onnx", ...args], {
    encoding: "utf8",
  });
  return { stdout, stderr, status };
}

/** The fixture with a weight of so many zeros, which take no place on the disk. */
async function writeSparse(path: string, length: number): Promise<void> {
  const read = await openOnnx(bytesSource(modelFile(fixture)));
  const zeros: Span = { source: { ...bytesSource(new Uint8Array(0), "zeros"), size: length }, offset: 0, length };
  const long = rawTensor({ ...read.graph.initializers[0], name: "long", dims: [length / 4], dataType: 1 }, zeros);
  const { graph } = read;
  const pieces = modelPieces({ ...read, graph: { ...graph, initializers: [...graph.initializers, long] } });
  const file = openSync(path, "w");
  let at = 0;
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) writeSync(file, piece, 0, piece.length, at);
    else if (piece.source !== zeros.source) writeSync(file, await loadPieces([piece]), 0, piece.length, at);
    at += piece.length;
  }
  ftruncateSync(file, at);
  closeSync(file);
}

describe("recoup onnx", () => {
  it("inspect says what there is, and that the last layer is missing", () => {
    const { stdout, status } = recoup("inspect", model);
    expect(status).toBe(0);
    expect(stdout).toMatch(/2 layers, attention as products and softmax, width 32/);
    expect(stdout).toMatch(/3 layers: the last layer was pruned/);
    for (const line of stdout.trimEnd().split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    const report = JSON.parse(recoup("inspect", model, "--json").stdout);
    expect(report.tower).toMatchObject({ layers: 2, configured: 3, width: 32, form: "softmax" });
  });

  it("tap writes a model with more outputs, whole or as a skeleton", async () => {
    const values = truth(fixture);
    const pixels = values.get("pixel_values") ?? { dims: [], data: new Float32Array() };
    for (const extra of [[], ["--skeleton"]]) {
      const out = join(folder, `tapped${extra.length}.onnx`);
      const { status, stdout } = recoup("tap", model, "--out", out, "--signals", "states,key", "--json", ...extra);
      expect(status).toBe(0);
      const { outputs } = JSON.parse(stdout);
      const found = await run(out, pixels);
      expect(
        difference(found.get(outputs.key)?.data ?? new Float32Array(), values.get("k")?.data ?? new Float32Array()),
      ).toBeLessThan(1e-5);
    }
    expect(statSync(join(folder, "tapped1.onnx")).size).toBeLessThan(statSync(model).size / 2);
  });

  it("extract cuts a part out", async () => {
    const out = join(folder, "part.onnx");
    const { status } = recoup(
      "extract",
      model,
      "--inputs",
      "pixel_values",
      "--outputs",
      "image_features",
      "--out",
      out,
    );
    expect(status).toBe(0);
    const pixels = truth(fixture).get("pixel_values") ?? { dims: [], data: new Float32Array() };
    expect((await run(out, pixels)).get("image_features")?.data).toEqual(
      (await run(model, pixels)).get("image_features")?.data,
    );
  });

  it("bake joins two files and the compression, by what config.json and manifest.json say or by flags", async () => {
    const clip = join(folder, "clip.onnx");
    writeFileSync(clip, modelFile({ export: "clip-sdpa-ts17", variant: "raw" }));
    const out = join(folder, "baked.onnx");
    const flags = ["--clip", clip, "--out", out, "--budget", "4", "--static", "--weights", "--json"];
    expect(recoup("bake", model, ...flags).stderr).toMatch(/expected --tokens N, as no config.json/);
    const vision = { num_hidden_layers: 3, image_size: 42, patch_size: 14 };
    writeFileSync(join(folder, "config.json"), JSON.stringify({ vision_config: vision }));
    expect(recoup("bake", model, ...flags).stderr).toMatch(/expected --polarity 1 or -1/);
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ textPolarity: -1 }));
    const { status, stdout, stderr } = recoup("bake", model, ...flags);
    expect(stderr).not.toMatch(/warning/);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      inputs: ["pixel_values", "text_embeds"],
      outputs: ["compressed_features", "count", "anchors", "roles", "weights"],
      tokens: 9,
      textPolarity: -1,
      tower: "same",
    });
    const session = await InferenceSession.create(out, { logSeverityLevel: 3 });
    const noise = (...dims: number[]) =>
      new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)).map(Math.sin), dims);
    const { count, weights } = await session.run({ pixel_values: noise(1, 3, 42, 42), text_embeds: noise(1, 16) });
    expect([Array.from(count.data as Int32Array), weights.dims]).toEqual([[4], [4, 9]]);
    expect(recoup("bake", model, "--clip", clip, "--out", out, "--budget", "4", "--polarity", "-1").status).toBe(0);
    const paper = ["--method", "recoverable", "--merge", "mean", "--json"];
    expect(JSON.parse(recoup("bake", model, "--clip", clip, "--out", out, ...paper).stdout).outputs).toHaveLength(2);
    const grid = recoup("bake", model, "--clip", clip, "--out", out, "--grid", "3x3", "--mass", "--json");
    expect(JSON.parse(grid.stdout).outputs).toEqual(["compressed_features", "count", "anchors", "roles", "mass"]);
    expect(recoup("tap", model, "--layer", "-2", "--out", join(folder, "layer.onnx")).status).toBe(0);
    expect(recoup("bake", model, "--clip", clip, "--out", clip).stderr).toMatch(/an output other than the input/);
    expect(recoup("bake", model, "--out", out).stderr).toMatch(/expected --clip FILE/);
    const refused = (...flags: string[]) => recoup("bake", model, "--clip", clip, "--out", out, ...flags).stderr;
    expect(refused("--budget", "dynamic")).toMatch(/a fixed budget for recoup/);
    expect(refused("--merge", "sum")).toMatch(/--merge with --method recoverable, got recoup/);
    expect(refused("--method", "recoverable", "--mass")).toMatch(/--grid and --mass with recoup, got recoverable/);
    expect(refused("--method", "divprune")).toMatch(/recoup.*recoverable/);
    expect(refused("--grid", "3")).toMatch(/--grid as rows and columns, such as 24x24, got 3/);
    expect(refused("--grid", "2x3")).toMatch(/grids that cover 9 source tokens, got 6 cells/);
  });

  it("tells a decoder, and says what it can be told", () => {
    const decoder = join(root, "models/tiny/onnx/decoder_model_merged.onnx");
    const out = join(folder, "told.onnx");
    const { status, stdout } = recoup("tell", decoder, "--out", out, "--json");
    expect([status, JSON.parse(stdout)]).toEqual([0, { out, outputs: { places: "places", mass: "key_bias" } }]);
    const inputs = JSON.parse(recoup("inspect", out, "--json").stdout).inputs.map(({ name }: { name: string }) => name);
    expect(inputs.slice(-2)).toEqual(["places", "key_bias"]);
    expect(recoup("inspect", decoder).stdout).toMatch(/can be told +places \(by position_ids\), mass$/m);
    expect(recoup("tell", out, "--out", join(folder, "again.onnx")).stderr).toMatch(
      /a decoder that has not been told yet/,
    );
  });

  it("says which caches of a hybrid decoder it passes by", () => {
    const hybrid = join(root, "tests/golden/decoders/gqa-hybrid.raw.onnx");
    expect(recoup("inspect", hybrid).stdout).toMatch(/^without keys +past_conv\.0$/m);
    const { status, stderr } = recoup("tell", hybrid, "--out", join(folder, "hybrid.onnx"));
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^passed by, since they hold no keys: past_conv\.0$/m)]);
  });

  it("stops at Ctrl-C and leaves nothing behind", { timeout: 30_000 }, async () => {
    const place = mkdtempSync(join(folder, "stopped-"));
    await writeSparse(join(place, "long.onnx"), 2 ** 30);
    const child = spawn(
      "node",
      [join(root, "dist/bin/recoup.js"), "onnx", "tap", "long.onnx", "--out", "tapped.onnx"],
      {
        cwd: place,
      },
    );
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const ended = new Promise<number | null>((done) => child.on("close", done));
    while (!readdirSync(place).some((name) => name.endsWith(".tmp"))) await new Promise((done) => setTimeout(done, 5));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(said).toBe("stopped: nothing was written\n");
    expect(readdirSync(place)).toEqual(["long.onnx"]);
  });

  it.each([
    [[], /inspect, tap, tell, extract or bake, got nothing/],
    [["inspect"], /expected FILE, got nothing/],
    [["inspect", "MISSING"], /a readable file at MISSING, got ENOENT/],
    [["inspect", "README.md"], /openOnnx: expected/],
    [["tell", "MODEL", "--out", "OUT"], /a decoder with inputs past_key_values.N.key, got none/],
    [["tell", "MODEL", "--out", "OUT", "--what", "placs"], /--what of places, mass, got placs; did you mean places/],
    [["tap", "MODEL"], /expected --out FILE/],
    [["tap", "MODEL", "--out", "MODEL"], /an output other than the input/],
    [["tap", "MODEL", "--out", "OUT", "--signals", "nose"], /expected --signals of states.*got nose/],
    [["tap", "MODEL", "--out", "OUT", "--layer", "9"], /a layer from -2 to 1, got 9/],
    [["tap", "MODEL", "--out", "OUT", "--layer", "-3"], /a layer from -2 to 1, got -3/],
    [["tap", "MODEL", "--out", "OUT", "--layer", ""], /--layer as a number, got ""/],
    [["inspect", "MODEL", "--out", "OUT"], /Unknown option '--out'; recoup onnx inspect --help/],
    [["tap", "MODEL", "--out", "OUT", "--retain", "4"], /onnx tap: Unknown option '--retain'/],
    [["bake", "MODEL", "--out", "OUT", "--clip", "MODEL", "--retain", "4"], /'--retain'; use --budget B: 58/],
    [
      ["bake", "MISSING", "--out", "OUT", "--clip", "MODEL", "--budget", "x"],
      /onnx bake: expected a budget as 58.*got x/,
    ],
    [
      ["extract", "MODEL", "--out", "OUT", "--inputs", "ghost", "--outputs", "image_features"],
      /"ghost", which it lacks/,
    ],
    [["tap", "MODEL", "--out", "/tmp/elsewhere.onnx", "--skeleton"], /--out in the folder of/],
  ])("%j is refused with status 2, and nothing is written", (args, message) => {
    const before = readFileSync(model);
    const out = join(folder, "never.onnx");
    const { status, stderr, stdout } = recoup(
      ...args.map((word) => (word === "MODEL" ? model : word === "OUT" ? out : word)),
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(readFileSync(model).equals(before)).toBe(true);
    expect(() => statSync(out)).toThrow();
  });
});
