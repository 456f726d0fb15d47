/** @file A benchmark's questions and how answers to them are judged, as data and pure functions. */

/** Of a synthetic sample, as `regions.jsonl` has it. */
export interface SampleRegion {
  /** Kind of question: presence, color, … */
  readonly type: string;
  /** needle, salient, global or multi. */
  readonly slice: string;
  /** iid, or held-out: combinations that training never shows. */
  readonly split: string;
  /** Pixels of what is asked about: x, y, width, height; none for what is not there. */
  readonly boxes: readonly (readonly [x: number, y: number, width: number, height: number])[];
}

/** One question: all that asking it and judging its answer needs. */
export interface Sample {
  /** Place in the question file, from 0 (lmms-eval's doc_id). */
  readonly docId: number;
  readonly questionId: string | number;
  /** The picture: a path below the task's folder, or its bytes as base64; undefined for a question without one. */
  readonly image?: { readonly path: string } | { readonly base64: string };
  /** Samples of one picture have one key here, and no others have it: they are not independent. Undefined without a picture. */
  readonly picture?: string;
  /** Text that answer rows of LLaVA's scripts store under "prompt". */
  readonly prompt: string;
  /** Text that the model is asked beside the image, without conversation frame or placeholder. */
  readonly question: string;
  /** The question alone, without instruction, options or OCR tokens: what text-guided methods go by. */
  readonly relevanceText: string;
  /** The truth as text, for the samples file. */
  readonly target: string;
  /** Texts that the truth is made of, where `target` and `question` do not say it all: several right answers, options that are not shown. */
  readonly truth?: readonly string[];
  /** The task's own group of the row: POPE's split, MME's subtask, MMBench's category. */
  readonly category: string;
  /** Samples of one group are judged together: MME's pair of a picture, MMBench's rotations of a question. */
  readonly group: string;
  readonly region?: SampleRegion;
}

/** A row that cannot be used, and why. */
export interface TaskProblem {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** The reason, as a sentence or part of one. */
  readonly what: string;
}

/** One answered sample, as far as a task's number rests on it. */
export interface ScoredSample extends Pick<Sample, "target" | "category" | "group"> {
  /** Undefined for a missing answer, which is wrong. */
  readonly answer: string | undefined;
  /** 0 to 1: `Task.sampleScore`, and 0 for a missing answer. */
  readonly score: number;
}

/**
 * How samples combine to the number that stands for a task. Counts add up over samples, and a formula takes the sums. The number of
 * a resample follows from sums alone.
 */
export interface Combination {
  /** A list of counts per sample, all of one length. What a group of samples gives together stands at the group's first sample. */
  counts(samples: readonly ScoredSample[]): readonly (readonly number[])[];
  /** The number; null where the official script gives none. */
  value(sums: readonly number[]): number | null;
}

/** Values of a task's metrics; null where the official script gives none. */
export interface TaskScores {
  /** By lmms-eval's names (`exact_match`, `pope_f1_score`, …), sub-scores with their group after a slash. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Sentences that belong beside the numbers. */
  readonly warnings: readonly string[];
}

/** How a toolkit asks and scores: LLaVA's scripts (the paper's), lmms-eval, VLMEvalKit. */
export const RULES = ["llava", "lmms_eval", "vlmevalkit"] as const;
/** Name of one of these rules. */
export type Rule = (typeof RULES)[number];
/** Rule of own questions with right answers: the metric of the task scores each answer, and the mean counts. */
export const OWN_RULE = "own";

/** A file of answers in the format of an official script or server. */
export interface AnswerFile {
  /** Path below the folder of the answers, with the task's id in it; may have a folder of its own. */
  readonly name: string;
  readonly data: string;
}

/** A benchmark, read. */
export interface Task {
  /** lmms-eval's name, or that of the synthetic mirror. */
  readonly id: string;
  /** Name for people. */
  readonly alias: string;
  readonly rule: Rule | typeof OWN_RULE;
  /** False where answers are letters of options: a guess is right as often as there are few of them. */
  readonly open: boolean;
  /** Longest answer, in tokens. */
  readonly maxNewTokens: number;
  /** Folder that the pictures' paths start from: below the data root. */
  readonly folder: string;
  readonly samples: readonly Sample[];
  /** Rows that could not be used. */
  readonly problems: readonly TaskProblem[];
  /** The metric that stands for the task, its value for a perfect model, and how samples combine to it. */
  readonly headline: string;
  readonly maxScore: number;
  readonly combination: Combination;
  /** The official metrics of answers, by place in `samples`; undefined for one that is missing. */
  score(answers: readonly (string | undefined)[]): TaskScores;
  /** Score of one answer by the task's rule, 0 to 1: for paired tests. */
  sampleScore(sample: Sample, answer: string): number;
  /** The answers as official scripts and servers read them. @param model for rows that name one. */
  files(answers: readonly (string | undefined)[], model: string): readonly AnswerFile[];
}
