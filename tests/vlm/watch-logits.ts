import * as transformers from "@huggingface/transformers";
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

/** The host with models that keep the last row's logits of every run. */
export function hostWithWatch() {
  const steps: Float32Array[] = [];
  const AutoModelForImageTextToText = {
    async from_pretrained(...options: Parameters<typeof transformers.AutoModelForImageTextToText.from_pretrained>) {
      const model = await transformers.AutoModelForImageTextToText.from_pretrained(...options);
      const forward = model.forward.bind(model);
      model.forward = async (inputs) => {
        const outputs = await forward(inputs);
        const { dims, data } = (outputs as { logits: Tensor }).logits;
        steps.push((data as Float32Array).slice(-dims[dims.length - 1]));
        return outputs;
      };
      return model;
    },
  };
  return { host: { ...transformers, AutoModelForImageTextToText } as unknown as typeof transformers, steps };
}
