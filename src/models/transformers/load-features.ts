/** @file Loads a family whose tower is not cut: everything by the host. */
import { featureEyes, type TileMarks } from "./feature-eyes.js";
import { hostOptions, type LoadedParts, type Loading, loadAll, loadProcessor } from "./load-parts.js";
import type { HostModel } from "./prefill.js";
import { textIds } from "./vlm.js";

export async function loadFeatureVlm({ host, files, options }: Loading): Promise<LoadedParts> {
  const { name } = files;
  const fromOptions = hostOptions(options);
  const [model, processor] = await loadAll<[HostModel, Awaited<ReturnType<typeof loadProcessor>>]>(
    [name],
    [
      {
        load: async () =>
          (await host.AutoModelForImageTextToText.from_pretrained(name, fromOptions as never)) as unknown as HostModel,
        release: (loaded) => loaded.dispose(),
      },
      { load: () => loadProcessor(host, name, fromOptions) },
    ],
  );
  const marks = tileMarks(processor.own);
  const eyes = featureEyes({
    host,
    model,
    processor: processor.image_processor,
    ids: (text) => textIds(processor.tokenizer, text, false),
    ...(marks !== undefined && { marks }),
  });
  return { model, processor, eyes };
}

/** The marks of a processor that writes tiles into the prompt: Idefics3's and SmolVLM's. */
function tileMarks(processor: unknown): TileMarks | undefined {
  const {
    image_token: image,
    fake_image_token: around,
    global_img_token: global,
  } = processor as Record<string, unknown>;
  return typeof image === "string" && typeof around === "string" && typeof global === "string"
    ? { image, around, global }
    : undefined;
}
