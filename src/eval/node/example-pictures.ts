/** @file Small pictures for examples, from the data of the run where they are still there. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { optionalPackage } from "../../files/index.js";
import { textHash } from "../../math/index.js";
import type { RgbImage } from "../../vlm/index.js";
import type { ChangedExample } from "../report/numbers/changed-examples.js";
import type { Thumbnail } from "../report/page/document.js";
import type { ExamplePictures } from "../report/page/sections/examples.js";
import { cellIds } from "../run/own-cells.js";
import { AGREEMENT_RULE, type RunState, samplesText } from "../run/run-folder.js";
import { OWN_RULE, type Rule, type Sample } from "../task.js";
import { findTask } from "../tasks/registry.js";
import { readTask } from "./read-task.js";
import { samplePicture } from "./sample-picture.js";

/** Longest side in pixels: twice the size on the page, for fine screens. */
const SIDE = 224;

/** The pictures of examples; where some cannot be had, why. @param root folder of the data. */
export async function examplePictures(
  examples: readonly ChangedExample[],
  { state }: { readonly state: RunState },
  root: string,
): Promise<ExamplePictures> {
  const wanted = examples.filter(({ image }) => image !== undefined);
  const missing = (why: string) => ({ pictures: new Map(), missing: `Without pictures: ${why}.` });
  if (wanted.length === 0) return { pictures: new Map() };
  if (!(await isFolder(root))) return missing(`the folder of the data, ${root}, is not there`);
  const pictures = new Map<ChangedExample, Thumbnail>();
  const problems: string[] = [];
  const samplesOf = taskSamples(root, state);
  for (const example of wanted) {
    try {
      const source = await samplesOf(example);
      pictures.set(example, await thumbnail(await samplePicture(source, source.sample, state.pad), example.cells));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  if (problems.length === 0) return { pictures };
  return {
    pictures,
    missing: `${problems.length === 1 ? "1 picture is" : `${problems.length} pictures are`} missing: ${problems[0]}.`,
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Where an example's picture is: a file, or bytes in a row of the task's files, which are read anew for it. */
function taskSamples(root: string, state: RunState) {
  const tasks = new Map<string, ReturnType<typeof readTask>>();
  return async ({ task: id, doc, image = "" }: ChangedExample) => {
    const { rule, hash } = state.tasks.find((task) => task.id === id) ?? {};
    const sample = { image: { path: image } } as Pick<Sample, "image"> as Sample;
    if (rule === AGREEMENT_RULE || rule === OWN_RULE) return { folder: root, sample };
    const { folder, pictures } = findTask(id);
    if (pictures !== undefined) return { folder: join(root, folder, pictures), sample };
    const { limit, seed } = state;
    const reading = tasks.get(id) ?? readTask(id, { dataRoot: root, rule: rule as Rule, limit, seed });
    tasks.set(id, reading);
    const task = await reading;
    const found = task.samples.find(({ docId }) => docId === doc);
    if (found === undefined || textHash(samplesText(task.samples)) !== hash) {
      throw new TypeError(`the data of ${id} in ${root} are others than the run's`);
    }
    return { folder: task.folder, sample: found };
  };
}

async function thumbnail({ data, width, height }: RgbImage, cells: ChangedExample["cells"]): Promise<Thumbnail> {
  const { default: sharp } = await optionalPackage("report", "sharp", import("sharp"), { exports: ["default"] });
  let image = sharp(data, { raw: { width, height, channels: 3 } });
  const side = Math.min(width, height);
  if (cells?.square) {
    const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
    // Cut first: sharp would scale before it.
    image = sharp(await image.extract({ left, top, width: side, height: side }).raw().toBuffer(), {
      raw: { width: side, height: side, channels: 3 },
    });
  }
  const small = await image
    .resize(SIDE, SIDE, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 80 })
    .toBuffer({ resolveWithObject: true });
  return {
    dataUri: `data:image/jpeg;base64,${small.data.toString("base64")}`,
    width: small.info.width,
    height: small.info.height,
    cells: cells && { rows: cells.rows, columns: cells.columns, own: cellIds(cells) },
  };
}
