/** @file A question in the space of the patches: CLIP's text tower, in windows where it is too long for one. */
import { textSimilarity } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { floats, type Host, idTensor, type RuntimeTensor } from "./host.js";
import { maximum, textWindows } from "./text-windows.js";

/** Questions whose vectors are kept. */
const KEPT = 64;

export interface ClipText {
  /** The question's vectors, one per window, `[D]` each; of the last questions they are kept. */
  vectors(question: string): Promise<readonly Float32Array[]>;
  release(): Promise<void>;
}

/** Cosine of each patch with the question: the maximum over its windows, `[N]`. */
export function questionSimilarity(patches: Matrix, vectors: readonly Float32Array[]): Float32Array {
  return maximum(vectors.map((vector) => textSimilarity(patches, vector)));
}

/** Loads tokenizer and text tower of a CLIP folder. @param options as the host's `from_pretrained` takes them. */
export async function loadClipText(host: Host, folder: string, options: object): Promise<ClipText> {
  const tokenizer = await host.AutoTokenizer.from_pretrained(folder, options);
  const model = await host.CLIPTextModelWithProjection.from_pretrained(folder, options);
  const ids = (text: string, special: boolean): number[] =>
    Array.from(
      tokenizer(text, { add_special_tokens: special, truncation: false, return_tensor: false }).input_ids as number[],
      Number,
    );
  // What the tokenizer puts around a text.
  const [plain, framed] = [ids("a", false), ids("a", true)];
  const start = framed.findIndex((_, at) => plain.every((id, i) => framed[at + i] === id));
  const [before, after] = [framed.slice(0, start), framed.slice(start + plain.length)];
  const config = model.config as unknown as { text_config?: { max_position_embeddings?: number } };
  const length = config.text_config?.max_position_embeddings ?? 77;
  const kept = new Map<string, readonly Float32Array[]>();
  return {
    async vectors(question) {
      const known = kept.get(question);
      if (known !== undefined) return known;
      const vectors: Float32Array[] = [];
      for (const window of textWindows(ids(question, false), length - before.length - after.length)) {
        const row = [...before, ...window, ...after];
        const attention_mask = idTensor(
          host,
          row.map(() => 1),
        );
        const results = await model({ input_ids: idTensor(host, row), attention_mask });
        vectors.push(floats(results.text_embeds as RuntimeTensor).slice());
      }
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value as string);
      kept.set(question, vectors);
      return vectors;
    },
    async release() {
      await model.dispose();
    },
  };
}
