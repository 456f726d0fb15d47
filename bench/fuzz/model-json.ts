import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, LogLevel } from "@huggingface/transformers";
import { tinyPath } from "../../src/files/index.js";
import { modelManifest } from "../../src/vlm/manifest.js";
import type { ModelFiles } from "../../src/vlm/transformers/files.js";
import type { Host } from "../../src/vlm/transformers/host.js";
import { hostFiles, inHost, loadAll, loadProcessor } from "../../src/vlm/transformers/load-parts.js";
import { checkedLoadOptions } from "../../src/vlm/transformers/load-settings.js";
import { folderModel } from "../../src/vlm/transformers/node/folder.js";
import { promptWriter } from "../../src/vlm/transformers/prompt-writer.js";
import { damageBytes, damageJson } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

/** JSON of the bundled model's folder, of which one file is damaged at a time: read up to a prompt, without weights. */
export const modelJson: Harness = {
  about: "JSON of a model folder, read up to its prompts",
  async open() {
    const host: Host = await import("@huggingface/transformers");
    const { logLevel } = env;
    env.logLevel = LogLevel.NONE;
    const folder = mkdtempSync(join(tmpdir(), "recoup-fuzz-"));
    const source = tinyPath("fuzz", "tiny");
    const names = readdirSync(source).filter((name) => name.endsWith(".json"));
    for (const name of names) cpSync(join(source, name), join(folder, name));
    const whole = names.map((name) => readFileSync(join(source, name)));
    const files: ModelFiles = folderModel(folder, () => files);
    const settings = checkedLoadOptions({});
    const load = async () => {
      const config = (await files.json("config.json")) ?? {};
      modelManifest(config, await files.json("manifest.json"));
      const needed = await hostFiles(host, files, config, settings, ["embed_tokens"]);
      const { name, options } = await files.ready({ ...needed, onnx: [] });
      const [processor] = await loadAll([name], [loadProcessor(host, name, options)], settings.signal);
      inHost(name, () => promptWriter(name, Number(config.image_token_index), { processor } as never));
    };
    return {
      async run(random) {
        const at = random.below(names.length);
        const file = join(folder, names[at]);
        const damaged =
          random.below(4) === 0
            ? damageBytes(whole[at], random)
            : jsonText(damageJson(JSON.parse(whole[at].toString()), random));
        writeFileSync(file, damaged ?? "");
        try {
          await load();
        } finally {
          writeFileSync(file, whole[at]);
        }
      },
      async close() {
        env.logLevel = logLevel;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** JSON, also of what is nested too deeply for JSON.stringify. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
  }
}
