import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { bytesSource, extract, inspectModel, locate, modelPieces, openOnnx, tap } from "../../src/onnx/index.js";
import { damageBytes } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

const GOLDEN = new URL("../../tests/golden/", import.meta.url);
const bytesAt = (path: string) => new Uint8Array(readFileSync(new URL(path, GOLDEN)));

/** Layouts and kinds of files that the towers of PyTorch lack. */
const LAYOUTS = ["keras", "tokens-first", "fused-gather", "detr-apart", "written-out", "windows"];
const KINDS = ["constants", "function", "subgraph", "ir-version-3", "int4", "text-and-vision"];

/** Arrays that a case may take at most, as a multiple of its bytes: nothing is allocated by what a file claims. */
const MOST_ARRAYS = 4;

/** Damaged ONNX files: read, inspected, tapped, cut and written. */
export const onnx: Harness = {
  about: "ONNX models, inspected, tapped, cut and written",
  async open() {
    const { fixtures } = JSON.parse(readFileSync(new URL("onnx/index.json", GOLDEN), "utf8"));
    const towers = (fixtures as { export: string; variant: string }[]).filter((_, i) => i % 6 === 0);
    const files = [
      ...towers.map(
        ({ export: name, variant }) => new Uint8Array(gunzipSync(bytesAt(`onnx/${name}/${variant}.onnx.gz`))),
      ),
      ...LAYOUTS.map((name) => bytesAt(`layouts/${name}.onnx`)),
      ...KINDS.map((name) => bytesAt(`kinds/${name}.onnx`)),
    ];
    return {
      async run(random) {
        const bytes = damageBytes(files[random.below(files.length)], random);
        const before = process.memoryUsage().arrayBuffers;
        const model = await openOnnx(bytesSource(bytes));
        inspectModel(model);
        const located = locate(model);
        modelPieces(tap(model).model);
        const inputs = model.graph.inputs.map(({ name }) => name);
        modelPieces(extract(model, { inputs, outputs: [located.layers[0].normed] }));
        // Below 0 where older arrays were collected meanwhile.
        const arrays = process.memoryUsage().arrayBuffers - before;
        if (arrays > MOST_ARRAYS * Math.max(bytes.length, 2 ** 16))
          throw new Error(`${arrays} bytes in arrays for ${bytes.length}`);
      },
    };
  },
};
