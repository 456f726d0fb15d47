/** Tapped models in ONNX Runtime for the web (WebAssembly). */
import * as ort from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { modelBytes, tap } from "../../src/onnx/index.js";
import { difference, FIXTURES, openFixture, truth, wanted } from "./fixtures.js";

describe("onnxruntime-web", () => {
  it.each(FIXTURES.filter(({ variant }) => variant === "raw").map((fixture) => [fixture.export, fixture] as const))(
    "runs %s, tapped",
    async (_, fixture) => {
      const values = truth(fixture);
      const { data, dims } = values.get("pixel_values") ?? { data: new Float32Array(), dims: [] };
      const tapped = tap(await openFixture(fixture), { signals: ["states"] });
      ort.env.wasm.numThreads = 1;
      const session = await ort.InferenceSession.create(await modelBytes(tapped.model), {
        executionProviders: ["wasm"],
      });
      const result = await session.run({ pixel_values: new ort.Tensor("float32", data, dims) });
      const states = result[tapped.outputs.states ?? ""].data as Float32Array;
      expect(difference(states, wanted("states", values))).toBeLessThan(1e-5);
      await session.release();
    },
  );
});
