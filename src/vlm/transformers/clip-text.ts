/** @file A question in the space of the patches: CLIP's text tower, in windows where it is too long for one. */
import { refusalFor } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { floats, type Host, idTensor, type RuntimeTensor, type Tokenizer, textIds } from "./host.js";

/** Tokens that two windows share, so that words at an edge have both neighbors once: a tenth of CLIP's 77, about a phrase. */
const OVERLAP = 8;

/** Questions whose vectors are kept. */
const KEPT = 64;

/** CLIP's text tower. */
export interface ClipText {
  /** The question's vectors, one per window, `[W, D]`; of the last questions they are kept. */
  vectors(question: string): Promise<Matrix>;
  dispose(): Promise<void>;
}

/** Loads tokenizer and text tower of a CLIP folder. @param options as `from_pretrained` takes them. */
export async function loadClipText(host: Host, folder: string, options: object): Promise<ClipText> {
  const tokenizer = await host.AutoTokenizer.from_pretrained(folder, options);
  const model = await host.CLIPTextModelWithProjection.from_pretrained(folder, options);
  const ids = (text: string, special: boolean) => textIds(tokenizer as unknown as Tokenizer, text, special);
  // The tokenizer's own ids around a text.
  const [plain, framed] = [ids("a", false), ids("a", true)];
  const start = framed.findIndex((_, at) => plain.every((id, i) => framed[at + i] === id));
  const [before, after] = [framed.slice(0, start), framed.slice(start + plain.length)];
  const config = model.config as unknown as { text_config?: { max_position_embeddings?: number } };
  const length = config.text_config?.max_position_embeddings ?? 77;
  const least = before.length + after.length + OVERLAP + 1;
  if (!(Number.isSafeInteger(length) && length >= least)) {
    await model.dispose();
    throw refusalFor("loadVlm")(`max_position_embeddings of text_config from ${least} in ${folder}`, length);
  }
  const kept = new Map<string, Matrix>();
  return {
    async vectors(question) {
      const known = kept.get(question);
      if (known !== undefined) return known;
      const windows = textWindows(ids(question, false), length - before.length - after.length);
      const values: number[] = [];
      for (const window of windows) {
        const row = [...before, ...window, ...after];
        const attention_mask = idTensor(host, Array(row.length).fill(1));
        const results = await model({ input_ids: idTensor(host, row), attention_mask });
        values.push(...floats(results.text_embeds as RuntimeTensor));
      }
      const vectors = { data: Float32Array.from(values), count: windows.length, dim: values.length / windows.length };
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value as string);
      kept.set(question, vectors);
      return vectors;
    },
    async dispose() {
      await model.dispose();
    },
  };
}

/**
 * Ids cut into windows of at most `size`, the last one full too, each but the first beginning 8 ids before the end of the one before.
 *
 * @param size above 8.
 */
export function textWindows(ids: readonly number[], size: number): number[][] {
  if (ids.length <= size) return [[...ids]];
  const windows: number[][] = [];
  for (let start = 0; ; start += size - OVERLAP) {
    if (start + size >= ids.length) {
      windows.push(ids.slice(ids.length - size));
      return windows;
    }
    windows.push(ids.slice(start, start + size));
  }
}
