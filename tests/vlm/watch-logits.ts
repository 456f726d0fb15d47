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

/** The host with classes of models that keep the last row's logits of every run. */
export function hostWithWatch() {
  const steps: Float32Array[] = [];
  const tables = transformers.AutoModelForImageTextToText.MODEL_CLASS_MAPPINGS as unknown as Map<string, string>[];
  const names = tables.flatMap((table) => [...table.values()]);
  const host: Record<string, unknown> = { ...transformers };
  for (const name of new Set(names)) host[name] = watched(host[name] as never, steps);
  return { host: host as unknown as typeof transformers, steps };
}

/** The class itself would not do as a parent: the host looks classes up to find how they run. */
function watched(Model: new (...made: unknown[]) => transformers.PreTrainedModel, steps: Float32Array[]) {
  return function watchedModel(...made: unknown[]) {
    const model = new Model(...made);
    const { forward } = model;
    model.forward = async function (this: typeof model, inputs) {
      const outputs = await forward.call(this, inputs);
      const { dims, data } = (outputs as { logits: Tensor }).logits;
      steps.push((data as Float32Array).slice(-dims[dims.length - 1]));
      return outputs;
    };
    return model;
  };
}
