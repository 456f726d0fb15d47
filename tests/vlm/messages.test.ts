/** Messages: several images in any of them, also in later turns; system messages; what is refused. Several models, one behavior. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInputError, rowCount } from "../../src/core/index.js";
import { loadVlm, type Message, type RgbImage, type Vlm } from "../../src/vlm/transformers/node/index.js";
import { drawScene, rasterize, sampleScene } from "../../src/world/index.js";
import { watchLogits } from "./watch-logits.js";

const families = fileURLToPath(new URL("../golden/families/", import.meta.url));
const QUESTIONS = ["what color is the star?", "what letter is on the sign?"];

const image = (index: number): RgbImage => {
  const scene = sampleScene({ split: "test", seed: 6, index });
  return { data: rasterize(drawScene(scene)), width: scene.size, height: scene.size };
};
const text = (text: string) => ({ type: "text", text }) as const;
const shown = (index: number) => ({ type: "image", image: image(index) }) as const;

beforeAll(() => {
  env.allowRemoteModels = false;
});

/** Of the same question, once by the library's generation, to see the logits. */
function watched() {
  const { steps, logits_processor } = watchLogits();
  return { steps, generation: { logits_processor } };
}

function expectClose(a: readonly Float32Array[], b: readonly Float32Array[]): void {
  expect(a).toHaveLength(b.length);
  const largest = Math.max(...b[0].map(Math.abs));
  const off = Math.max(...b.flatMap((step, i) => Array.from(step, (x, j) => Math.abs(x - a[i][j]))));
  expect(off / largest).toBeLessThan(1e-4);
}

// Without PaliGemma, which has no second turn.
const MODELS = ["tiny", "llava-siglip", "smolvlm", "gemma3", "fastvlm", "mistral3"];

describe.each(MODELS)("%s", (name) => {
  let vlm: Vlm;
  beforeAll(async () => {
    vlm = await loadVlm(name === "tiny" ? name : join(families, name));
  });
  afterAll(() => vlm.dispose());

  it("answers an image of a later turn as one prompt computed anew would be", async () => {
    for (const positions of ["compact", "original"] as const) {
      // Chosen by place alone, so that a later question changes nothing.
      const compression = { method: "uniform", budget: { retain: 6 } } as const;
      const chat = vlm.chat({ image: image(0), compression, positions });
      const first = await chat.ask({ question: QUESTIONS[0], maxNewTokens: 6 });
      const seen = watched();
      const { generation } = seen;
      const second = await chat.ask({ image: image(1), question: QUESTIONS[1], maxNewTokens: 6, generation });
      expect(second.plans.map(rowCount)).toEqual([6, 6]);
      expect(second.recovered).toEqual([[], []]);
      expect(chat.context).toEqual(second.plans);
      const anew = watched();
      const all = vlm.chat({ image: image(0), compression, positions, recovery: "reprefill" });
      await all.ask({ question: QUESTIONS[0], maxNewTokens: 6 });
      const whole = { image: image(1), question: QUESTIONS[1], maxNewTokens: 6, generation: anew.generation };
      const expected = await all.ask(whole);
      expect(expected.promptIds.length).toBeGreaterThan(first.promptIds.length + second.promptIds.length - 2);
      expect(second.tokens.source).toBe(expected.tokens.source);
      // Answers of random weights are no words: their text has other ids than they in two of the families.
      if (second.tokens.prompt === expected.promptIds.length) {
        expect(second.tokenIds).toEqual(expected.tokenIds);
        expectClose(seen.steps, anew.steps);
        const tail = expected.positionIds[0].slice(-second.promptIds.length);
        expect(second.positionIds[0]).toEqual(tail);
      } else expect(["smolvlm", "mistral3"]).toContain(name);
      await Promise.all([chat.dispose(), all.dispose()]);
    }
  });

  it("takes two images in one message, and in two", async () => {
    const compression = { method: "uniform", budget: { retain: 4 } } as const;
    const options = { compression, maxNewTokens: 3 };
    const sugar = await vlm.ask({ ...options, images: [image(0), image(1)], question: QUESTIONS[0] });
    const content = [shown(0), shown(1), text(QUESTIONS[0])];
    const one = await vlm.ask({ ...options, messages: [{ role: "user", content }] });
    expect(one.promptIds).toEqual(sugar.promptIds);
    expect(one.tokenIds).toEqual(sugar.tokenIds);
    expect(one.plans.map(rowCount)).toEqual([4, 4]);
    const apart: Message[] = [
      { role: "user", content: [shown(0), text(QUESTIONS[1])] },
      { role: "assistant", content: "a star" },
      { role: "user", content: [shown(1), text(QUESTIONS[0])] },
    ];
    const two = await vlm.ask({ ...options, messages: apart });
    expect(two.promptIds.filter((id) => id === 3)).toHaveLength(8);
    expect(two.tables).toHaveLength(2);
    // The rows of each image stand in its own message.
    const places = two.promptIds.flatMap((id, at) => (id === 3 ? [at] : []));
    expect(places[4] - places[3]).toBeGreaterThan(3);
  });
});

