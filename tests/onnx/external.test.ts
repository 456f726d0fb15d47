/** Models whose weights lie beside them: found, refused, kept from being overwritten, or put into the model. */
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSource, openOnnxFile, writeOnnx } from "../../src/node.js";
import {
  bytesSource,
  embedExternal,
  modelBytes,
  modelPieces,
  type OnnxModel,
  openOnnx,
  type Span,
  skeleton,
} from "../../src/onnx/index.js";
import { FieldReader } from "../../src/onnx/proto/fields.js";
import { GRAPH, MODEL } from "../../src/onnx/proto/schema.js";
import { concat, field, numberField } from "../../src/onnx/proto/wire.js";
import { externalTensor } from "../../src/onnx/proto/write-model.js";
import { FIXTURES, modelFile, openFixture, run, truth } from "./fixtures.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fixture = FIXTURES.find((row) => row.export === "clip-sdpa-llava-ts17" && row.variant === "raw") ?? FIXTURES[0];
const pixels = truth(fixture).get("pixel_values") ?? { dims: [], data: new Float32Array() };

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** The fixture as `NAME.onnx` with all its weights in `NAME.onnx_data` and `NAME.onnx_data_1`, as exporters of large models write it. */
async function writeExternal(name: string, like: Pick<typeof fixture, "export" | "variant"> = fixture): Promise<void> {
  const model = await openFixture(like);
  const files = [`${name}.onnx_data`, `${name}.onnx_data_1`].map((location) => ({
    location,
    parts: [] as Uint8Array[],
    end: 0,
  }));
  const initializers = await Promise.all(
    model.graph.initializers.map(async (tensor, i) => {
      if (tensor.data.kind !== "raw") return tensor;
      const { source, offset, length } = tensor.data.piece as Span;
      const file = files[i % 2];
      file.parts.push(await source.read(offset, length));
      file.end += length;
      return externalTensor(tensor, { location: file.location, offset: file.end - length, length });
    }),
  );
  writeFileSync(at(`${name}.onnx`), await modelBytes({ ...model, graph: { ...model.graph, initializers } }));
  for (const { location, parts } of files) writeFileSync(at(location), Buffer.concat(parts));
}

/** Length of a field's tag and length. */
function headerLength(bytes: Uint8Array): number {
  const reader = new FieldReader().open(bytes);
  reader.next();
  return reader.start;
}

function recoup(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, "dist/bin/recoup.js"), "onnx", ...args], {
    encoding: "utf8",
    cwd: folder,
  });
  return { stdout, stderr, status };
}

