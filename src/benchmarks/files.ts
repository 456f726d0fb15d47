/**
 * @file Folders, files and rows of the six benchmarks as LLaVA's evaluation lays them out: `world` writes them, `eval` reads them. Paths
 * are below the benchmark's folder, those of pictures in rows below its folder of pictures. Rows may have more fields than stand here.
 */
import { shape } from "../core/index.js";

const { id, list, object, text } = shape;
const textIfAny = shape.optional(shape.either(text, shape.oneOf(null)));

/** A row of LLaVA's question files. */
const question = object({ question_id: id, image: text, text, category: text });

/** POPE (arXiv 2305.10355): questions of three splits in one file, labels in a file per split. */
export const POPE = {
  folder: "pope",
  pictures: "val2014",
  splits: ["random", "popular", "adversarial"],
  questions: "llava_pope_test.jsonl",
  question,
  labels: (split: string) => `coco/coco_pope_${split}.json`,
  label: object({ image: text, text, label: shape.oneOf("yes", "no") }),
} as const;

/** TextVQA 0.5.1 (arXiv 1904.08920). */
export const TEXTVQA = {
  folder: "textvqa",
  pictures: "train_images",
  questions: "llava_textvqa_val_v051_ocr.jsonl",
  question,
  /** A list `data`. */
  annotations: "TextVQA_0.5.1_val.json",
  annotation: object({ image_id: id, question: text, answers: list(text) }),
} as const;

/** ScienceQA (arXiv 2209.09513). */
export const SCIENCEQA = {
  folder: "scienceqa",
  pictures: "images/test",
  /** A list. */
  questions: "llava_test_CQM-A.json",
  question: object({ id, image: textIfAny, conversations: list(object({ from: text, value: text })) }),
  /** Problems by id. */
  problems: "problems.json",
  problem: object({
    question: text,
    choices: list(text),
    /** Place of the right choice. */
    answer: shape.count,
    /** Empty for none. */
    hint: text,
    subject: textIfAny,
    image: textIfAny,
  }),
  splits: "pid_splits.json",
  split: object({ test: list(id) }),
} as const;

/** VQAv2 (arXiv 1612.00837). */
export const VQAV2 = {
  folder: "vqav2",
  pictures: { val: "val2014", test: "test2015" },
  /** Of LLaVA; the one of val is synthetic. */
  questions: {
    val: "llava_vqav2_mscoco_val2014.jsonl",
    test: "llava_vqav2_mscoco_test2015.jsonl",
    testDev: "llava_vqav2_mscoco_test-dev2015.jsonl",
  },
  question: object({ question_id: id, image: text, text }),
  /** VQAv2's own, a list `questions`. */
  ownQuestions: "v2_OpenEnded_mscoco_val2014_questions.json",
  ownQuestion: object({ question_id: id, image_id: id, question: text }),
  /** A list `annotations`. */
  annotations: "v2_mscoco_val2014_annotations.json",
  annotation: object({
    question_id: id,
    question_type: text,
    /** `yes/no`, `number` or `other`. */
    answer_type: text,
    multiple_choice_answer: text,
    answers: list(object({ answer: text })),
  }),
} as const;

/** MME (arXiv 2306.13394): two questions of an image are a pair, and its id is `SUBTASK/FILE`. */
export const MME = {
  folder: "MME",
  pictures: "MME_Benchmark_release_version",
  questions: "llava_mme.jsonl",
  question: object({ question_id: text, image: text, text, category: text }),
} as const;

/** MMBench (arXiv 2307.06281): one table with the images in it. */
export const MMBENCH = {
  folder: "mmbench",
  table: "mmbench_dev_20230712.tsv",
  columns: [
    ...["index", "question", "hint", "A", "B", "C", "D", "answer", "category"],
    ...["image", "source", "l2-category", "comment", "split"],
  ],
  /** Added to a question's index for each rotation of its options. */
  rotation: 1_000_000,
} as const;

/** Objects that the questions of a synthetic benchmark are about: `regions.jsonl` in each folder. */
export const REGIONS = {
  file: "regions.jsonl",
  region: object({
    question_id: id,
    /** As LLaVA's rule asks the question. */
    prompt: text,
    type: text,
    slice: text,
    half: text,
    boxes: list(
      shape.value<readonly [x: number, y: number, width: number, height: number]>(
        "four numbers",
        (box) => Array.isArray(box) && box.length === 4 && box.every(Number.isFinite),
      ),
    ),
  }),
} as const;

/** Rows as JSON lines. @param row the shape that a reader expects. */
export function jsonLines<T>(_row: shape.Shape<T>, rows: readonly NoInfer<T>[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** A row of a table of tabs, quoted where pandas' `read_table` needs it. */
export function tableLine(cells: readonly (string | number | null)[]): string {
  const quoted = cells.map((cell) => {
    const text = cell === null ? "" : String(cell);
    return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join("\t")}\n`;
}
