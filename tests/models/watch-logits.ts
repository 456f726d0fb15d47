import { LogitsProcessor, LogitsProcessorList, type Tensor } from "@huggingface/transformers";

/** A `logits_processor` for the host's generation that changes nothing and keeps the logits of every step. */
export function watchLogits() {
  const steps: Float32Array[] = [];
  class Watcher extends LogitsProcessor {
    override _call(_ids: bigint[][], logits: Tensor) {
      steps.push((logits.data as Float32Array).slice());
      return logits;
    }
  }
  const logits_processor = new LogitsProcessorList();
  logits_processor.push(new Watcher());
  return { steps, logits_processor };
}
