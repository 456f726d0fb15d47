/** Tapped models in ONNX Runtime for the web (WebAssembly). */
import * as ort from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { modelBytes, type TapSignal, tap } from "../../src/onnx/index.js";
import { asInput, difference, exampleOf, FIXTURES, openFixture, truth, wanted } from "./fixtures.js";

/** As exported, and with attention inside a node. */
const TRIED = FIXTURES.filter(({ variant }) => ["raw", "fused", "mha"].includes(variant));

describe("onnxruntime-web", () => {
  it.each(TRIED.map((fixture) => [`${fixture.export} ${fixture.variant}`, fixture] as const))(
    "runs %s, tapped",
    async (_, fixture) => {
      const values = truth(fixture);
      const { data, dims } = exampleOf(values);
      const tapped = tap(await openFixture(fixture));
      ort.env.wasm.numThreads = 1;
      const session = await ort.InferenceSession.create(await modelBytes(tapped.model), {
        executionProviders: ["wasm"],
      });
      const [input] = session.inputNames;
      const type = input === "input_ids" ? "int64" : "float32";
      const result = await session.run({ [input]: asInput(ort.Tensor, type, data, dims) });
      for (const [signal, name] of Object.entries(tapped.outputs)) {
        const found = result[name].data as Float32Array;
        expect(difference(found, wanted(signal as TapSignal, values)), signal).toBeLessThan(1e-5);
      }
      await session.release();
    },
  );
});
