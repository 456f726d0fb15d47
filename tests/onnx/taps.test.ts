/** Every fixture in every variant: found by structure, tapped, and the tapped tensors are PyTorch's. */
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { viewGraph } from "../../src/onnx/graph/graph-view.js";
import { locate, modelBytes, type TapSignal, tap } from "../../src/onnx/index.js";
import { lastLayer } from "../../src/onnx/vision/locate.js";
import {
  difference,
  exampleOf,
  FIXTURES,
  type Fixture,
  modelFile,
  openFixture,
  run,
  truth,
  wanted,
} from "./fixtures.js";
import { type SupportedRow, supportedTable } from "./supported-table.js";

/** The measured rows; `RECOUP_WRITE_DOCS=1` makes docs/onnx-supported.md of it. */
const rows: SupportedRow[] = [];
afterAll(() => {
  if (process.env.RECOUP_WRITE_DOCS) writeFileSync("docs/onnx-supported.md", supportedTable(rows));
});

/** Largest relative error against PyTorch, by variant; quantised graphs are compared with their own tensors. */
const TOLERANCE: Readonly<Record<string, number>> = { fp16: 1e-2 };

function signalsOf({ kind }: Fixture): TapSignal[] {
  const attention = kind === "clip" ? "clsAttention" : "receivedAttention";
  const projections: TapSignal[] = kind === "packed" ? [] : ["query", "key"];
  return ["states", "statesAfter", ...projections, attention];
}

describe.each(FIXTURES.map((fixture) => [`${fixture.export} ${fixture.variant}`, fixture] as const))(
  "%s",
  (_, fixture) => {
    it("gives PyTorch's tensors when tapped, and its stock outputs as before", async () => {
      const values = truth(fixture);
      const example = exampleOf(values);
      const model = await openFixture(fixture);
      const signals = signalsOf(fixture);
      const tapped = tap(model, { signals });
      // onnx.checker wants the type and the number of axes of every output.
      for (const { dataType, shape } of tapped.model.graph.outputs) {
        expect(dataType).toBeGreaterThan(0);
        expect(shape?.length).toBeGreaterThan(1);
      }
      // And each node after the makers of its inputs.
      expect(viewGraph(tapped.model.graph).nodes).toBe(tapped.model.graph.nodes);
      const before = await run(modelFile(fixture), example);
      const after = await run(await modelBytes(tapped.model), example);
      const errors: Record<string, number> = {};
      for (const signal of signals) {
        const found = after.get(tapped.outputs[signal] ?? "");
        errors[signal] = difference(found?.data ?? new Float32Array(), wanted(signal, values));
      }
      for (const name of fixture.outputs) {
        const [a, b] = [after.get(name)?.data, before.get(name)?.data].map((data) => data ?? new Float32Array());
        errors[`stock ${name}`] = difference(a, b);
      }
      rows.push({ fixture, form: lastLayer(locate(model)).attention.form, errors });
      const tolerance = TOLERANCE[fixture.variant] ?? 1e-5;
      // An extra output keeps the runtime from fusing around it; in half precision that moves where it rounds.
      const stock = fixture.variant === "fp16" ? 1e-3 : 1e-6;
      for (const [name, error] of Object.entries(errors)) {
        expect(error, name).toBeLessThanOrEqual(name.startsWith("stock") ? stock : tolerance);
      }
    });
  },
);
