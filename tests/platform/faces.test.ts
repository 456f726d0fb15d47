/** The names that each subpath of the package exports. A change of this list is a change of the public API: it needs a line in CHANGELOG.md. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as core from "../../src/core/index.js";
import * as files from "../../src/files/index.js";
import * as onnx from "../../src/onnx/index.js";

const root = new URL("../../", import.meta.url);

/** Values by subpath; types are in tests/types. */
const FACES: Record<string, string> = {
  ".": `BudgetError FormatError InvalidInputError MissingSignalError OfficialFailureError RecoupError applyPlan clsAttention compress
    createTokenTable expandRow planFromJson planToJson projectRows recover representedMass splicePlaceholders squareGrid textSimilarity withoutClsRow
    wordSimilarity`,
  "./methods": `METHODS METHOD_IDS cdPruner cdPrunerCen clsTopK defineDynamicMethod defineMethod divPrune divPruneCen facility findMethod mmTok none orderRows
    ownRow pool pruMerge pruMergePlus random recoup recoverable recoverableSteps shape textEvidence textSignal textTopK toMeOnce uniform visionZip`,
  "./math": `argMax dot fromFloat16Array matrixTimesVector mean median outlierFactors quantile randomSource softmax toFloat16Array topK`,
  "./viz": "CELL_ROLES ROLE_COLORS cellCounts mergeLinks mergeShares planCells planToSvg viridis",
  "./node": `MissingPackageError encodeSafetensors fileSource imageToPng openOnnxFile parseSafetensors readImage readSafetensors
    readTokenTable svgToPng writeOnnx writeSafetensors`,
  "./world": `LEVELS SYNTH_TASKS WORLD_VERSION ask candidates caption drawScene questionPatches rasterize saliency sampleScene
    trainingQuestions`,
  "./eval": `REFERENCE RULES TASK_IDS agreement answerSamples breakEven comparisonSettings findTask reportNumbers runState worstExamples`,
  "./node/eval": "answerRun readRun readTask runEvaluation",
  "./onnx": `OnnxError bake bytesSource compressionModel embedExternal httpSource inspectModel modelBytes openOnnx sameTower split tap`,
  "./transformers": "EXAMPLE_IMAGE STAGES loadVlm modelFolder",
  "./testing": "assertMethod syntheticTable",
};

/** Subpaths with a dozen names at most. */
const SMALL = [
  "./math",
  "./viz",
  "./node",
  "./world",
  "./eval",
  "./node/eval",
  "./onnx",
  "./transformers",
  "./testing",
];

const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const namesOf = async (subpath: string) => {
  const target = exports[subpath];
  return Object.keys(await import(fileURLToPath(new URL((target.node ?? target).default, root)))).sort();
};

it("are those of package.json", () => {
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== "./package.json");
  expect(subpaths.sort()).toEqual(Object.keys(FACES).sort());
});

describe.each(Object.entries(FACES))("%s", (subpath, list) => {
  it("exports these values", async () => {
    expect(await namesOf(subpath)).toEqual(list.split(/\s+/).sort());
  });

  it("exports no check, helper or limit of the inside", async () => {
    const inside = /^(assert|MAX_|py[A-Z_]|nearestName|keyText|check|refusal|brief|escape)/;
    // The conformance test of a method is what its name says.
    const names = (await namesOf(subpath)).filter((name) => name !== "assertMethod");
    expect(names.filter((name) => inside.test(name))).toEqual([]);
  });

  it.runIf(SMALL.includes(subpath))("is a dozen names at most", async () => {
    expect((await namesOf(subpath)).length).toBeLessThanOrEqual(12);
  });
});

describe("error codes", () => {
  /** All classes of errors, exported or told apart by code alone. */
  const classes = Object.entries({ ...core, ...files, ...onnx }).filter(
    (entry): entry is [string, typeof core.RecoupError] =>
      typeof entry[1] === "function" &&
      (entry[1] === core.RecoupError || entry[1].prototype instanceof core.RecoupError),
  );

  /** Of an error made of whatever its class asks for. */
  const codeOf = (Type: typeof core.RecoupError) => {
    const make = Type as unknown as new (...facts: unknown[]) => core.RecoupError;
    return new make({ operation: "test", problem: "a problem", stage: "a stage" }, "a package", ["a package"]).code;
  };

  it("are one per class", () => {
    const codes = Object.fromEntries(classes.map(([name, Type]) => [name, codeOf(Type)]));
    expect(codes).toEqual({
      RecoupError: "FAILURE",
      InvalidInputError: "INVALID_INPUT",
      BudgetError: "BUDGET",
      MissingSignalError: "MISSING_SIGNAL",
      FormatError: "FORMAT",
      OfficialFailureError: "OFFICIAL_FAILURE",
      MissingPackageError: "MISSING_PACKAGE",
      OnnxError: "ONNX",
      OnnxFormatError: "ONNX_FORMAT",
      OnnxInputError: "ONNX_INPUT",
      OnnxUnsupportedError: "ONNX_UNSUPPORTED",
    });
    expect(new Set(Object.values(codes)).size).toBe(classes.length);
  });

  it("belong to every class that a subpath exports", async () => {
    for (const subpath of Object.keys(FACES)) {
      const errors = (await namesOf(subpath)).filter((name) => name.endsWith("Error"));
      expect(classes.map(([name]) => name)).toEqual(expect.arrayContaining(errors));
    }
  });

  it("stand in the table of ErrorCode", () => {
    const source = readFileSync(new URL("src/core/errors.ts", root), "utf8");
    for (const [, Type] of classes) {
      expect(source).toContain(`| \`${codeOf(Type)}\` |`);
    }
  });
});
