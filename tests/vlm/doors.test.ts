/** Options of unknown origin at the doors of the bundled model: what does not fit is refused with a typed error, and nothing else is thrown. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BudgetError, InvalidInputError, RecoupError } from "../../src/core/index.js";
import { type EncodedImage, EXAMPLE_IMAGE, loadVlm, type Vlm } from "../../src/vlm/transformers/node/index.js";

const QUESTION = "What color is the star?";
const trap = () => {
  throw new TypeError("mine");
};
const hostile = () => new Proxy({}, { get: trap, has: trap, ownKeys: trap });

let vlm: Vlm;
let image: EncodedImage;
beforeAll(async () => {
  env.allowRemoteModels = false;
  vlm = await loadVlm("tiny");
  image = await vlm.encodeImage(EXAMPLE_IMAGE);
});
afterAll(() => vlm.dispose());

/** Asks about the image, with any options. */
const ask = (options: object) => vlm.ask({ image, question: QUESTION, maxNewTokens: 2, ...options } as never).result;
const refused = async (work: Promise<unknown>, message: RegExp, type: new (...facts: never[]) => Error) => {
  const error = await work.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(type);
  expect(error.message).toMatch(message);
};

describe("pixels", () => {
  const bytes = new Uint8Array(12);
  it.each<[string, object]>([
    ["a path as data", { width: EXAMPLE_IMAGE.length / 3, height: 1, data: EXAMPLE_IMAGE }],
    ["a path as data, of a fitting length", { width: 1, height: 1, data: "abc" }],
    ["a list as data", { width: 2, height: 2, data: Array(12).fill(0) }],
    ["floats as data", { width: 2, height: 2, data: new Float32Array(12) }],
    ["a length as data", { width: 2, height: 2, data: { length: 12 } }],
    ["sizes that are texts", { width: "2", height: "2", data: bytes }],
    ["a size that is not whole", { width: 1.5, height: 2, data: new Uint8Array(9) }],
    ["a size of none", { width: 0, height: 2, data: new Uint8Array(0) }],
  ])("refuses %s", async (_, pixels) => {
    await refused(ask({ image: pixels }), /width x height x 3 bytes in a Uint8Array/, InvalidInputError);
    await refused(vlm.encodeImage(pixels as never), /width x height x 3 bytes in a Uint8Array/, InvalidInputError);
  });

  it("takes both kinds of bytes", async () => {
    for (const data of [bytes, new Uint8ClampedArray(12)]) {
      expect((await vlm.encodeImage({ width: 2, height: 2, data })).features.count).toBe(576);
    }
  });
});

