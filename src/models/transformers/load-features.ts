/** @file Loads a family whose tower is not cut: everything by the host. */
import { featureEyes, type TileMarks } from "./feature-eyes.js";
import { fromHost, hostOptions, type LoadedParts, type Loading } from "./load-parts.js";
import type { HostModel } from "./prefill.js";
import { type HostProcessor, textIds } from "./vlm.js";

export async function loadFeatureVlm({ host, files, options }: Loading): Promise<LoadedParts> {
  const fromOptions = hostOptions(options) as never;
  const [loaded, processor, tokenizer] = await fromHost(
    [files.name],
    Promise.all([
      host.AutoModelForImageTextToText.from_pretrained(files.name, fromOptions),
      host.AutoProcessor.from_pretrained(files.name, fromOptions),
      // Where preprocessor_config.json names no class, the host's processor has no tokenizer.
      host.AutoTokenizer.from_pretrained(files.name, fromOptions),
    ]),
  );
  const model = loaded as unknown as HostModel;
  const hostProcessor: HostProcessor = {
    image_processor: processor.image_processor as unknown as HostProcessor["image_processor"],
    tokenizer: tokenizer as unknown as HostProcessor["tokenizer"],
    apply_chat_template: (messages, options) =>
      tokenizer.apply_chat_template(messages as never, { ...options, tokenize: false }) as string,
  };
  const marks = tileMarks(processor);
  const eyes = featureEyes({
    host,
    model,
    processor: hostProcessor.image_processor,
    ids: (text) => textIds(hostProcessor.tokenizer, text, false),
    ...(marks !== undefined && { marks }),
  });
  return { model, processor: hostProcessor, eyes };
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