const features = async (path: string) => (await run(path, pixels)).get("image_features")?.data;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "recoup-external-"));
  mkdirSync(at("elsewhere"));
  await writeExternal("vision");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("external data", () => {
  it("stays beside a model that is written there, and is copied into one that is written elsewhere", async () => {
    const stock = await features(at("vision.onnx"));
    expect(recoup("tap", "vision.onnx", "--out", "tapped.onnx")).toMatchObject({ status: 0 });
    expect(await features(at("tapped.onnx"))).toEqual(stock);
    const { status, stderr } = recoup("tap", "vision.onnx", "--out", "elsewhere/tapped.onnx");
    expect([status, stderr]).toEqual([0, expect.stringMatching(/copying the external data of vision.onnx into/)]);
    expect(await features(at("elsewhere", "tapped.onnx"))).toEqual(stock);
    const size = (...names: string[]) => statSync(at(...names)).size;
    expect(size("elsewhere", "tapped.onnx")).toBeGreaterThan(size("tapped.onnx") + size("vision.onnx_data"));
  });

  it("of both files goes into a baked one", async () => {
    await writeExternal("clip", { export: "clip-sdpa-ts17", variant: "raw" });
    const flags = ["--tokens", "9", "--polarity", "1", "--budget", "4", "--json"];
    const { stdout, status } = recoup(
      "bake",
      "vision.onnx",
      "--clip",
      "clip.onnx",
      "--out",
      "elsewhere/baked.onnx",
      ...flags,
    );
    expect([status, JSON.parse(stdout).tower]).toEqual([0, "same"]);
    const { model, data, close } = await openOnnxFile(at("elsewhere", "baked.onnx"));
    expect([model.graph.initializers.length > 50, data.size]).toEqual([true, 0]);
    await close();
  });

  it("is never written over, by whatever name", () => {
    symlinkSync(at("vision.onnx_data"), at("link"));
    for (const out of [
      "vision.onnx",
      "vision.onnx_data",
      "vision.onnx_data_1",
      "link",
      "elsewhere/../vision.onnx_data",
    ]) {
      const before = readFileSync(at(out));
      const { status, stderr } = recoup("tap", "vision.onnx", "--out", out);
      expect([status, stderr]).toEqual([2, expect.stringMatching(/an output other than the input/)]);
      expect(readFileSync(at(out)).equals(before)).toBe(true);
    }
  });

  it("that is missing, too short or reached by a link out of the folder is refused; inspect says so", () => {
    const refused = (message: RegExp) => {
      const { status, stderr } = recoup("tap", "vision.onnx", "--out", "tapped.onnx");
      expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
      expect(() => statSync(at("tapped.onnx"))).toThrow();
      const { status: looked, stdout } = recoup("inspect", "vision.onnx", "--json");
      expect([looked, JSON.parse(stdout).externalDataProblem]).toEqual([0, expect.stringMatching(message)]);
    };
    truncateSync(at("vision.onnx_data_1"), 100);
    refused(/vision.onnx_data_1 of at least \d+ bytes, got 100 bytes/);
    rmSync(at("vision.onnx_data_1"));
    refused(/external data vision.onnx_data_1 beside vision.onnx, got .*ENOENT/);
    symlinkSync("/etc/hostname", at("vision.onnx_data_1"));
    refused(/within the model's folder, got a link to \/etc\/hostname/);
  });

  it("is refused whose length is not that of the tensor, or of which there is no source", async () => {
    const whole = bytesSource(modelFile(fixture), "whole");
    const small = skeleton(await openOnnx(whole), { source: whole, location: "whole.onnx", least: 1 });
    const sources = new Map([["whole.onnx", whole]]);
    const again = embedExternal(small, sources);
    expect((await run(await modelBytes(again), pixels)).get("image_features")?.data).toEqual(
      (await run(modelFile(fixture), pixels)).get("image_features")?.data,
    );
    const withTensor = (change: (model: OnnxModel["graph"]["initializers"][number]) => object): OnnxModel => {
      const [first, ...rest] = small.graph.initializers.filter(({ data }) => data.kind === "external");
      return { ...small, graph: { ...small.graph, initializers: [{ ...first, ...change(first) }, ...rest] } };
    };
    expect(() => embedExternal(small, new Map())).toThrow(/a source of "whole.onnx", which tensor .* got none/);
    expect(() =>
      embedExternal(
        withTensor(({ dims }) => ({ dims: [...dims, 2] })),
        sources,
      ),
    ).toThrow(/bytes of external data/);
    expect(() =>
      embedExternal(
        withTensor(() => ({ dataType: 8 })),
        sources,
      ),
    ).toThrow(/a known length in tensor/);
    const far = withTensor(({ data }) => ({ data: { ...data, offset: whole.size } }));
    expect(() => embedExternal(far, sources)).toThrow(/whole of at least/);
  });

  it("of constants in nodes and of subgraphs is kept from being overwritten, and not put into a model", async () => {
    const tensor = (name: string) =>
      externalTensor({ ...weight, name, dims: [16, 16], dataType: 1 }, { location: "w.bin", offset: 0, length: 1024 });
    const [weight] = (await openFixture(fixture)).graph.initializers;
    const bytesOf = (name: string) => concat(tensor(name).pieces as Uint8Array[]);
    const branch = (name: string) => field(6, [bytesOf(name), field(GRAPH.output, field(1, name)), field(2, "branch")]);
    const attribute = (name: string, content: Uint8Array, type: number) =>
      field(5, [field(1, name), content, numberField(20, type)]);
    const condition = field(GRAPH.input, [
      field(1, "c"),
      field(2, field(1, [numberField(1, 9), field(2, new Uint8Array(0))])),
    ]);
    const value = field(5, concat(tensor("v").pieces as Uint8Array[]).subarray(headerLength(bytesOf("v"))));
    const graphs = {
      "if.onnx": [
        field(GRAPH.node, [
          field(1, "c"),
          field(2, "o"),
          field(4, "If"),
          attribute("then_branch", branch("t"), 5),
          attribute("else_branch", branch("e"), 5),
        ]),
      ],
      "constant.onnx": [field(GRAPH.node, [field(2, "o"), field(4, "Constant"), attribute("value", value, 4)])],
    };
    writeFileSync(at("w.bin"), Buffer.alloc(1024, 1));
    for (const [name, nodes] of Object.entries(graphs)) {
      const output = field(GRAPH.output, [field(1, "o"), field(2, field(1, [numberField(1, 1)]))]);
      const graph = field(MODEL.graph, [...nodes, condition, output, field(2, "g")]);
      writeFileSync(at(name), concat([numberField(1, 8), graph, field(MODEL.opsetImport, numberField(2, 17))]));
      const cut = ["extract", name, "--inputs", "c", "--outputs", "o", "--out"];
      expect(recoup(...cut, "w.bin").stderr).toMatch(/an output other than the input/);
      expect(readFileSync(at("w.bin")).every((byte) => byte === 1)).toBe(true);
      expect(recoup(...cut, "elsewhere/part.onnx").stderr).toMatch(/none of constants in nodes, got (If|Constant) o/);
      expect(recoup(...cut, "beside.onnx").status).toBe(0);
      expect(JSON.parse(recoup("inspect", name, "--json").stdout).externalData).toEqual(["w.bin"]);
      rmSync(at("beside.onnx"));
    }
  });

  it("without a length is as long as its elements, and an original is not written over by what points to it", async () => {
    const source = await fileSource(at("vision.onnx"));
    const model = await openOnnx(source);
    const initializers = model.graph.initializers.map((tensor) =>
      tensor.data.kind === "external" ? externalTensor(tensor, { location: "short.bin", offset: 0 }) : tensor,
    );
    const pointing = { ...model, graph: { ...model.graph, initializers } };
    await writeOnnx(at("pointing.onnx"), pointing);
    writeFileSync(at("short.bin"), Buffer.alloc(10));
    await expect(openOnnxFile(at("pointing.onnx"))).rejects.toThrow(/short.bin of at least \d{3,} bytes, got 10 bytes/);
    await expect(writeOnnx(at("short.bin"), pointing)).rejects.toThrow(/an output other than the input/);
    await source.close();
    const [first] = initializers.filter(({ data }) => data.kind === "external");
    const absurd = { ...first, dims: [...Array(21).fill(2 ** 50), 0] };
    expect(() =>
      embedExternal(
        { ...model, graph: { ...model.graph, initializers: [absurd] } },
        new Map([["short.bin", bytesSource(new Uint8Array(9))]]),
      ),
    ).toThrow(/a length of tensor .* that can be counted/);
  });

  it("of a model that is a link lies where it points to, as in a hub's cache", async () => {
    mkdirSync(at("blobs"));
    mkdirSync(at("snapshot"));
    for (const name of ["vision.onnx", "vision.onnx_data", "vision.onnx_data_1"]) {
      renameSync(at(name), at("blobs", `${name}-hash`));
      symlinkSync(at("blobs", `${name}-hash`), at("snapshot", name));
    }
    expect(recoup("tap", "snapshot/vision.onnx", "--out", "elsewhere/tapped.onnx").status).toBe(0);
    expect(await features(at("elsewhere", "tapped.onnx"))).toBeDefined();
    const over = recoup("tap", "snapshot/vision.onnx", "--out", "blobs/vision.onnx_data-hash");
    expect([over.status, over.stderr]).toEqual([2, expect.stringMatching(/an output other than the input/)]);
  });

  it("of 2 GiB or more does not fit into one file", async () => {
    const model = await openFixture(fixture);
    const [first, ...rest] = model.graph.initializers;
    const long: Span = { source: { ...bytesSource(new Uint8Array(0)), size: 2 ** 32 }, offset: 0, length: 2 ** 31 };
    const initializers = [{ ...first, pieces: [long] }, ...rest];
    expect(() => modelPieces({ ...model, graph: { ...model.graph, initializers } })).toThrow(
      /a model below 2 GiB in one file \(protobuf's limit\), got 2.00 GiB/,
    );
  });
});
