/** @file A benchmark run on disk: answers, then the official scores and files. */
import { padSquare, type Task } from "../index.js";
import { type AnswerRunEvent, type AnswerRunRequest, answerRun } from "./answer-run.js";
import { samplePicture } from "./sample-picture.js";
import { writeResults } from "./write-results.js";

export interface EvaluationRequest extends Omit<AnswerRunRequest, "tasks" | "picture"> {
  readonly tasks: readonly Task[];
}

/**
 * Runs an evaluation, or goes on with one: answers as `answerRun` does, then writes `cells/`.
 *
 * @throws as `answerRun` and `writeResults`.
 */
export async function* runEvaluation(request: EvaluationRequest): AsyncGenerator<AnswerRunEvent> {
  const { tasks, state, out } = request;
  const folders = new Map(tasks.map(({ id, folder }) => [id, folder]));
  const picture: AnswerRunRequest["picture"] = async ({ id }, sample) => {
    const pixels = await samplePicture(folders.get(id) ?? "", sample);
    return state.pad ? padSquare(pixels) : pixels;
  };
  for await (const event of answerRun({ ...request, picture })) {
    if (event.status === "answered") await writeResults(out, { tasks, state, records: event.records });
    yield event;
  }
}
