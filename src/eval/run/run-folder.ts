/** @file A run's folder as data: `run.json`, `machine.json`, the samples of `tasks/TASK.jsonl`, and each setting's scores. */

import type { Conversation } from "../../benchmarks/index.js";
import { textHash } from "../../math/index.js";
import type { LanguageSizes } from "../../vlm/index.js";
import type { Rule, Sample, Task, TaskProblem } from "../task.js";
import type { Settings } from "./settings.js";

/** Layout of the folder; another layout gets another number. */
export const RUN_VERSION = 2;

/** Rule of a run on own questions: answers are compared with those of all tokens. */
export const AGREEMENT_RULE = "agreement";

/** One task of a run. */
export interface RunTask extends Pick<Task, "id" | "alias" | "maxNewTokens" | "headline" | "maxScore"> {
  readonly rule: Rule | typeof AGREEMENT_RULE;
  readonly samples: number;
  /** Hash of `tasks/TASK.jsonl`: what is asked, and the truth. */
  readonly hash: string;
  /** Rows that could not be read or joined. */
  readonly problems: readonly TaskProblem[];
}

/** `run.json`: everything that the answers follow from. */
export interface RunState extends Settings {
  readonly format: "recoup-eval";
  readonly version: number;
  readonly model: { readonly name: string; readonly family: string; readonly dtype?: string; readonly device?: string };
  readonly language?: LanguageSizes;
  /** The frame around each question, where it is not the model's own chat template. */
  readonly conversation?: Conversation;
  /** Whether pictures are padded to squares before the model's own preprocessing. */
  readonly pad?: boolean;
  readonly tasks: readonly RunTask[];
  readonly limit?: number;
  readonly seed: number;
  /** Said wherever the numbers are shown: of synthetic pictures and the bundled model. */
  readonly notes: readonly string[];
}

export interface RunRequest extends Omit<RunState, "format" | "version" | "tasks"> {
  readonly tasks: readonly (Omit<RunTask, "samples" | "hash"> & Pick<Task, "samples">)[];
}

/** A run's request as `run.json` has it. */
export function runState({ tasks, ...request }: RunRequest): RunState {
  return {
    format: "recoup-eval",
    version: RUN_VERSION,
    ...request,
    tasks: tasks.map(({ id, alias, rule, samples, maxNewTokens, headline, maxScore, problems }) => ({
      id,
      alias,
      rule,
      samples: samples.length,
      maxNewTokens,
      headline,
      maxScore,
      hash: textHash(samplesText(samples)),
      problems,
    })),
  };
}

/** A sample as a run keeps it: the picture by its path, or the hash of its bytes. */
export type KeptSample = Omit<Sample, "image"> & { readonly image?: string };

/** Content of `tasks/TASK.jsonl`. */
export function samplesText(samples: readonly Sample[]): string {
  return jsonLines(
    samples.map(({ image, ...sample }): KeptSample => {
      if (image === undefined) return sample;
      return { ...sample, image: "path" in image ? image.path : textHash(image.base64) };
    }),
  );
}

/** Objects as lines of JSON. */
export function jsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** `machine.json`: not compared on resume, and not the same from run to run. */
export interface RunMachine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly platform: string;
  readonly command: string;
  /** Seconds of the last sitting, and the share of them that went into none of pictures, tower, methods and language model. */
  readonly seconds: number;
  readonly harness_share: number;
}
