import { fileURLToPath } from "node:url";
import { readImage } from "../src/files/index.js";
import { median } from "../src/math/index.js";
import { STAGES, type Stage } from "../src/vlm/index.js";
import { loadVlm, modelFolder } from "../src/vlm/transformers/node/index.js";

const IMAGE = fileURLToPath(new URL("../../examples/scene.png", import.meta.url));
const QUESTION = "What color is the star?";

/** Rows kept of 576: all by method `none`, others by `recoverable`. */
export const TTFT_BUDGETS = [576, 128, 58, 32] as const;

/** Time to the first token of one model and budget; medians in milliseconds. */
export interface TtftRow {
  readonly model: string;
  /** `stock`: transformers.js by itself, with all tokens. */
  readonly way: "stock" | "none" | "recoverable";
  readonly kept: number;
  readonly runs: number;
  readonly first_token_ms: number;
  readonly stages_ms?: Readonly<Partial<Record<Stage, number>>>;
  /** Against all tokens in the same run. */
  readonly prefill_ratio?: number;
  /** Signals, selection and splice, against the prefill of all tokens. */
  readonly overhead_ratio?: number;
  /** First token against that of stock transformers.js; of `none` only. */
  readonly ratio_to_stock?: number;
  readonly kv_bytes?: number;
}

/**
 * A question about one image, to the first token: stock transformers.js, all tokens through the parts, and compressed, one after the
 * other in each round, so that all see the same machine.
 */
export async function benchTtft(model: string, folder: string, runs: number): Promise<TtftRow[]> {
  const stock = await stockWay(modelFolder(folder));
  const vlm = await loadVlm(folder);
  const image = await readImage(IMAGE);
  const compressions = TTFT_BUDGETS.map((retain) =>
    retain === 576 ? { method: "none" } : { method: "recoverable", budget: { retain } },
  );
  const stockTimes: number[] = [];
  const samples = compressions.map(() => [] as Awaited<ReturnType<typeof once>>[]);
  const once = (compression: object) =>
    vlm.ask({ image, question: QUESTION, compression: { ...compression }, maxNewTokens: 1 });
  for (let run = -2; run < runs; run++) {
    // The first to go changes, so that no way always finds the others' memory warm.
    const order = [-1, ...compressions.keys()].map((_, i, all) => all[(i + run + 2) % all.length]);
    for (const way of order) {
      if (way < 0) {
        const took = await stock.once(image);
        if (run >= 0) stockTimes.push(took);
      } else {
        const result = await once(compressions[way]);
        if (run >= 0) samples[way].push(result);
      }
    }
  }
  await Promise.all([vlm.dispose(), stock.dispose()]);
  const stockFirst = median(stockTimes);
  const fullPrefill = median(samples[0].map(({ timings }) => timings.prefill));
  const rows = samples.map((results, i): TtftRow => {
    const stages = Object.fromEntries(
      STAGES.map((stage) => [stage, median(results.map(({ timings }) => timings[stage]))]),
    );
    const first = median(results.map(({ timings }) => timings.firstToken));
    return {
      model,
      way: i === 0 ? "none" : "recoverable",
      kept: TTFT_BUDGETS[i],
      runs,
      first_token_ms: first,
      stages_ms: stages,
      prefill_ratio: stages.prefill / fullPrefill,
      overhead_ratio: (stages.signals + stages.select + stages.splice) / fullPrefill,
      ...(i === 0 && { ratio_to_stock: first / stockFirst }),
      kv_bytes: results[0].kvBytes.kept,
    };
  });
  return [{ model, way: "stock", kept: 576, runs, first_token_ms: stockFirst }, ...rows];
}

/** The same question by transformers.js alone; the image is given decoded to both ways. */
async function stockWay(folder: string) {
  const { AutoProcessor, LlavaForConditionalGeneration, RawImage } = await import("@huggingface/transformers");
  const processor = await AutoProcessor.from_pretrained(folder);
  const model = await LlavaForConditionalGeneration.from_pretrained(folder);
  const content = [{ type: "image" }, { type: "text", text: QUESTION }];
  return {
    async once({ data, width, height }: Awaited<ReturnType<typeof readImage>>): Promise<number> {
      const start = performance.now();
      const prompt = processor.apply_chat_template([{ role: "user", content }] as never, {
        add_generation_prompt: true,
      });
      const inputs = await processor(new RawImage(data as Uint8ClampedArray, width, height, 3), prompt);
      await model.generate({ ...inputs, max_new_tokens: 1, do_sample: false });
      return performance.now() - start;
    },
    dispose: () => model.dispose(),
  };
}
