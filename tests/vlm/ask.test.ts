/** What a caller sees of ask and chat on the bundled model: answers, plans, times, refusals, stopping, queueing. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  AutoProcessor,
  env,
  LlavaForConditionalGeneration,
  RawImage,
  StoppingCriteria,
  type Tensor,
} from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Budget,
  BudgetError,
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  orderRows,
  ownRow,
  planRows,
  rowCount,
} from "../../src/core/index.js";
import { findMethod } from "../../src/methods/index.js";
import {
  type Compression,
  type Generation,
  loadVlm,
  type RgbImage,
  STAGES,
  type Vlm,
} from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";

const models = fileURLToPath(new URL("../../models/", import.meta.url));
const picture = (index: number): RgbImage => {
  const scene = sampleScene({ split: "test", seed: 3, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const QUESTION = "what letter is on the sign?";
const own = (plan: CompressionPlan) =>
  planRows(plan).flatMap(({ role, anchor }) => (role === "visual" || role === "text" ? [anchor] : []));

let vlm: Vlm;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
});
afterAll(() => vlm.dispose());

describe("ask", () => {
  it("streams the answer and reports what it did", async () => {
    const asked = vlm.ask({ image: picture(0), question: QUESTION });
    let text = "";
    for await (const piece of asked) text += piece;
    const result = await asked.result;
    expect(text.trim()).toBe(result.answer);
    expect(result).toMatchObject({ method: "recoup", tokens: { source: 576, kept: 57 } });
    const { tokens, plans, roles, kvBytes, timings } = result;
    expect(tokens.kept).toBe(rowCount(plans[0]));
    expect(tokens.kept).toBeLessThan(120);
    expect(Object.values(roles).reduce((a, b) => a + b)).toBe(tokens.kept);
    for (const stage of STAGES) expect(timings[stage], stage).toBeGreaterThanOrEqual(0);
    expect(timings.total).toBeGreaterThanOrEqual(timings.firstToken);
    // 4 layers, keys and values, 2 heads of 64, 4 bytes: 4096 bytes a token.
    expect(kvBytes.kept).toBe(4096 * tokens.prompt);
    expect(kvBytes.full).toBe(4096 * (tokens.prompt - tokens.kept + 576));
  });

  it("takes any method that has its signals, a fixed budget, and a sign for the text", async () => {
    for (const method of [
      "cls-topk",
      "text-topk",
      "cdpruner",
      "divprune",
      "visionzip",
      "random",
      "facility",
    ] as const) {
      // By words, as it is by default, it needs a signal that a CLIP tower does not give.
      const compression: Compression =
        method === "facility" ? { method, relevance: "sentence", budget: 40 } : { method, budget: { retain: 40 } };
      const { tokens } = await vlm.ask({
        image: picture(1),
        question: QUESTION,
        compression,
        maxNewTokens: 2,
      }).result;
      expect(tokens.kept, method).toBe(40);
    }
    await expect(
      vlm.ask({ image: picture(1), question: QUESTION, compression: { method: "facility" } }),
    ).rejects.toThrow(/facility, which needs wordSimilarity/);
    const [high, low] = await Promise.all(
      ([1, -1] as const).map(
        (textPolarity) =>
          vlm.ask({
            image: picture(1),
            question: QUESTION,
            compression: { method: "text-topk", budget: { retain: 20 }, textPolarity },
          }).result,
      ),
    );
    expect(own(high.plans[0])).not.toEqual(own(low.plans[0]));
  });

  it("takes a method of the caller's own", async () => {
    const first: CompressionMethod = {
      ...findMethod("random"),
      id: "first-ten",
      plan: ({ count }) =>
        orderRows(
          Array.from({ length: 10 }, (_, id) => ownRow("visual", id)),
          count,
          "grid",
        ),
    };
    const { plans, method } = await vlm.ask({ image: picture(0), question: QUESTION, compression: { method: first } })
      .result;
    expect(method).toBe("first-ten");
    expect(own(plans[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("answers about an encoded image without another pass, and by another text than the question's", async () => {
    const encoded = await vlm.encodeImage(picture(0));
    expect(encoded.timings.vision).toBeGreaterThan(0);
    const question = `${QUESTION}\nAnswer the question using a single word or phrase.`;
    const [again, whole, other] = [
      await vlm.ask({ image: encoded, question, relevanceText: QUESTION }).result,
      await vlm.ask({ image: picture(0), question, relevanceText: QUESTION }).result,
      await vlm.ask({ image: encoded, question }).result,
    ];
    expect(again.timings.decodeImage + again.timings.preprocess + again.timings.vision).toBe(0);
    expect(again.tokenIds).toEqual(whole.tokenIds);
    expect(again.plans).toEqual(whole.plans);
    expect(other.tables[0].textSimilarity).not.toEqual(again.tables[0].textSimilarity);
    const chat = vlm.chat({ image: encoded });
    expect((await chat.ask({ question, relevanceText: QUESTION }).result).tokenIds).toEqual(whole.tokenIds);
    await chat.dispose();
    const stranger = await loadVlm("tiny");
    await expect(stranger.ask({ image: encoded, question }).result).rejects.toThrow(
      /an image encoded by .*tiny, got one encoded by .*tiny, loaded another time/,
    );
    await stranger.dispose();
    await expect(vlm.ask({ image: encoded, question, relevanceText: " " })).rejects.toThrow(/expected a question/);
  });

  it("answers about no picture and about two, with a budget for each or for both", async () => {
    const none = await vlm.ask({ question: QUESTION, maxNewTokens: 2 }).result;
    expect(none.tokens).toMatchObject({ source: 0, kept: 0 });
    const images = [picture(2), picture(3)];
    const compression = { budget: { retain: 31 } };
    const each = await vlm.ask({ images, question: QUESTION, compression, maxNewTokens: 2 }).result;
    expect(each.plans.map(rowCount)).toEqual([31, 31]);
    const shared = await vlm.ask({ images, question: QUESTION, compression, imageBudget: "shared", maxNewTokens: 2 })
      .result;
    expect(shared.plans.map(rowCount)).toEqual([16, 15]);
    expect(shared.tokens).toMatchObject({ source: 1152, kept: 31 });
  });

  it("reads long questions in windows, and refuses those that the language model has no room for", async () => {
    const long = `${"the red star and ".repeat(40)} ${QUESTION}`;
    expect((await vlm.ask({ image: picture(0), question: long, maxNewTokens: 2 }).result).tokens.kept).toBeGreaterThan(
      0,
    );
    const huge = "star ".repeat(20_000);
    await expect(vlm.ask({ image: picture(0), question: huge }).result).rejects.toThrow(/at most 2048 tokens/);
  });

  it("gives equal answers when asked at once and one after the other", async () => {
    const questions = [QUESTION, "what pattern is the ground?", "how many stars are there?"];
    const ask = (question: string) => vlm.ask({ image: picture(4), question }).result.then(({ tokenIds }) => tokenIds);
    const together = await Promise.all(questions.map(ask));
    const apart = [];
    for (const question of questions) apart.push(await ask(question));
    expect(together).toEqual(apart);
  });

  it("stops within a token when it is told to, and works on", async () => {
    const controller = new AbortController();
    // The end token is never taken, so the answer would be as long as it may.
    const generation = { min_new_tokens: 400, eos_token_id: -1 };
    const asked = vlm.ask({
      image: picture(5),
      question: QUESTION,
      maxNewTokens: 400,
      generation,
      signal: controller.signal,
    });
    let pieces = 0;
    const reading = (async () => {
      for await (const _ of asked) if (++pieces === 1) controller.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/i);
    expect(pieces).toBeLessThan(20);
    await expect(
      vlm.ask({ image: picture(5), question: QUESTION, signal: AbortSignal.abort() }).result,
    ).rejects.toThrow(/abort/i);
    expect((await vlm.ask({ image: picture(5), question: QUESTION }).result).answer).not.toBe("");
  });

  it.each([
    ["an empty question", { question: " " }, /expected a question, got an empty text/],
    ["no question", {}, /expected a question, got undefined/],
    ["two ways to give pictures", { question: "a", image: picture(0), images: [] }, /image or images, got both/],
    ["an unknown method", { question: "a", image: picture(0), compression: { method: "magic" } }, /magic/],
    [
      "a method without its signal",
      { question: "a", image: picture(0), compression: { method: "mmtok" } },
      /mmtok, which needs wordSimilarity/,
    ],
    [
      "no tokens to make",
      { question: "a", image: picture(0), maxNewTokens: 0 },
      /maxNewTokens as a whole number from 1/,
    ],
  ])("refuses %s at once", async (_, options, message) => {
    await expect(vlm.ask(options as never)).rejects.toThrow(InvalidInputError);
    await expect(vlm.ask(options as never)).rejects.toThrow(message);
  });

  it.each<[Budget, RegExp]>([
    [1, /a shared budget of at least 2 rows for 2 images, got 1/],
    [{ max: 1 }, /a shared budget of at least 2 rows for 2 images, got 1/],
    [1.5, /^ask: expected a budget as rows/],
    [{ min: 9, max: 3 }, /^ask: expected min of at most max/],
  ])("refuses the shared budget %j at once", async (budget, message) => {
    const asked = { question: "a", images: [picture(0), picture(1)], imageBudget: "shared" } as const;
    const compression = { method: "recoverable", budget } as const;
    await expect(vlm.ask({ ...asked, compression })).rejects.toThrow(BudgetError);
    await expect(vlm.ask({ ...asked, compression })).rejects.toThrow(message);
  });

  it("refuses pixels that do not fit, a budget out of range, and a question that holds the placeholder", async () => {
    const bad = { width: 10, height: 10, data: new Uint8Array(100) };
    await expect(vlm.ask({ image: bad, question: QUESTION }).result).rejects.toThrow(/width x height x 3 bytes/);
    const over = vlm.ask({ image: picture(0), question: QUESTION, compression: { budget: { retain: 577 } } });
    await expect(over.result).rejects.toThrow(/from 1 to 576, got 577/);
    await expect(vlm.ask({ image: picture(0), question: "what is <image>?" }).result).rejects.toThrow(
      /1 placeholders of images/,
    );
  });
});

describe("pieces and options", () => {
  it("streams what the answer is, spaces too", async () => {
    // The end token is never taken, so the answer has many words.
    for (const generation of [undefined, { eos_token_id: -1 }]) {
      const asked = vlm.ask({ image: picture(6), question: QUESTION, maxNewTokens: 5, generation });
      let text = "";
      for await (const piece of asked) text += piece;
      expect(text.trim()).toBe((await asked.result).answer);
    }
  });

  it("sees the whole prompt where the host's generation looks back: penalties as stock has them", async () => {
    const endless = { eos_token_id: -1 };
    const generation = { ...endless, repetition_penalty: 5, no_repeat_ngram_size: 2 };
    const asked = { image: picture(6), question: QUESTION, compression: { method: "none" }, maxNewTokens: 5 } as const;
    const { tokenIds } = await vlm.ask({ ...asked, generation }).result;
    expect(tokenIds).toEqual(await stock(6, { ...generation, max_new_tokens: 5 }));
    expect(tokenIds).not.toEqual((await vlm.ask({ ...asked, generation: endless }).result).tokenIds);
  });

  async function stock(index: number, options: object): Promise<number[]> {
    const folder = join(models, "tiny");
    const model = await LlavaForConditionalGeneration.from_pretrained(folder);
    const processor = await AutoProcessor.from_pretrained(folder);
    const content = [{ type: "image" }, { type: "text", text: QUESTION }];
    const prompt = processor.apply_chat_template([{ role: "user", content }] as never, { add_generation_prompt: true });
    const { data, width, height } = picture(index);
    const inputs = await processor(new RawImage(data as Uint8ClampedArray, width, height, 3), prompt);
    const sequences = (await model.generate({ ...inputs, ...options, do_sample: false })) as Tensor;
    await model.dispose();
    return sequences.tolist()[0].map(Number).slice(inputs.input_ids.dims[1]);
  }

  it("draws tokens where that is asked for, among those that top_k and top_p leave", async () => {
    const endless = { eos_token_id: -1 };
    const asked = { image: picture(6), question: QUESTION, compression: { method: "none" } as const, maxNewTokens: 6 };
    const ids = async (generation: Generation) => (await vlm.ask({ ...asked, generation })).tokenIds;
    const greedy = await ids(endless);
    // One token is left to draw from, however flat the probabilities are.
    for (const one of [{ top_k: 1 }, { top_p: 0 }, { top_p: 1e-9 }]) {
      expect(await ids({ ...endless, ...one, temperature: 50 })).toEqual(greedy);
    }
    expect(await ids({ ...endless, temperature: 0, do_sample: true, top_p: 0.5 })).toEqual(greedy);
    expect(await ids({ ...endless, temperature: 50, do_sample: false })).toEqual(greedy);
    expect(await ids({ ...endless, num_beams: 1, top_k: undefined })).toEqual(greedy);
    // 6 tokens of 128 that are drawn almost evenly: equal by chance once in 10^10.
    expect(await ids({ ...endless, temperature: 50, top_k: 0 })).not.toEqual(greedy);
  });

  it("calls hooks that come from an iterator, which can be read once only", async () => {
    const calls = { logits_processor: 0, stopping_criteria: 0 };
    function* processors() {
      yield (_: unknown, logits: unknown) => {
        calls.logits_processor++;
        return logits;
      };
    }
    function* criteria() {
      yield (ids: number[][]) => {
        calls.stopping_criteria++;
        return ids.map(() => false);
      };
    }
    for (const asking of [vlm, vlm.chat({ image: picture(6) })]) {
      const generation = { eos_token_id: -1, logits_processor: processors(), stopping_criteria: criteria() };
      const asked = { question: QUESTION, maxNewTokens: 3, generation };
      await asking.ask({ ...asked, ...(asking === vlm && { image: picture(6) }) });
    }
    expect(calls).toEqual({ logits_processor: 6, stopping_criteria: 6 });
  });

  it("takes a caller's stopping criteria, and refuses options that are its own business", async () => {
    class AfterTwo extends StoppingCriteria {
      private steps = 0;
      override _call(ids: number[][]) {
        return ids.map(() => ++this.steps >= 2);
      }
    }
    const generation = { eos_token_id: -1, stopping_criteria: new AfterTwo() };
    const { tokenIds } = await vlm.ask({ image: picture(6), question: QUESTION, maxNewTokens: 50, generation }).result;
    expect(tokenIds).toHaveLength(2);
    for (const name of ["streamer", "max_new_tokens", "past_key_values", "return_dict_in_generate"]) {
      const asked = { image: picture(6), question: QUESTION, generation: { [name]: 1 } };
      await expect(vlm.ask(asked)).rejects.toThrow(InvalidInputError);
      await expect(vlm.ask(asked)).rejects.toThrow(name);
      await expect(
        vlm.chat({ image: picture(6) }).ask({ question: QUESTION, generation: { [name]: 1 } }),
      ).rejects.toThrow(name);
    }
  });

  it("refuses to work when disposed of, and takes being disposed of twice", async () => {
    const other = await loadVlm("tiny");
    const chat = other.chat({ image: picture(0) });
    const asked = chat.ask({ question: QUESTION });
    const gone = chat.dispose();
    await asked.result;
    await gone;
    await chat.dispose();
    expect(chat.context).toEqual([]);
    await expect(chat.ask({ question: QUESTION })).rejects.toThrow(InvalidInputError);
    await Promise.all([other.dispose(), other.dispose()]);
    await expect(other.ask({ question: QUESTION })).rejects.toThrow(/the model is disposed of/);
  });
});

describe("chat", () => {
  it("keeps no results of earlier turns", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const chat = vlm.chat({ image: picture(0) });
    const ask = async () => new WeakRef(await chat.ask({ question: QUESTION, maxNewTokens: 1 }));
    const results = [await ask(), await ask(), await ask()];
    // What a promise was resolved with is let go of in a later task.
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    const [first, second] = results.map((result) => result.deref() === undefined);
    expect([first, second]).toEqual([true, true]);
    await chat.dispose();
  });

  it("recovers with methods that do not tell the text's rows apart", async () => {
    for (const method of ["cdpruner", "text-topk"] as const) {
      const chat = vlm.chat({ image: picture(0), compression: { method, budget: { retain: 24 } } });
      await chat.ask({ question: "what pattern is the ground?" }).result;
      const { recovered, plans } = await chat.ask({ question: QUESTION }).result;
      expect(recovered[0].length, method).toBeGreaterThan(0);
      expect(rowCount(plans[0])).toBe(24 + recovered[0].length);
      await chat.dispose();
    }
  });

  it.each(["append", "reprefill"] as const)("recovers what a later question needs: %s", async (recovery) => {
    const chat = vlm.chat({ image: picture(0), recovery, compression: { budget: { retain: 24 } } });
    expect(chat.context).toEqual([]);
    const first = await chat.ask({ question: "what pattern is the ground?" }).result;
    expect(first).toMatchObject({ turn: 1, recovered: [[]] });
    expect(first.timings.vision).toBeGreaterThan(0);
    const second = await chat.ask({ question: QUESTION }).result;
    expect(second.turn).toBe(2);
    expect(second.timings.vision).toBe(0);
    expect(second.recovered[0].length).toBeGreaterThan(0);
    const before = new Set(own(first.plans[0]));
    expect(second.recovered[0].every((id) => !before.has(id))).toBe(true);
    const held = own(second.plans[0]);
    expect([...before, ...second.recovered[0]].every((id) => held.includes(id))).toBe(true);
    expect(chat.context).toEqual(second.plans);
    // The same question again needs nothing new.
    expect((await chat.ask({ question: QUESTION }).result).recovered).toEqual([[]]);
    await chat.dispose();
  });

  it("leaves the conversation as it was when a turn is stopped or refused", async () => {
    const chat = vlm.chat({ image: picture(0) });
    await chat.ask({ question: "what pattern is the ground?" }).result;
    const context = chat.context;
    await expect(chat.ask({ question: QUESTION, signal: AbortSignal.abort() }).result).rejects.toThrow(/abort/i);
    const controller = new AbortController();
    const generation = { eos_token_id: -1 };
    const stopped = chat.ask({ question: QUESTION, maxNewTokens: 300, generation, signal: controller.signal });
    const reading = (async () => {
      for await (const _ of stopped) controller.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/i);
    expect(chat.context).toEqual(context);
    const after = await chat.ask({ question: QUESTION }).result;
    const fresh = vlm.chat({ image: picture(0) });
    await fresh.ask({ question: "what pattern is the ground?" }).result;
    const undisturbed = await fresh.ask({ question: QUESTION }).result;
    expect(after.tokenIds).toEqual(undisturbed.tokenIds);
    expect(after.turn).toBe(2);
    await expect(chat.ask({ question: "" })).rejects.toThrow(InvalidInputError);
    expect(() => vlm.chat({ image: picture(0), recovery: "maybe" as never })).toThrow(/append, reprefill or none/);
  });
});

describe("loadVlm refuses", () => {
  const folder = mkdtempSync(join(tmpdir(), "recoup-vlm-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  /** A copy of the bundled model with something wrong. */
  const broken = (name: string, spoil: (path: string) => void) => {
    const path = join(folder, name);
    cpSync(join(models, "tiny"), path, { recursive: true });
    cpSync(join(models, "tiny-clip"), join(folder, "tiny-clip"), { recursive: true });
    spoil(path);
    return path;
  };

  it.each([
    ["a folder that is not there", () => join(folder, "ghost"), /a model folder at .*ghost, got ENOENT/],
    ["a file for a folder", () => join(models, "tiny", "config.json"), /a model folder at .*config.json, got a file/],
    ["no config.json", () => broken("a", (p) => rmSync(join(p, "config.json"))), /config.json in .*a, got none/],
    [
      "a config that is none",
      () => broken("b", (p) => writeFileSync(join(p, "config.json"), "{")),
      /JSON in .*config.json/,
    ],
    [
      "no chat template",
      () =>
        broken("g", (p) => {
          const path = join(p, "tokenizer_config.json");
          const { chat_template: _, ...rest } = JSON.parse(readFileSync(path, "utf8"));
          writeFileSync(path, JSON.stringify(rest));
        }),
      /a chat template in .*g, got/,
    ],
    [
      "no vision encoder",
      () => broken("c", (p) => rmSync(join(p, "onnx/vision_encoder.onnx"))),
      /vision_encoder.onnx, got ENOENT/,
    ],
    [
      "a truncated vision encoder",
      () => broken("d", (p) => truncateSync(join(p, "onnx/vision_encoder.onnx"), 1_000_000)),
      /openOnnx/,
    ],
    [
      "no decoder",
      () => broken("e", (p) => rmSync(join(p, "onnx/decoder_model_merged.onnx"))),
      /no such file: .*decoder_model_merged.onnx, got ENOENT/,
    ],
    [
      "a truncated decoder",
      () => broken("f", (p) => truncateSync(join(p, "onnx/decoder_model_merged.onnx"), 1_000_000)),
      /decoder_model_merged/,
    ],
  ])("%s", async (_, make, message) => {
    await expect(loadVlm(make())).rejects.toThrow(message);
  });

  it("a family that is not served, before anything else is read", async () => {
    const path = join(folder, "qwen");
    cpSync(join(models, "tiny", "config.json"), join(path, "config.json"));
    writeFileSync(join(path, "config.json"), JSON.stringify({ model_type: "qwen2_vl" }));
    expect(existsSync(join(path, "onnx"))).toBe(false);
    await expect(loadVlm(path)).rejects.toThrow(/qwen2_vl: its positions follow/);
  });
});
