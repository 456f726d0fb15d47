import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readImage } from "../src/files/index.js";
import type { MethodId } from "../src/methods/index.js";
import { loadVlm } from "../src/vlm/transformers/node/index.js";

const IMAGE = fileURLToPath(new URL("../../examples/scene.png", import.meta.url));

/** Memory of the process over many questions. */
export interface AsksRow {
  readonly method: string;
  readonly asks: number;
  /** Resident memory after the tenth and the last, garbage collected, and the largest in between. */
  readonly after_10_mib: number;
  readonly after_all_mib: number;
  readonly growth: number;
  /** Likewise what JavaScript holds: objects and buffers, without what V8 and ONNX Runtime keep ready. */
  readonly held_after_10_mib: number;
  readonly held_after_all_mib: number;
  readonly peak_mib: number;
}

/** Asks the bundled model one question after the other, each another text, about one image. */
export async function benchAsks(asks: number, method: MethodId): Promise<AsksRow> {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  // Twice, with the finalizers of buffers in between.
  const collect = async () => {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  };
  const resident = () => process.memoryUsage().rss / 2 ** 20;
  const held = () => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 2 ** 20;
  };
  const vlm = await loadVlm("tiny");
  const image = await readImage(IMAGE);
  let afterTen = 0;
  let heldAfterTen = 0;
  let peak = 0;
  for (let i = 1; i <= asks; i++) {
    const question = `What color is the star ${i}?`;
    await vlm.ask({ image, question, compression: { method }, maxNewTokens: 8 });
    peak = Math.max(peak, resident());
    if (i === 10) {
      await collect();
      afterTen = resident();
      heldAfterTen = held();
    }
  }
  await collect();
  const afterAll = resident();
  const heldAfterAll = held();
  await vlm.dispose();
  return {
    method,
    asks,
    after_10_mib: afterTen,
    after_all_mib: afterAll,
    growth: afterAll / afterTen - 1,
    held_after_10_mib: heldAfterTen,
    held_after_all_mib: heldAfterAll,
    peak_mib: peak,
  };
}
