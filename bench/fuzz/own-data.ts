import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOwnData } from "../../src/eval/node/index.js";
import { damageBytes, damageJson } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

const IMAGES = ["a.png", "b.jpg"];
const ROWS = [
  { image: "a.png", question: "How many, and of what?", answers: ["two", "2", "two"], group: "counts", id: 1 },
  { image: "b.jpg", question: 'What does the sign "say"?', answers: ["stop"], group: "signs", id: "b" },
  { image: "a.png", question: "Which?", options: ["a cat", "a dog"], answer: "B", group: "signs", id: 3 },
];
const CELLS = [
  ["image", "question", "answers", "group"],
  ["a.png", '"How many, and of what?"', '"[""two"",""2""]"', "counts"],
  ["b.jpg", '"What does the\nsign ""say""?"', "stop|halt", "signs"],
  ["a.png", "Ist es schön?", "ja", ""],
];

/** Files of the user's own questions: each row is asked or named, and what is asked can be scored. */
export const ownData: Harness = {
  about: "own questions as CSV, TSV, JSON, JSON lines and plain lines",
  async open() {
    const folder = await mkdtemp(join(tmpdir(), "recoup-fuzz-"));
    for (const name of IMAGES) await writeFile(join(folder, name), "");
    const table = (separator: string) => CELLS.map((cells) => cells.join(separator)).join("\n");
    const files: Readonly<Record<string, string>> = {
      ".csv": `\ufeff${table(",")}`,
      ".tsv": table("\t"),
      ".json": JSON.stringify(ROWS, undefined, 1),
      ".jsonl": ROWS.map((row) => JSON.stringify(row)).join("\r\n"),
      ".txt": "What is it?\nIs it red?\n",
    };
    return {
      async run(random) {
        const ending = Object.keys(files)[random.below(5)];
        const isValue = ending.startsWith(".json") && random.below(2) === 0;
        const content = isValue
          ? JSON.stringify(damageJson(ROWS, random))
          : damageBytes(Buffer.from(files[ending]), random);
        const questions = join(folder, `questions${ending}`);
        await writeFile(questions, content);
        const { task, ...data } = await readOwnData({ images: folder, questions });
        if (new Set(task.samples.map(({ docId }) => docId)).size < task.samples.length)
          throw new Error("a sample twice");
        for (const { image } of task.samples)
          if (image !== undefined && !("path" in image && IMAGES.includes(image.path)))
            throw new Error("an image from elsewhere");
        if (data.kind !== "scored" || !("score" in task)) return;
        const { metrics } = task.score(task.samples.map(({ target }) => target));
        const value = metrics[task.headline];
        if (!(typeof value === "number" && value >= 0 && value <= 1)) throw new Error(`a score of ${value}`);
        task.files(
          task.samples.map(() => undefined),
          "model",
        );
      },
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
};
