/** @file Flags of `recoup eval`: those of benchmarks, those of own images and questions, and those of both. */
import { CONVERSATIONS } from "../../../benchmarks/index.js";
import { MAX_NEW_TOKENS } from "../../../core/index.js";
import { OWN_METRICS, QUESTION_ENDINGS, RULES, TASK_IDS } from "../../../eval/index.js";
import type { Invocation } from "../../command.js";
import type { Flags } from "../../flags.js";
import { ROW_FLAGS } from "../../row-flags.js";
import { MODEL_FLAGS } from "../../vlm-command.js";

/** Methods of --tasks without --methods: the default, one of each kind of peer, and the paper's. */
export const TASK_METHODS: readonly string[] = ["recoup", "cdpruner", "divprune", "text-topk", "recoverable"];

/** With --tasks alone. */
export const TASK_FLAGS = {
  tasks: {
    type: "list",
    choices: [...TASK_IDS, "syn"],
    placeholder: "IDS",
    help: `${TASK_IDS.join(", ")}; syn stands for all that begin with syn_`,
  },
  dataRoot: {
    type: "text",
    placeholder: "DIR",
    help: "the benchmarks' files as LLaVA has them (playground/data/eval), or a folder of recoup synth; without it the images of synthetic tasks are made in OUT/data",
  },
  split: { type: "choice", choices: ["val", "test"], help: "of the images made (default: val, for any choice)" },
  pictures: {
    type: "integer",
    min: 1,
    help: "per task, of those; intervals want more (default: 12, some minutes)",
    replaces: ["count"],
  },
  noControls: {
    type: "flag",
    help: "without zero tokens, random ones (3 seeds), even spacing, pooling, smaller images",
  },
  rule: {
    type: "choice",
    choices: RULES,
    help: "prompts and metrics as these toolkits have them (default: llava where a task has it)",
  },
} as const satisfies Flags;

/** With --images alone. */
export const OWN_FLAGS = {
  images: { type: "text", placeholder: "DIR", help: "your images; subfolders too" },
  questions: {
    type: "text",
    placeholder: "FILE",
    help: `rows of image, question, answers (or options and answer), group, id; ends in ${QUESTION_ENDINGS.join(", ")}: a .txt has a question per line, asked about each image`,
  },
  metric: {
    type: "choice",
    choices: OWN_METRICS,
    help: "how right answers are compared (default: accuracy with options, soft_accuracy with answers of three people or more, else exact_match)",
  },
  plain: {
    type: "flag",
    help: "asks questions as they are written, without options and without the closing line of benchmarks",
  },
  controls: { type: "flag", help: "random tokens, even spacing, pooling and smaller images, too" },
  examples: {
    type: "integer",
    min: 0,
    help: "worst examples on the page of questions without right answers (default: 6)",
  },
  maxNewTokens: { type: "integer", min: 1, help: `longest answer, in tokens (default: ${MAX_NEW_TOKENS})` },
} as const satisfies Flags;

/** All flags. */
export const EVAL_FLAGS = {
  ...TASK_FLAGS,
  ...OWN_FLAGS,
  out: {
    type: "text",
    required: true,
    placeholder: "DIR",
    help: "a missing or empty folder, or a run of the same request that was stopped: it resumes",
  },
  methods: {
    type: "list",
    placeholder: "IDS",
    help: `options after colons: recoup:textRows=0.75; ./mine.mjs:alpha=0.5 is a method of your own (recoup method init); none is always asked (default: ${TASK_METHODS.join(",")}; with --images the model's own method)`,
  },
  budgets: {
    type: "list",
    default: ["dynamic", "58", "32"],
    placeholder: "LIST",
    help: "as --budget of recoup ask: numbers of tokens, shares (10%), dynamic, ranges (32..128)",
  },
  positions: {
    type: "list",
    choices: ROW_FLAGS.positions.choices,
    placeholder: "LIST",
    help: "of the tokens that stay, as --positions of recoup ask: compact, original, or both, compared",
  },
  mass: {
    type: "list",
    placeholder: "LIST",
    help: "how loudly rows speak, as --mass of recoup ask: on, off, alphas; several are compared",
  },
  conversation: {
    type: "choice",
    choices: CONVERSATIONS,
    help: "the frame of LLaVA-1.5's scripts around each question (default: the model's chat template)",
  },
  pad: {
    type: "flag",
    help: "pads images to squares of CLIP's mean color, as LLaVA-1.5 does (its ScienceQA script crops)",
  },
  logits: {
    type: "flag",
    help: "compares first tokens, too: KL divergence from all tokens, which tells settings apart before an answer turns",
  },
  limit: { type: "integer", min: 1, help: "N questions of each task, or of yours, drawn by the seed" },
  seed: { type: "integer", placeholder: "S", help: "of the questions and of the images made (default: 1)" },
  force: { type: "flag", help: "removes an earlier run in DIR" },
  strict: { type: "flag", help: "stops at the first row or sample that fails (default: it is recorded and counted)" },
  json: { type: "flag", help: "one JSON object on stdout instead of tables" },
  ...MODEL_FLAGS,
} as const satisfies Flags;

/** A command line of `recoup eval`. */
export type EvalInvocation = Invocation<typeof EVAL_FLAGS>;
/** Values of its flags. */
export type EvalFlags = EvalInvocation["flags"];
