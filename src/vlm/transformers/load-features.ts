/** @file Loads a family whose tower is not cut: everything by the host. */

import { familyOf } from "../families/index.js";
import { featureImageEncoder } from "./feature-encoder.js";
import {
  hostOptions,
  type LoadedParts,
  type LoadedProcessor,
  type Loading,
  loadAll,
  loadProcessor,
} from "./load-parts.js";
import { textIds } from "./loaded-model.js";
import type { HostModel } from "./prefill.js";

export async function loadFeatureVlm({ host, files, manifest, options }: Loading): Promise<LoadedParts> {
  const { name } = files;
  const fromOptions = hostOptions(options);
  const [model, processor] = await loadAll<[HostModel, LoadedProcessor]>(
    [name],
    [
      {
        load: async () =>
          (await host.AutoModelForImageTextToText.from_pretrained(name, fromOptions as never)) as unknown as HostModel,
        release: (loaded) => loaded.dispose(),
      },
      { load: () => loadProcessor(host, name, fromOptions, familyOf(manifest.family).template) },
    ],
  );
  const marks = familyOf(manifest.family).markup?.(processor.own);
  const imageEncoder = featureImageEncoder({
    host,
    model,
    processor: processor.image_processor,
    ids: (text) => textIds(processor.tokenizer, text, false),
    ...(marks !== undefined && { marks }),
  });
  return { model, processor, encoder: imageEncoder, ...(marks?.imageText !== undefined && { slot: marks.imageText }) };
}
