import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  applyPlan,
  type CompressionMethod,
  FormatError,
  groupBy,
  InvalidInputError,
  planRows,
  planToJson,
  ROLES,
  refusalFor,
  requireSignals,
  retentionRatio,
  roleCounts,
  rowCount,
  signalsOf,
} from "../../core/index.js";
import {
  assertOutputs,
  encodeSafetensors,
  type GridSize,
  type OutputFile,
  readTokenTable,
  statFile,
  svgToPng,
  type TokenTableFile,
  withFileErrors,
  writeFilesAtomic,
} from "../../files/index.js";
import { defaultMethod, findMethod, textEvidence } from "../../methods/index.js";
import { type PlanImage, planToSvg } from "../../viz/index.js";
import { defineCommand } from "../command.js";
import { evidenceLine } from "../evidence-line.js";
import { compressionOf, METHOD_FLAGS } from "../method-flags.js";
import { PNG_WIDTH } from "../overlay.js";
import { assertDrawable } from "../packages.js";
import { textTable, wrapLines } from "../text-table.js";

/** `recoup compress`: a token table from a file, compressed; plan, tokens and drawing written on request. */
export const compressCommand = defineCommand({
  name: "compress",
  summary: "compress a table of visual tokens from a safetensors file",
  about: ["The file may hold these tensors; all but the first are optional:"],
  terms: [
    ["in.features", "[N, C], the tokens"],
    ["in.keys", "[N + 1, C], the class token's first"],
    ["in.q_cls", "[C], query of the class token"],
    ["in.similarity", "[N], text similarity; or all of these three:"],
    ["in.last_hidden", "[N + 1, C]"],
    ["in.visual_projection", "[D, C]"],
    ["in.text", "[D], vector of the question"],
  ],
  flags: {
    table: { type: "text", required: true, placeholder: "FILE", help: "safetensors file of the tokens" },
    grid: {
      type: "repeated",
      placeholder: "ROWSxCOLS",
      help: "where the tokens lie; repeat for several images (default: a square, if N is one)",
    },
    ...METHOD_FLAGS,
    plan: { type: "text", placeholder: "FILE.json", help: "writes the plan" },
    features: { type: "text", placeholder: "FILE.safetensors", help: "writes the compressed tokens" },
    svg: { type: "text", placeholder: "FILE", help: "draws the plan" },
    png: { type: "text", placeholder: "FILE", help: "draws the plan as PNG" },
    image: { type: "text", placeholder: "FILE", help: "PNG or JPEG under the drawing" },
    question: { type: "text", placeholder: "TEXT", help: "written above the drawing" },
    json: { type: "flag", help: "one JSON object on stdout instead of a table" },
  },
  async run({ flags }, io) {
    const { method: id, textPolarity, ...options } = await compressionOf("compress", flags);
    const grids = flags.grid?.map(parseGrid);
    const drawn = flags.svg ?? flags.png;
    for (const name of ["image", "question"] as const) {
      if (flags[name] !== undefined && drawn === undefined)
        throw new InvalidInputError({ operation: "compress", problem: `--${name} goes with --svg or --png` });
    }
    const inputs = [flags.table, flags.image].filter((path) => path !== undefined);
    const outputs = [flags.plan, flags.features, flags.svg, flags.png].filter((path) => path !== undefined);
    if (flags.png !== undefined) assertDrawable("compress", flags.png);
    await assertOutputs(outputs, { inputs });
    const image = flags.image === undefined ? undefined : await planImage(flags.image);
    const file = await readTokenTable(flags.table, {
      grids,
      prefer: flags.variant?.startsWith("official") ? "released" : "cosine",
      textPolarity,
    });
    if (drawn !== undefined) requireSignals("compress: a drawing", file.table, ["grid"]);
    const method: CompressionMethod =
      typeof id === "object" ? id : id === undefined ? defaultMethod(signalsOf(file.table)) : findMethod(id);
    const result = compressTable(file, method, options);
    const svg =
      drawn === undefined
        ? ""
        : planToSvg(result.plan, {
            grids: file.table.grids ?? [],
            image,
            signals: file.table,
            title: result.name,
            subtitle: basename(flags.table),
            question: flags.question,
            note: evidenceLine(result.method, result.evidence),
          });
    await writeFilesAtomic(await contents(flags, result, svg), { inputs });
    io.out(flags.json ? JSON.stringify(resultJson(result)) : resultText(result, io.columns));
    for (const path of outputs) io.note(`wrote ${path}`);
  },
});

/** The released code's text weight, for similarities in its scale (cosine · D^-0.5). */
const RELEASED_WEIGHT = 50;

/** The same for plain cosines, with CLIP-L's D = 768. */
const COSINE_WEIGHT = RELEASED_WEIGHT / Math.sqrt(768);