describe("ask", () => {
  it.each([undefined, null, 5, "x", [], () => 1])("refuses %s for its options", async (options) => {
    await refused(vlm.ask(options as never).result, /options as an object/, InvalidInputError);
  });

  const method = { id: "half", needs: [], plan: () => undefined };
  it.each<[string, readonly unknown[], RegExp]>([
    ["signal", [null, 5, {}, { aborted: true }], /signal as an AbortSignal/],
    ["prompt", [0, {}], /prompt as a text/],
    ["compression", [null, 5, "none", [], () => 1], /compression as an object/],
    ["generation", [null, 5, "x", []], /generation as an object/],
    ["maxNewTokens", [0, 1.5, "5", null], /maxNewTokens as a whole number from 1/],
  ])("refuses wrong values of %s", async (name, values, message) => {
    for (const value of values) await refused(ask({ [name]: value }), message, InvalidInputError);
  });

  it("refuses images that are no list", async () => {
    for (const images of [null, 5, "abc", {}, { length: 2 }, new Set([image])]) {
      await refused(vlm.ask({ images, question: QUESTION } as never).result, /images as a list/, InvalidInputError);
    }
    const sparse = vlm.ask({ images: new Array(2), question: QUESTION } as never);
    await refused(sparse.result, /images\[0\] as an image/, InvalidInputError);
  });

  it("refuses methods that are none, or half made", async () => {
    const half = [
      { ...method, id: 5 },
      { ...method, needs: null },
      { ...method, plan: 5 },
      { ...method, needsWith: 5 },
    ];
    for (const value of [null, 5, {}, [], () => 1, ...half]) {
      await refused(ask({ compression: { method: value } }), /compression.method as a method's id/, InvalidInputError);
    }
  });

  it("takes a method whose plan is its class's", async () => {
    const [plan] = (await ask({ compression: { method: "none" } })).plans;
    class Own {
      id = "own";
      needs = [];
      plan() {
        return plan;
      }
    }
    expect((await ask({ compression: { method: new Own() } })).method).toBe("own");
  });

  it.each(["each", "shared"])("refuses a count that is no whole number in a budget for %s", async (imageBudget) => {
    for (const retain of [10n, 5.5, "10", [10], undefined, Number.NaN, null]) {
      const asked = { image: undefined, images: [image, image], imageBudget, compression: { budget: { retain } } };
      await refused(ask(asked), /^ask: expected a budget as rows/, BudgetError);
    }
    const inherited = Object.create({ retain: "10" });
    await refused(
      ask({ image: undefined, images: [image, image], imageBudget, compression: { budget: inherited } }),
      /^ask: expected a budget as rows/,
      BudgetError,
    );
  });

  it("refuses what cannot be read, wherever it is", async () => {
    const getter = (name: string) => Object.defineProperty({}, name, { get: trap, enumerable: true });
    const names = ["image", "question", "messages", "compression", "generation", "signal", "prompt", "relevanceText"];
    for (const value of [hostile(), ...names.map(getter)]) {
      await refused(vlm.ask(value as never).result, /as a value that can be read/, InvalidInputError);
    }
    const inside = [
      ...["image", "messages", "compression", "generation", "signal", "question", "prompt"].map((name) => ({
        [name]: hostile(),
      })),
      { image: undefined, images: hostile() },
      { compression: { method: hostile() } },
      { compression: getter("seed") },
      { generation: getter("top_k") },
      { image: Object.assign(getter("data"), { width: 1, height: 1 }) },
    ];
    for (const options of inside) {
      const asked = "messages" in options ? vlm.ask(options as never).result : ask(options);
      await refused(asked, /^ask: expected/, InvalidInputError);
    }
    for (const budget of [hostile(), getter("retain")]) {
      await refused(ask({ compression: { budget } }), /^ask: expected a budget as rows/, BudgetError);
    }
  });

  it("names a hook of generation by what it returns", async () => {
    const right = (_: unknown, logits: unknown) => logits;
    for (const [generation, message] of [
      [{ logits_processor: () => undefined }, /generation\.logits_processor to return logits, .*got undefined/],
      [{ logits_processor: [right, async () => 5] }, /generation\.logits_processor\[1\] to return/],
      [{ stopping_criteria: () => undefined }, /generation\.stopping_criteria to return a list .*got undefined/],
      [{ stopping_criteria: [() => [false], () => true] }, /generation\.stopping_criteria\[1\] .*got true/],
    ] as const) {
      await refused(ask({ generation }), message, InvalidInputError);
    }
  });

  it("names the stage and the cause where the host's generation fails", async () => {
    for (const generation of [
      { logits_processor: [trap] },
      { stopping_criteria: [trap] },
      { stopping_criteria: trap },
    ]) {
      const error = await ask({ generation }).catch((error) => error);
      expect(error).toBeInstanceOf(RecoupError);
      expect(error.message).toMatch(/^ask: generation: /);
      expect(error.cause).toBeInstanceOf(TypeError);
    }
    expect((await ask({})).answer).not.toBe("");
  });
});

describe("thin images", () => {
  it.each([
    [1, 5000],
    [50_000, 1],
  ])("of %i x %i are answered as their middle", async (width, height) => {
    const thin = { width, height, data: new Uint8Array(3 * width * height).fill(200) };
    const strip = { width: Math.min(width, 100), height: Math.min(height, 100), data: new Uint8Array(300).fill(200) };
    const [answer, middle] = [await ask({ image: thin }), await ask({ image: strip })];
    expect(answer.answer).toBe(middle.answer);
    expect(answer.tables[0].features).toEqual(middle.tables[0].features);
  });
});

describe("generation", () => {
  it("refuses names that are none, with the nearest", async () => {
    for (const [name, near] of [
      ["temprature", "temperature"],
      ["doSample", "do_sample"],
      ["TOP_P", "top_p"],
      ["repetition_penalti", "repetition_penalty"],
    ]) {
      const message = new RegExp(`generation options among .*, got ${name}; did you mean ${near}\\?$`);
      await refused(ask({ generation: { [name]: 1 } }), message, InvalidInputError);
    }
    for (const name of ["typical_p", "max_time", "stop", "num_return_sequences", "x".repeat(1000), "__proto__x"]) {
      await refused(
        ask({ generation: { [name]: 1 } }),
        /generation options among do_sample, .{0,600}$/,
        InvalidInputError,
      );
    }
  });

  it.each<[string, readonly unknown[]]>([
    ["do_sample", [1, "true", null]],
    ["temperature", [1e-38, 1e-16, -1, "hot", Number.NaN, Number.POSITIVE_INFINITY, null, [1]]],
    ["top_k", [-1, 1.5, "5", null]],
    ["top_p", [-0.1, 1.1, "0.5", Number.NaN]],
    ["repetition_penalty", [1e-300, 0, -1, "1", Number.NaN]],
    ["no_repeat_ngram_size", [-1, 0.5]],
    ["min_length", [-1, "5"]],
    ["min_new_tokens", [-1, "5"]],
    ["bad_words_ids", [5, [5], [["a"]], "abc"]],
    ["suppress_tokens", [5, [-1], ["a"]]],
    ["eos_token_id", [-2, "5", ["a"], 1.5]],
    ["num_beams", [2, 0, "1"]],
    ["logits_processor", [5, [5], "abc", {}]],
    ["stopping_criteria", [5, [5], "abc", {}]],
  ])("refuses wrong values of %s", async (name, values) => {
    for (const value of values) {
      const asked = ask({ generation: { [name]: value } });
      await refused(asked, new RegExp(`^ask: expected generation.${name}`), InvalidInputError);
    }
  });
});

describe("chat", () => {
  it.each<[string, unknown, RegExp]>([
    ["nothing", null, /options as an object/],
    ["a number", 5, /options as an object/],
    ["images that are no list", { images: "abc" }, /images as a list/],
    ["no compression", { compression: null }, /compression as an object/],
    ["no method", { compression: { method: {} } }, /compression.method/],
    ["what cannot be read", hostile(), /as a value that can be read/],
  ])("refuses %s for its options", (_, options, message) => {
    expect(() => vlm.chat(options as never)).toThrow(InvalidInputError);
    expect(() => vlm.chat(options as never)).toThrow(message);
  });

  it("refuses wrong options of a turn, and those that only ask or the chat itself takes", async () => {
    const chat = vlm.chat({ image });
    for (const asked of [null, undefined, 5]) {
      await refused(chat.ask(asked as never).result, /options as an object/, InvalidInputError);
    }
    const wrong = {
      signal: {},
      prompt: "USER: <image> ASSISTANT:",
      compression: { method: "none" },
      positions: "compact",
    };
    for (const [name, value] of Object.entries(wrong)) {
      const asked = { question: QUESTION, [name]: value };
      await refused(chat.ask(asked as never).result, new RegExp(`${name} as|got ${name}$`), InvalidInputError);
    }
    await refused(chat.ask(hostile() as never).result, /as a value that can be read/, InvalidInputError);
    await chat.dispose();
  });

  it.each(["append", "reprefill"] as const)("refuses a system message after the first turn: %s", async (recovery) => {
    const chat = vlm.chat({ image, recovery });
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: QUESTION },
    ] as const;
    await chat.ask({ messages, maxNewTokens: 2 });
    const again = chat.ask({ messages, maxNewTokens: 2 });
    await refused(again.result, /a system message at the start only, got one at 3/, InvalidInputError);
    expect((await chat.ask({ question: QUESTION, maxNewTokens: 2 })).turn).toBe(2);
    await chat.dispose();
  });
});

