/**
 * Graphs that are read well and make no sense: nodes wired at random, other operators, other lengths. Everything refuses them with a
 * typed error or takes them, in bounded time. `RECOUP_FUZZ=20000` for the long form.
 */
import { describe, expect, it } from "vitest";
import { rewire } from "../../bench/fuzz/rewire.js";
import { randomSource } from "../../src/math/index.js";
import {
  applySplit,
  bake,
  extract,
  graft,
  inspectModel,
  locate,
  modelPieces,
  OnnxError,
  type OnnxModel,
  planSplit,
  sameTower,
  tap,
} from "../../src/onnx/index.js";
import { lastLayer } from "../../src/onnx/vision/locate.js";
import { FIXTURES, openFixture } from "./fixtures.js";

const COUNT = Number(process.env.RECOUP_FUZZ ?? 200);

/** All that can be asked of a model; each may refuse. */
function questions(model: OnnxModel, clip: OnnxModel): (() => unknown)[] {
  return [
    () => inspectModel(model, 3),
    () => tap(model),
    ...[-2, 0, 1].map((layer) => () => tap(model, { layer })),
    () => extract(model, { inputs: [], outputs: model.graph.outputs.map(({ name }) => name) }),
    () => extract(model, { inputs: [lastLayer(locate(model)).normed], outputs: [model.graph.outputs[0]?.name ?? "x"] }),
    () => applySplit(planSplit(model), model),
    () => applySplit(planSplit(model, { clip, configuredLayers: 3 }), model, clip),
    () => applySplit(planSplit(clip, { clip: model }), clip, model),
    () =>
      graft(clip, model, { connect: Object.fromEntries(model.graph.inputs.map(({ name }) => [name, "pixel_values"])) }),
    () => bake(model, { clip, tokens: 9, textPolarity: 1 }),
    () =>
      bake(clip, {
        clip: model,
        method: "recoverable",
        tokens: 9,
        textPolarity: 1,
        form: "static",
        budget: { max: 4 },
      }),
    () => sameTower(model, clip),
    () => modelPieces(model),
  ];
}

describe("graphs that make no sense", () => {
  it(`are taken or refused with a typed error, ${COUNT} of them`, { timeout: 3_600_000 }, async () => {
    const models = await Promise.all(FIXTURES.filter((_, i) => i % 3 === 0).map(openFixture));
    const clip = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    const random = randomSource(11);
    const outcomes = { taken: 0, refused: 0 };
    let longest = 0;
    for (let i = 0; i < COUNT; i++) {
      const model = rewire(models[random.below(models.length)], random);
      for (const [j, ask] of questions(model, clip).entries()) {
        const start = performance.now();
        try {
          await ask();
          outcomes.taken++;
        } catch (error) {
          if (!(error instanceof OnnxError)) throw new Error(`case ${i}, question ${j}: ${error}`, { cause: error });
          outcomes.refused++;
        }
        longest = Math.max(longest, performance.now() - start);
      }
    }
    expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(COUNT);
    // Far from a hang: the slowest takes some milliseconds.
    expect(longest).toBeLessThan(5000);
    if (process.env.RECOUP_FUZZ) console.log(outcomes, `slowest ${longest.toFixed(1)} ms`);
  });
});