/**
 * Plans and applies; times in milliseconds. The text weight, if none is given, fits the scale of the file's similarities.
 *
 * @returns the plan, the tokens it makes, and `name`: method and variant, for headings.
 */
function compressTable(
  { table, textScale }: TokenTableFile,
  method: CompressionMethod,
  options: Readonly<Record<string, unknown>>,
) {
  requireSignals("compress", table, ["features"]);
  const textWeight = textScale === "released" ? RELEASED_WEIGHT : COSINE_WEIGHT;
  const weighted = method.options.includes("textWeight") ? { textWeight, ...options } : options;
  const start = performance.now();
  const plan = method.plan(table, weighted);
  const planned = performance.now();
  const tokens = applyPlan(plan, table.features);
  const timings = { plan: planned - start, apply: performance.now() - planned };
  const name = method.options.includes("variant") ? `${method.id} (${options.variant ?? "paper"})` : method.id;
  const evidence = table.textSimilarity === undefined ? undefined : textEvidence(table);
  return { name, method: method.id, options, plan, tokens, timings, evidence };
}

type CompressResult = ReturnType<typeof compressTable>;

/** The result as one JSON value. */
function resultJson({ method, options, plan, timings, evidence }: CompressResult) {
  return {
    method,
    options,
    tokens: { source: plan.sourceCount, kept: rowCount(plan) },
    retentionRatio: retentionRatio(plan),
    roles: roleCounts(plan),
    evidence: evidence === undefined ? null : { peak: evidence.peak, confidence: evidence.confidence },
    timings,
  };
}

/** The short table: rows and different source tokens by role, retention, milliseconds. */
function resultText({ name, method, plan, timings, evidence }: CompressResult, width: number): string {
  const byRole = groupBy(planRows(plan), ({ role }) => role);
  const shown = ROLES.flatMap((role) => {
    const rows = byRole.get(role);
    if (rows === undefined) return [];
    const sources = new Set(rows.flatMap((row) => Array.from(row.sources)));
    return [[role, String(rows.length), String(sources.size)]];
  });
  const texts = [
    `${name}: ${rowCount(plan)} of ${plan.sourceCount} tokens (${(100 * retentionRatio(plan)).toFixed(1)} %)`,
    textTable(["role", "rows", "source tokens"], shown, { width }),
    `plan ${timings.plan.toFixed(1)} ms, apply ${timings.apply.toFixed(1)} ms (first call, code not yet compiled)`,
    evidenceLine(method, evidence) ?? "",
  ].filter((text) => text !== "");
  return texts.map((text) => wrapLines(text, width)).join("\n\n");
}

/** Everything that was asked for, ready to be written at once. */
async function contents(
  paths: { plan?: string; features?: string; svg?: string; png?: string },
  { plan, tokens: { data, count, dim } }: CompressResult,
  svg: string,
): Promise<OutputFile[]> {
  const features = () => encodeSafetensors(new Map([["out.features", { dtype: "F32", shape: [count, dim], data }]]));
  const files: OutputFile[] = [];
  if (paths.plan) files.push({ path: paths.plan, data: `${JSON.stringify(planToJson(plan))}\n` });
  if (paths.features) files.push({ path: paths.features, data: features() });
  if (paths.svg) files.push({ path: paths.svg, data: svg });
  if (paths.png) files.push({ path: paths.png, data: await svgToPng(svg, { width: PNG_WIDTH }) });
  return files;
}

function parseGrid(text: string): GridSize {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (match === null) throw refusalFor("compress")("--grid ROWSxCOLUMNS, as in 24x24", text);
  return { rows: Number(match[1]), columns: Number(match[2]) };
}

/** Images beyond this are refused: as a data URI they would make an SVG that nobody can open. */
const MAX_EMBEDDED_BYTES = 32 * 2 ** 20;

/** First bytes of the formats that SVG viewers show. */
const SIGNATURES = { "image/png": [0x89, 0x50, 0x4e, 0x47], "image/jpeg": [0xff, 0xd8, 0xff] };

/** A PNG or JPEG file as the image under a plan. */
async function planImage(path: string): Promise<PlanImage> {
  const refuse = refusalFor("compress", FormatError);
  const bytes = await withFileErrors("compress", `an image at ${path}`, async () => {
    const { size } = await statFile("compress", path);
    if (size > MAX_EMBEDDED_BYTES)
      throw refuse(`an image of at most ${MAX_EMBEDDED_BYTES} bytes`, `${size} in ${path}`);
    return readFile(path);
  });
  const [type] = Object.entries(SIGNATURES).find(([, start]) => start.every((byte, i) => bytes[i] === byte)) ?? [];
  if (type === undefined) throw refuse("a PNG or JPEG file", path);
  return { dataUri: `data:${type};base64,${bytes.toString("base64")}` };
}
