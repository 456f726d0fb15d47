/** @file `recoup loyalty`: the user's own pictures and questions, compressed against all tokens. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { refusalFor } from "../../core/index.js";
import {
  type BreakEven,
  breakEven,
  type Cell,
  type CellLoyalty,
  type ChangedAnswer,
  comparisonCells,
  compressionOf,
  loyalty,
  ownSamples,
  parseQuestions,
  type RunState,
  runState,
  type Sample,
  worstExamples,
} from "../../eval/index.js";
import { type AnswerRunEvent, answerRun, writeMachine } from "../../eval/node/index.js";
import { readImage, type Vlm, withFileErrors, writeFilesAtomic } from "../../node.js";
import type { RgbImage } from "../../vlm/index.js";
import { adviceText } from "../advice.js";
import { type CommandIo, defineCommand } from "../command.js";
import type { Flags, Values } from "../flags.js";
import { type LoyaltyExample, loyaltyPage } from "../loyalty-page.js";
import { overlaySvg } from "../overlay.js";
import { interruption, ratedProgressLine } from "../progress.js";
import { textTable, wrapWords } from "../text-table.js";
import { loadModel, MODEL_FLAGS } from "../vlm-command.js";

const FLAGS = {
  images: { type: "text", required: true, placeholder: "DIR", help: "your images; subfolders too" },
  questions: {
    type: "text",
    required: true,
    placeholder: "FILE",
    help: 'a question per line, asked about each image; or JSON lines with "image" and "question"',
  },
  out: {
    type: "text",
    required: true,
    placeholder: "DIR",
    help: "answers, loyalty.json, and loyalty.html with the worst examples drawn; a stopped run resumes",
  },
  methods: {
    type: "list",
    placeholder: "IDS",
    help: "options after colons: recoverable:merge=mean (default: the model's own method)",
  },
  budgets: { type: "list", default: ["dynamic", "58", "32"], help: "dynamic, and numbers of tokens" },
  controls: { type: "flag", help: "random tokens, even spacing, pooling and smaller images, too" },
  examples: { type: "integer", min: 0, default: 6, help: "worst examples on the page" },
  maxNewTokens: { type: "integer", min: 1, default: 64, help: "longest answer, in tokens" },
  force: { type: "flag", help: "removes an earlier run in DIR" },
  strict: { type: "flag", help: "stops at the first sample that fails" },
  json: { type: "flag", help: "one JSON object on stdout instead of the tables" },
  ...MODEL_FLAGS,
} as const satisfies Flags;

/** `recoup loyalty`: the user's own images and questions, compressed against all tokens. */
export const loyaltyCommand = defineCommand({
  name: "loyalty",
  summary: "how often your own questions get the same answer from few tokens, and whether it pays",
  about: [
    "Asks your questions about your images with all visual tokens and with a few, and says how often the answers stay the same, and whether compression pays on this machine. No right answers are needed.",
  ],
  flags: FLAGS,
  async run({ flags, args }, io) {
    const { images, questions, maxNewTokens } = flags;
    const text = await withFileErrors("loyalty", `questions in ${questions}`, () => readFile(questions, "utf8"));
    const samples = ownSamples(await pictureNames(images), parseQuestions(text, questions));
    const { signal, dispose } = interruption();
    try {
      const vlm = await loadModel(flags, io, signal);
      try {
        await runAndShow({ vlm, samples, flags, images, out: flags.out, args, maxNewTokens }, io, signal);
      } finally {
        await vlm.dispose();
      }
    } catch (error) {
      if (signal.aborted) io.note("stopped; the same command goes on where it was");
      throw error;
    } finally {
      dispose();
    }
  },
});

/** Endings of pictures that are read. */
const PICTURES = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"];

/** Paths below the folder, sorted. */
async function pictureNames(folder: string): Promise<string[]> {
  const names = await withFileErrors("loyalty", `a folder of pictures at ${folder}`, () =>
    readdir(folder, { recursive: true }),
  );
  const pictures = names.filter((name) => PICTURES.includes(extname(name).toLowerCase())).sort();
  if (pictures.length === 0) throw refusal(`pictures (${PICTURES.join(", ")}) in ${folder}`, "none");
  return pictures;
}

interface Run {
  readonly vlm: Vlm;
  readonly samples: readonly Sample[];
  readonly flags: Values<typeof FLAGS>;
  readonly images: string;
  readonly out: string;
  readonly args: readonly string[];
  readonly maxNewTokens: number;
}

/** The name of the run's one task. */
const TASK = "loyalty";

