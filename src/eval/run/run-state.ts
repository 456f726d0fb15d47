/** @file A run's request as data. */
import { textHash } from "../../math/index.js";
import type { Task } from "../task.js";
import type { Cells } from "./cells.js";
import { RUN_VERSION, type RunState } from "./run-folder.js";

export interface RunRequest
  extends Cells,
    Pick<RunState, "model" | "language" | "conversation" | "pad" | "limit" | "seed" | "notes"> {
  readonly tasks: readonly (Pick<
    Task,
    "id" | "alias" | "samples" | "maxNewTokens" | "headline" | "maxScore" | "problems"
  > & {
    readonly rule: string;
  })[];
}

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
      best: maxScore,
      hash: textHash(JSON.stringify(samples.map(({ image, ...asked }) => [asked, imageName(image)]))),
      problems,
    })),
  };
}

function imageName(image: Task["samples"][number]["image"]): string {
  if (image === undefined) return "";
  return "path" in image ? image.path : textHash(image.base64);
}
