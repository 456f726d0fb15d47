/** Every exported function with odd values in each place of its arguments: a refusal of recoup's own or a result, never anything else. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import * as math from "../../src/core/checked-math.js";
import * as runs from "../../src/eval/node/public.js";
import * as evaluation from "../../src/eval/public.js";
import * as main from "../../src/index.js";
import * as methods from "../../src/methods/public.js";
import * as node from "../../src/node.js";
import * as onnx from "../../src/onnx/public.js";
import * as testing from "../../src/testing/public.js";
import * as viz from "../../src/viz/public.js";
import * as transformers from "../../src/vlm/transformers/node/public.js";
import * as world from "../../src/world/public.js";
import { largeRun } from "../eval/report/make-run.js";
import { modelFile } from "../onnx/fixtures.js";
import { faultsOf } from "./odd-values.js";

const folder = mkdtempSync(join(tmpdir(), "recoup-odd-"));
afterAll(() => rmSync(folder, { recursive: true }));

const table = testing.syntheticTable({ rows: 4, columns: 4, dim: 4 });
const { features } = table;
const { plan } = main.compress(table, { method: "recoverable" });
const [float32, text] = [new Float32Array([1, 2, 3, 4]), new Float32Array(4).fill(0.5)];
const scene = world.sampleScene({ split: "val", seed: 1, index: 0 });
const drawn = world.drawScene(scene);
const [candidate] = world.candidates(scene);
const bytes = modelFile({ export: "clip-sdpa-ts17", variant: "raw" });
const model = await onnx.openOnnx(onnx.bytesSource(bytes, "a model"));
const tensors = new Map([["a", { dtype: "F32", shape: [4], data: float32 } as const]]);
const safetensors = node.encodeSafetensors(tensors);
const run = largeRun({ samples: 4 });
const { settings, tasks } = run.state;
const records = new Map(
  [...run.settings.values()].flatMap(({ rows }) =>
    Object.values(rows)
      .flat()
      .map(({ record }) => [`${record.task} ${record.doc} ${record.setting}`, record] as const),
  ),
);
const samples = run.settings.get("none")?.rows[tasks[0].id].map(({ sample }) => sample) ?? [];
const agreed = evaluation.agreement(records, { task: tasks[0].id, samples, settings });
const image = { width: 2, height: 2, data: new Uint8Array(12) };
const own = { id: "own", summary: "s", reference: "r", needs: [], options: {}, decide: () => ({ rows: [] }) };
const stopped = { signal: AbortSignal.abort() };

/** A text for a folder is meant from the test's own. */
const inFolder = (request: never): never => {
  const out = Object.getOwnPropertyDescriptor(Object(request), "out")?.value;
  return (
    typeof out === "string" && out !== "" ? { ...(request as object), out: `${folder}/${out}` } : request
  ) as never;
};

/** Likewise for a path. */
const writeInFolder = (path: never, data: never, options: never) => {
  const { out } = inFolder({ out: path } as never) as { out: never };
  return node.writeSafetensors(out, data, options);
};

/** Fitting arguments, and how many levels of them are exchanged: 1 for the arguments alone. */
type Case = readonly [call: (...args: never[]) => unknown, args: readonly unknown[], depth?: number];

