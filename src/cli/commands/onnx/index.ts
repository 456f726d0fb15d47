/** @file `recoup onnx`: the graph tools on files. */
import { parseArgs } from "node:util";
import type { Command } from "../../command.js";
import { interruption } from "../../progress.js";
import { bakeFile } from "./bake.js";
import { extractFile, tapFile } from "./edit.js";
import { FLAGS, FLAGS_OF, refusal, TAP_LIST } from "./flags.js";
import { inspectFile } from "./inspect.js";

const USAGE = `usage: recoup onnx inspect FILE [--json]
       recoup onnx tap FILE --out FILE [--signals LIST] [--layer N] [--skeleton] [--json]
       recoup onnx extract FILE --inputs LIST --outputs LIST --out FILE [--skeleton] [--json]
       recoup onnx bake FILE --clip FILE --out FILE [--retain K | --max-tokens K] [--static]
                        [--polarity 1|-1] [--merge sum|mean] [--tokens N] [--weights] [--json]

inspect   reports the facts of a model, the layers of its vision tower, and the signals that can be tapped
tap       adds outputs: hidden states, queries, keys, attention; everything else stays as it is
extract   cuts out the part between some tensors, as a model of its own
bake      joins a LLaVA's vision encoder, the CLIP vision file of its tower and the compression into one
          model: pixel values and a question's CLIP vector in, compressed rows and their count out

  --signals LIST   of ${TAP_LIST}
                   (default: all that the model has)
  --layer N        position of the layer, from the end if negative (default: -1, the last)
  --inputs LIST    names of tensors, separated by commas; likewise --outputs
  --skeleton       writes some kilobytes that point into FILE, which must lie in the same folder as --out
  --clip FILE      the CLIP vision model (vision_model.onnx) whose tower the encoder has
  --retain K       exactly K rows; otherwise the image decides, with --max-tokens K up to K rows
  --static         always K rows, of which the first "count" are made: no shape depends on the image
  --polarity P     1 if tokens that show the text's objects have high similarity, -1 if low
                   (default: from manifest.json beside the model)
  --tokens N       patches of an image (default: from config.json)
  --weights        one output more: the weights of each row over the patches
  --json           one JSON object on stdout

An input is never overwritten; an output appears whole or not at all. External data is read from the folder of FILE;
an output in another folder gets it inside.`;

const ACTIONS = { inspect: inspectFile, tap: tapFile, extract: extractFile, bake: bakeFile } as const;

/** `recoup onnx`: the graph tools on files. */
export const onnxCommand: Command = {
  name: "onnx",
  summary: "look into model files, add outputs, cut parts out, bake the compression in",
  usage: USAGE,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
    const [action, path, ...more] = positionals;
    if (!Object.hasOwn(ACTIONS, action ?? "")) throw refusal("inspect, tap, extract or bake", action ?? "nothing");
    const foreign = Object.keys(values).find((flag) => !(FLAGS_OF[action] as readonly string[]).includes(flag));
    if (foreign !== undefined)
      throw refusal(`flags of onnx ${action}: --${FLAGS_OF[action].join(", --")}`, `--${foreign}`);
    if (path === undefined || more.length > 0) throw refusal("one FILE", `${positionals.length - 1}`);
    const { signal, dispose } = interruption();
    try {
      await ACTIONS[action as keyof typeof ACTIONS](path, values, io, signal);
    } catch (error) {
      if (signal.aborted) io.note("stopped: nothing was written");
      throw error;
    } finally {
      dispose();
    }
  },
};