function stateOf({ vlm, samples, flags, maxNewTokens }: Run, io: CommandIo): RunState {
  const { signals, grid, imageSize, defaultMethod, family, language } = vlm.manifest;
  const compared = comparisonCells({
    methods: flags.methods ?? [defaultMethod],
    budgets: flags.budgets,
    controls: flags.controls,
    signals,
    ...(imageSize !== undefined && { grid }),
  });
  for (const reason of compared.leftOut) io.note(`left out: ${reason}`);
  const { model, dtype, device } = flags;
  const tiny = "The model is the bundled one: tiny, and trained by recoup on synthetic pictures alone.";
  return runState({
    model: {
      name: model === "tiny" ? "tiny" : vlm.name,
      family,
      ...(dtype !== undefined && { dtype }),
      ...(device !== undefined && { device }),
    },
    language,
    tasks: [
      {
        id: TASK,
        alias: "loyalty",
        rule: "equal to all tokens",
        samples,
        maxNewTokens,
        problems: [],
        headline: "unchanged",
        maxScore: 1,
      },
    ],
    ...compared,
    seed: 0,
    notes: model === "tiny" ? [tiny] : [],
  });
}

async function runAndShow(run: Run, io: CommandIo, signal: AbortSignal): Promise<void> {
  const { vlm, samples, flags, images, out } = run;
  const state = stateOf(run, io);
  const line = ratedProgressLine(io, "answers");
  const events = answerRun({
    vlm,
    state,
    out,
    tasks: [{ id: TASK, maxNewTokens: run.maxNewTokens, samples }],
    picture: (_, sample) => pictureOf(images, sample),
    force: flags.force,
    strict: flags.strict,
    signal,
  });
  for await (const event of events) {
    if (event.status === "answered") await finish(run, state, event, io, signal);
    else line(event.done, event.total, event.failed > 0 ? `${event.failed} failed` : undefined);
  }
}

function pictureOf(images: string, { image }: Sample): Promise<RgbImage> {
  return readImage(join(images, image !== undefined && "path" in image ? image.path : ""));
}

type Answered = Extract<AnswerRunEvent, { status: "answered" }>;

/** Counts, writes and shows. */
async function finish(
  run: Run,
  state: RunState,
  { records, asked, failed, total, timing }: Answered,
  io: CommandIo,
  signal: AbortSignal,
): Promise<void> {
  const { samples, flags, out, args } = run;
  const docs = samples.map(({ docId }) => docId);
  const { cells, changed } = loyalty(records, { task: TASK, docs, cells: state.cells });
  const pays = breakEven(records.values(), state.cells);
  const methods = state.cells.filter(({ role }) => role === "method");
  const ofMethods = changed.filter(({ cell }) => methods.some(({ id }) => id === cell));
  const examples: LoyaltyExample[] = [];
  for (const example of worstExamples(ofMethods, flags.examples)) {
    const cell = methods.find(({ id }) => id === example.cell) as Cell;
    examples.push(await drawn(run, example, cell, signal));
  }
  await writeFilesAtomic([
    { path: join(out, "loyalty.json"), data: `${JSON.stringify({ cells, pays, changed }, undefined, 2)}\n` },
    { path: join(out, "loyalty.html"), data: loyaltyPage({ state, cells, pays, examples, failed }) },
  ]);
  if (asked > 0) await writeMachine(out, `recoup loyalty ${args.join(" ")}`, timing);
  if (failed > 0) io.note(`${failed} of ${total} answers failed; ${join(out, "answers.jsonl")} says why`);
  io.note(`wrote ${join(out, "loyalty.html")}`);
  io.out(flags.json ? JSON.stringify({ cells, pays }, undefined, 2) : loyaltyText(cells, pays, io.columns));
}

/** An example with its picture: asked again, since a run keeps counts and no plans. */
async function drawn(
  { vlm, samples, images, maxNewTokens }: Run,
  example: ChangedAnswer,
  cell: Cell,
  signal: AbortSignal,
): Promise<LoyaltyExample> {
  const sample = samples[example.doc];
  const picture = await pictureOf(images, sample);
  const { question } = sample;
  const asked = { image: picture, question, compression: compressionOf(cell), maxNewTokens, signal };
  const svg = await overlaySvg(await vlm.ask(asked).result, picture, { question, manifest: vlm.manifest });
  return { ...example, question, image: (sample.image as { path: string }).path, svg };
}

function loyaltyText(cells: readonly CellLoyalty[], pays: readonly BreakEven[], columns: number): string {
  const table = textTable(
    [
      { title: "method@budget" },
      { title: "tokens", numeric: true },
      { title: "answers", numeric: true },
      { title: "unchanged", numeric: true },
      { title: "similarity", numeric: true },
    ],
    cells.map(({ cell, kept, answers, unchanged, similarity }) => [
      cell,
      kept.toFixed(1),
      String(answers),
      answers === 0 ? "-" : `${((100 * unchanged) / answers).toFixed(1)} %`,
      similarity.toFixed(3),
    ]),
  );
  const advice = pays.flatMap((row) => wrapWords(adviceText(row), Math.min(columns, 100)));
  return [table, "", ...advice].join("\n");
}

const refusal = refusalFor("loyalty");
