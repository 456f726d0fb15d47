import type * as transformers from "@huggingface/transformers";
import type { AskResult, Vlm } from "../../src/vlm/index.js";

/** The end of each turn's answer. */
export interface ToldTurn extends Pick<AskResult, "tokenIds" | "positionIds" | "told"> {
  readonly recovered: readonly number[];
  readonly mass: readonly number[];
  /** Logits of the first answer token. */
  readonly first: readonly number[];
}

const QUESTIONS = ["What color is the star?", "How many things are there?", "What color is the square?"];

/** A chat of three turns with places, mass and recovery, in Node or in a page. */
export async function toldTurns(
  { LogitsProcessor, LogitsProcessorList }: typeof transformers,
  vlm: Vlm,
  image: string,
): Promise<ToldTurn[]> {
  const compression = { method: "cdpruner", budget: 58 } as const;
  const chat = vlm.chat({ image, compression, positions: "original", mass: true, recovery: "append" });
  const turns: ToldTurn[] = [];
  for (const question of QUESTIONS) {
    const kept: number[][] = [];
    const watcher = new (class extends LogitsProcessor {
      override _call(_ids: bigint[][], logits: transformers.Tensor) {
        kept.push(Array.from(logits.data as Float32Array));
        return logits;
      }
    })();
    const logits_processor = new LogitsProcessorList();
    logits_processor.push(watcher);
    const answered = chat.ask({ question, maxNewTokens: 4, generation: { logits_processor } });
    const { tokenIds, positionIds, recovered, told, plans } = await answered.result;
    const mass = Array.from(plans[0].mass ?? []);
    turns.push({ tokenIds, positionIds, told, recovered: recovered[0], mass, first: kept[0] });
  }
  await chat.dispose();
  return turns;
}