const CASES: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  ".": {
    applyPlan: [main.applyPlan, [plan, features, {}], 3],
    clsAttention: [main.clsAttention, [float32, features], 2],
    compress: [main.compress, [table, { method: "recoverable", budget: { min: 2, max: 8 }, merge: "mean" }, {}], 3],
    createTokenTable: [main.createTokenTable, [{ ...table }], 4],
    expandRow: [main.expandRow, [plan, 0], 2],
    planFromJson: [main.planFromJson, [main.planToJson(plan)], 4],
    planToJson: [main.planToJson, [plan], 3],
    projectRows: [main.projectRows, [features, { ...features, bias: text }], 2],
    recover: [main.recover, [plan, [0, 1], { role: "visual" }], 2],
    representedMass: [main.representedMass, [plan, features, { measure: "cosine", kernels: undefined }], 2],
    splicePlaceholders: [
      main.splicePlaceholders,
      [new Array(17).fill(9, 1).fill(7, 0, 1), 9, [plan], { attentionMask: new Array(17).fill(1), positions: "gap" }],
      2,
    ],
    squareGrid: [main.squareGrid, [16, { patchSize: 14, offset: 0 }], 2],
    textSimilarity: [main.textSimilarity, [features, text, { scale: 1 }], 2],
    withoutClsRow: [main.withoutClsRow, [features], 2],
    wordSimilarity: [main.wordSimilarity, [features, features], 2],
  },
  "./methods": {
    defineDynamicMethod: [methods.defineDynamicMethod, [own], 3],
    defineMethod: [methods.defineMethod, [own], 3],
    findMethod: [methods.findMethod, ["none"]],
    orderRows: [methods.orderRows, [[methods.ownRow("visual", 0)], 16, "spatial"], 3],
    ownRow: [methods.ownRow, ["visual", 0]],
    recoverableSteps: [methods.recoverableSteps, [table, { merge: "mean", budget: 8 }, {}], 3],
    textEvidence: [methods.textEvidence, [table], 3],
    textSignal: [methods.textSignal, [[{ peak: 2, confidence: 0 }]], 3],
    ...Object.fromEntries(
      methods.METHODS.map(({ id, plan, checkOptions, options }): [string, Case] => {
        const all = Object.fromEntries(options.map((name) => [name, undefined]));
        const call = (table: never, options: never, context: never) => {
          checkOptions?.(options);
          return plan(table, options, context);
        };
        return [`${id}.plan`, [call, [table, { budget: 4, ...all }, {}], 2]];
      }),
    ),
  },
  "./math": {
    argMax: [math.argMax, [float32]],
    dot: [math.dot, [float32, 0, text, 0, 4]],
    fromFloat16Array: [math.fromFloat16Array, [new Uint16Array(4)]],
    matrixTimesVector: [math.matrixTimesVector, [features, text], 2],
    mean: [math.mean, [[1, 2]], 2],
    median: [math.median, [[1, 2]], 2],
    outlierFactors: [math.outlierFactors, [float32, 2]],
    quantile: [math.quantile, [[1, 2], 0.5], 2],
    randomSource: [math.randomSource, [1]],
    softmax: [math.softmax, [[1, 2]], 2],
    toFloat16Array: [math.toFloat16Array, [float32]],
    topK: [math.topK, [float32, 2]],
  },
  "./viz": {
    cellCounts: [viz.cellCounts, [viz.planCells(plan)], 3],
    mergeLinks: [viz.mergeLinks, [plan], 3],
    mergeShares: [viz.mergeShares, [plan], 3],
    planCells: [viz.planCells, [plan], 3],
    planToSvg: [viz.planToSvg, [plan, { grid: main.squareGrid(16), image: undefined, title: "t", signals: {} }], 3],
    viridis: [viz.viridis, [0.5]],
  },
  "./node": {
    encodeSafetensors: [node.encodeSafetensors, [tensors, { metadata: new Map() }], 2],
    fileSource: [node.fileSource, [join(folder, "none")]],
    imageToPng: [node.imageToPng, [image, {}], 2],
    openOnnxFile: [node.openOnnxFile, [join(folder, "none")]],
    parseSafetensors: [node.parseSafetensors, [safetensors, {}], 2],
    readImage: [node.readImage, [join(folder, "none"), {}], 2],
    readSafetensors: [node.readSafetensors, [join(folder, "none"), {}], 2],
    readTokenTable: [node.readTokenTable, [join(folder, "none"), {}], 2],
    svgToPng: [node.svgToPng, ["<svg/>", { width: 4, fonts: [] }], 3],
    writeOnnx: [node.writeOnnx, [join(folder, "a.onnx"), model, stopped]],
    writeSafetensors: [writeInFolder, [join(folder, "none", "a"), tensors, {}], 2],
  },
  "./world": {
    ask: [world.ask, [candidate, 0], 3],
    candidates: [world.candidates, [scene], 4],
    caption: [world.caption, [scene, math.randomSource(1)]],
    drawScene: [world.drawScene, [scene, { level: 1 }], 4],
    questionPatches: [world.questionPatches, [scene, candidate.about], 4],
    rasterize: [world.rasterize, [drawn], 4],
    saliency: [world.saliency, [world.rasterize(drawn), scene.size]],
    sampleScene: [world.sampleScene, [{ split: "val", seed: 1, index: 0, purpose: "p", size: 336, level: 1 }], 2],
    trainingQuestions: [world.trainingQuestions, [scene, math.randomSource(1)]],
    ...Object.fromEntries(
      world.SYNTH_TASKS.map(({ id, build }): [string, Case] => [
        `${id}.build`,
        [build, [{ split: "val", seed: 1, count: 1, level: 1 }], 2],
      ]),
    ),
  },
  "./eval": {
    agreement: [evaluation.agreement, [records, { task: tasks[0].id, samples, settings }], 4],
    answerSamples: [
      evaluation.answerSamples,
      [{ vlm: {}, tasks: [], settings, picture: () => {}, shrink: () => {} }],
      3,
    ],
    breakEven: [evaluation.breakEven, [[...records.values()], settings], 3],
    comparisonSettings: [
      evaluation.comparisonSettings,
      [{ methods: ["recoverable"], budgets: ["58"], controls: true, signals: ["grid", "keys"], grid: [24, 24] }],
      3,
    ],
    findTask: [evaluation.findTask, ["pope"]],
    "findTask().read": [
      evaluation.findTask("vqav2_test").read,
      [
        {
          rule: "llava",
          strict: false,
          subset: { limit: 1, seed: 1 },
          folder: "",
          texts: new Map([
            ["llava_vqav2_mscoco_test2015.jsonl", '{"question_id":1,"image":"a","text":"t"}'],
            ["llava_vqav2_mscoco_test-dev2015.jsonl", '{"question_id":1,"image":"a","text":"t"}'],
          ]),
        },
      ],
      3,
    ],
    reportNumbers: [evaluation.reportNumbers, [run], 2],
    runState: [evaluation.runState, [{ ...run.state, tasks: [{ ...tasks[0], samples }] }], 4],
    worstExamples: [evaluation.worstExamples, [agreed.changed, 2], 3],
  },
  "./node/eval": {
    answerRun: [
      (request: never) => runs.answerRun(inFolder(request)),
      [{ vlm: {}, prepare: async () => ({ tasks: [], state: run.state }), out: join(folder, "none/none") }],
      2,
    ],
    readRun: [runs.readRun, [join(folder, "none")]],
    readTask: [runs.readTask, ["pope", { dataRoot: folder, rule: "llava", limit: 1, seed: 1, strict: false }], 2],
    runEvaluation: [
      (request: never) => runs.runEvaluation(inFolder(request)),
      [
        {
          tasks: ["pope"],
          read: {},
          dataRoot: folder,
          loadVlm: async () => ({ dispose() {} }),
          facts: () => ({}),
          out: join(folder, "none"),
        },
      ],
      3,
    ],
  },
  "./onnx": {
    bake: [onnx.bake, [model, { tokens: 16, clip: model, weights: true }], 2],
    bytesSource: [onnx.bytesSource, [bytes, "name"]],
    compressionModel: [
      onnx.compressionModel,
      [{ tokens: 16, width: 8, textPolarity: 1, budget: 4, weights: true }, { opset: 17 }],
      2,
    ],
    embedExternal: [onnx.embedExternal, [model, new Map()]],
    httpSource: [onnx.httpSource, ["http://127.0.0.1:9/a", stopped], 2],
    inspectModel: [onnx.inspectModel, [model, 2]],
    modelBytes: [onnx.modelBytes, [model]],
    openOnnx: [onnx.openOnnx, [onnx.bytesSource(bytes, "a")], 2],
    sameTower: [onnx.sameTower, [model, model]],
    split: [onnx.split, [model, {}], 2],
    tap: [onnx.tap, [model, { signals: ["keys"] }], 3],
  },
  "./transformers": {
    loadVlm: [transformers.loadVlm, [join(folder, "none"), { ...stopped }], 2],
    modelFolder: [transformers.modelFolder, ["tiny"]],
  },
  "./testing": {
    assertMethod: [testing.assertMethod, [methods.none, {}], 2],
    syntheticTable: [testing.syntheticTable, [{ rows: 2, columns: 2, dim: 4, seed: 1, pictures: 1, words: 1 }], 2],
  },
};

const FACES = {
  ".": main,
  "./methods": methods,
  "./math": math,
  "./viz": viz,
  "./node": node,
  "./world": world,
  "./eval": evaluation,
  "./node/eval": runs,
  "./onnx": onnx,
  "./transformers": transformers,
  "./testing": testing,
};

describe.each(Object.entries(FACES))("%s", (subpath, names) => {
  const cases = CASES[subpath as keyof typeof FACES];

  it("has a line here for each function", () => {
    const functions = Object.entries(names).filter(
      ([name, value]) => typeof value === "function" && !/Error$/.test(name),
    );
    expect(Object.keys(cases)).toEqual(expect.arrayContaining(functions.map(([name]) => name)));
  });

  it.each(Object.entries(cases))("%s", async (_, [call, args, depth = 1]) => {
    expect(await faultsOf(call, args, depth)).toEqual([]);
  });
});

it("has all subpaths of the package", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(Object.keys(FACES).sort()).toEqual(
    Object.keys(exports)
      .filter((name) => name !== "./package.json")
      .sort(),
  );
});