describe("names that are no options", () => {
  it.each<[string, RegExp]>([
    ["compresion", /^ask: expected options among image, .*, got compresion; did you mean compression\?$/],
    ["max_new_tokens", /got max_new_tokens; did you mean maxNewTokens\?$/],
    ["MAXNEWTOKENS", /did you mean maxNewTokens\?$/],
    ["budget", /got budget; did you mean compression: \{ budget \}\?$/],
    ["do_sample", /got do_sample; did you mean generation: \{ do_sample \}\?$/],
    ["zzz", /got zzz$/],
  ])("%s is refused by ask", async (name, message) => {
    await refused(ask({ [name]: {} }), message, InvalidInputError);
  });

  it.each([
    ["metod", "method"],
    ["textPolarty", "textPolarity"],
  ])("compression: { %s }", async (name, near) => {
    const message = new RegExp(`method, budget and a method's own options, got ${name}; did you mean ${near}\\?$`);
    await refused(ask({ compression: { [name]: 1 } as never }), message, InvalidInputError);
  });

  it("are refused by chats, their turns, encodeImage and loadVlm", async () => {
    expect(() => vlm.chat({ image, recovry: "none" } as never)).toThrow(
      /^chat: .*got recovry; did you mean recovery\?$/,
    );
    const turn = { question: QUESTION, compression: {} };
    await refused(
      vlm.chat({ image }).ask(turn as never).result,
      /^ask: expected options among .*, got compression$/,
      InvalidInputError,
    );
    await refused(vlm.encodeImage(image, { sinals: true } as never), /did you mean signals\?$/, InvalidInputError);
    await refused(loadVlm("tiny", { text_polarity: 1 } as never), /did you mean textPolarity\?$/, InvalidInputError);
  });

  it("may be there without a value", async () => {
    expect((await ask({ compresion: undefined })).tokens.kept).toBe(57);
  });
});