describe("the bundled model", () => {
  let vlm: Vlm;
  beforeAll(async () => {
    vlm = await loadVlm("tiny");
  });
  afterAll(() => vlm.dispose());

  it("writes a system message before the question, in one prompt and in a conversation", async () => {
    const system: Message = { role: "system", content: "a red star" };
    const messages: Message[] = [system, { role: "user", content: [shown(0), text(QUESTIONS[0])] }];
    const asked = await vlm.ask({ messages, maxNewTokens: 4 });
    const plain = await vlm.ask({ image: image(0), question: QUESTIONS[0], maxNewTokens: 4 });
    expect(asked.tokens.kept).toBe(plain.tokens.kept);
    const more = asked.promptIds.length - plain.promptIds.length;
    expect(more).toBeGreaterThan(3);
    // After the begin token stands the system message, then what would be there without it.
    expect(asked.promptIds.slice(1 + more)).toEqual(plain.promptIds.slice(1));
    const chat = vlm.chat({ image: image(0), messages: [system] });
    expect((await chat.ask({ question: QUESTIONS[0], maxNewTokens: 4 })).promptIds).toEqual(asked.promptIds);
    // The first question's images come before what it brings itself.
    const both = vlm.chat({ image: image(0) });
    const { plans } = await both.ask({ messages: [{ role: "user", content: [shown(1), text(QUESTIONS[0])] }] });
    expect(plans).toHaveLength(2);
    await Promise.all([chat.dispose(), both.dispose()]);
  });

  it("recovers by image, and shares a budget over those of a conversation", async () => {
    const compression = { method: "text-topk", budget: { retain: 20 } } as const;
    const chat = vlm.chat({ images: [image(0), image(1)], compression, imageBudget: "shared" });
    const first = await chat.ask({ question: "what pattern is the ground?", maxNewTokens: 4 });
    expect(first.plans.map(rowCount)).toEqual([10, 10]);
    const second = await chat.ask({ image: image(2), question: QUESTIONS[1], maxNewTokens: 4 });
    const [one, two, three] = second.recovered;
    expect(one.length + two.length).toBeGreaterThan(0);
    expect(three).toEqual([]);
    expect(second.plans.map(rowCount)).toEqual([10 + one.length, 10 + two.length, 6]);
    // Rows of each image that came back, then those of the new one.
    expect(second.promptIds.filter((id) => id === 3)).toHaveLength(one.length + two.length + 6);
    await chat.dispose();
  });

  it("goes by the last message's text, or by another one", async () => {
    const earlier: Message[] = [
      { role: "user", content: [shown(0), text(QUESTIONS[1])] },
      { role: "assistant", content: "A" },
    ];
    const options = { maxNewTokens: 1, compression: { method: "text-topk", budget: { retain: 9 } } } as const;
    const asked = await vlm.ask({ ...options, messages: [...earlier, { role: "user", content: QUESTIONS[0] }] });
    const alone = await vlm.ask({ ...options, image: image(0), question: QUESTIONS[0] });
    expect(asked.plans).toEqual(alone.plans);
    const messages: Message[] = [...earlier, { role: "user", content: QUESTIONS[0] }];
    const other = await vlm.ask({ ...options, messages, relevanceText: QUESTIONS[1] });
    expect(other.plans).not.toEqual(asked.plans);
  });

  it.each<[string, object, RegExp]>([
    ["no messages", { messages: [] }, /the last is the user's, got none/],
    ["messages that are no list", { messages: "what?" }, /messages as a list, got "what\?"/],
    ["an unknown role", { messages: [{ role: "tool", content: "a" }] }, /messages\[0\].role as one of "system"/],
    [
      "an answer at the end",
      { messages: [{ role: "assistant", content: "a" }] },
      /the last is the user's, got assistant/,
    ],
    [
      "a system message in the middle",
      { messages: ["user", "system", "user"].map((role) => ({ role, content: "a" })) },
      /a system message at the start only, got one at 1/,
    ],
    ["a message without content", { messages: [{ role: "user" }] }, /messages\[0\].content/],
    ["an empty question", { messages: [{ role: "user", content: [] }] }, /a question, got an empty text/],
    [
      "an empty message before it",
      { messages: ["", "a"].map((content) => ({ role: "user", content })) },
      /messages with content, got an empty one at 0/,
    ],
    [
      "an unknown kind of part",
      { messages: [{ role: "user", content: [{ type: "video" }] }] },
      /content\[0\].type as one of "text", "image"/,
    ],
    [
      "a part without its image",
      { messages: [{ role: "user", content: [text("a"), { type: "image" }] }] },
      /an image, or where it is/,
    ],
    [
      "an image without pixels",
      { messages: [{ role: "user", content: [text("a"), { type: "image", image: { width: 2, height: 2 } }] }] },
      /an image, or where it is/,
    ],
    ["no pixels in an image", { question: "a", image: { width: 2, height: 2, data: null } }, /and 0 bytes/],
    ["messages beside a question", { question: "a", messages: [] }, /messages, or a question with images, got both/],
    [
      "a typed placeholder",
      { messages: [{ role: "user", content: "what is <image>?" }] },
      /0 placeholders of images in the prompt, got 1/,
    ],
  ])("refuses %s", async (_, options, message) => {
    await expect(vlm.ask(options)).rejects.toThrow(InvalidInputError);
    await expect(vlm.ask(options)).rejects.toThrow(message);
    const chat = vlm.chat();
    await expect(chat.ask(options)).rejects.toThrow(message);
    await chat.dispose();
  });

  it("refuses wrong images and messages of a chat at once", () => {
    expect(() => vlm.chat({ image: 3 as never })).toThrow(/an image, or where it is, got 3/);
    expect(() => vlm.chat({ images: [image(0)], image: image(1) })).toThrow(/image or images, got both/);
    expect(() => vlm.chat({ messages: [{ role: "judge", content: "a" } as never] })).toThrow(/messages\[0\].role/);
    expect(() => vlm.chat({ compression: { method: "magic" as never } })).toThrow(/magic/);
  });
});