describe("encodeImage and loadVlm", () => {
  it("refuse wrong options", async () => {
    for (const options of [null, 5, { signals: "x" }, { signal: 5 }, { signal: {} }, hostile()]) {
      await refused(vlm.encodeImage(EXAMPLE_IMAGE, options as never), /encodeImage: expected/, InvalidInputError);
    }
    for (const options of [null, 5, { signal: 5 }, { signal: { aborted: true } }, hostile()]) {
      await refused(loadVlm("tiny", options as never), /loadVlm: expected/, InvalidInputError);
    }
  });
});

describe("signals", () => {
  it("take a question out of the queue at once", async () => {
    const long = vlm.ask({ image, question: QUESTION, maxNewTokens: 300, generation: { min_new_tokens: 300 } });
    const controller = new AbortController();
    const chat = vlm.chat({ image });
    const { signal } = controller;
    const waiting = [
      ask({ signal }),
      chat.ask({ question: QUESTION, signal }).result,
      vlm.encodeImage(EXAMPLE_IMAGE, { signal }),
    ];
    let isAnswered = false;
    const answered = long.result.then(() => {
      isAnswered = true;
    });
    controller.abort();
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe("rejected");
    expect(isAnswered).toBe(false);
    await answered;
    await chat.dispose();
  });

  it("stop the download of an image, and the next question is answered", async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "image/png" }).write("x");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
    const controller = new AbortController();
    const endless = ask({ image: address, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(endless).rejects.toThrow(/abort/i);
    expect((await ask({})).answer).not.toBe("");
    server.closeAllConnections();
    server.close();
  });
});

describe("answers", () => {
  const read = async (asked: AsyncIterable<string>) => {
    let text = "";
    for await (const piece of asked) text += piece;
    return text.trim();
  };

  it("are awaited for the result and iterated for the pieces, of ask and of a chat's turns", async () => {
    const chat = vlm.chat({ image });
    const options = { question: QUESTION, maxNewTokens: 3 };
    for (const ask of [() => vlm.ask({ image, ...options }), () => chat.ask(options)]) {
      const { answer } = await ask();
      const asked = ask();
      expect(await read(asked)).toBe(answer);
      expect((await asked).answer).toBe(answer);
      expect((await asked.result).answer).toBe(answer);
    }
    await chat.dispose();
  });

  it("throw nothing at the call, and nothing at all where nobody listens", async () => {
    const chat = vlm.chat();
    const wrong = [
      undefined,
      {},
      { question: 5 },
      { question: "a", image: 5 },
      { question: "a", generation: { x: 1 } },
    ];
    const late = [
      { question: "a", image: "nowhere.png" },
      { question: "a", signal: AbortSignal.abort() },
    ];
    for (const options of [...wrong, ...late]) {
      for (const ask of [() => vlm.ask(options as never), () => chat.ask(options as never)]) {
        // Nobody listens: an unhandled rejection would fail this test's run.
        ask();
        await expect(read(ask())).rejects.toThrow(Error);
        await expect(ask()).rejects.toThrow(Error);
        // Who leaves early has not listened either.
        for await (const _ of vlm.ask({ image, question: QUESTION, maxNewTokens: 1 })) break;
      }
    }
    await chat.dispose();
  });
});

it("refuses work on an image of a model that is gone, and lets its chats be disposed of", async () => {
  const other = await loadVlm("tiny");
  const encoded = await other.encodeImage(EXAMPLE_IMAGE);
  for (const text of [null, 5, {}]) {
    await refused(encoded.table(text as never), /relevanceText as a text/, InvalidInputError);
  }
  const { features } = encoded;
  for (const rows of [null, {}, { ...features, dim: features.dim + 1 }, { ...features, count: 1 }]) {
    await refused(encoded.project(rows as never), /expected/, InvalidInputError);
  }
  const chat = other.chat({ image: encoded });
  await chat.ask({ question: QUESTION, maxNewTokens: 2 });
  await other.dispose();
  await chat.dispose();
  expect(chat.context).toEqual([]);
  await refused(encoded.table("star"), /the model is disposed of/, InvalidInputError);
  await refused(encoded.project(features), /the model is disposed of/, InvalidInputError);
});
