/** The bundled model in a real browser, from a server without ranges and one with: the answer and the plan of Node. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { type LoadProgress, loadVlm } from "../../src/vlm/transformers/node/index.js";
import { chromium } from "./chromium.js";
import { PAGE_START, root, runModelPage } from "./model-page.js";

const PROGRAM = `${PAGE_START}
try {
  const events = [];
  const vlm = await loadVlm("tiny", { transformers, dtype: "fp32", progress: (event) => events.push(event) });
  const asked = vlm.ask({ image: "/examples/scene.png", question: "What color is the star?" });
  let text = "";
  for await (const piece of asked) text += piece;
  const { answer, tokens, plans } = await asked.result;
  const bitmap = await createImageBitmap(await (await fetch("/examples/scene.png")).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const forms = [bitmap, canvas, canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)];
  const asks = forms.map((image) => vlm.ask({ image, question: "What color is the star?", maxNewTokens: 3 }));
  // What is drawn after the call is not asked about.
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  bitmap.close();
  const others = (await Promise.all(asks)).map(({ answer }) => answer);
  const bad = await vlm.ask({ image: "/README.md", question: "a" }).result.catch((error) => error.name);
  const missing = (name) => loadVlm(name, { transformers }).catch((error) => error.message);
  const ghosts = [await missing("ghost"), await missing("ghost-404")];
  await report({ text, answer, tokens, anchor: [...plans[0].anchor], bad, ghosts, others, events });
} catch (error) {
  await report({ error: String(error.stack ?? error) });
}
`;

it.skipIf(chromium === undefined)("asks in Chromium as in Node", { timeout: 180_000 }, async () => {
  const result = await runModelPage(PROGRAM, ["--disable-gpu"]);
  expect(result.error).toBeUndefined();
  const vlm = await loadVlm("tiny");
  const asked = { image: join(root, "examples/scene.png"), question: "What color is the star?" };
  const { answer, tokens, plans } = await vlm.ask(asked).result;
  await vlm.dispose();
  expect(result).toMatchObject({ answer, tokens, anchor: [...plans[0].anchor], bad: "InvalidInputError" });
  expect(result.others).toEqual([answer, answer, answer]);
  const events = result.events as readonly LoadProgress[];
  expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(["download", "prepare", "session", "ready"]));
  expect(events.at(-1)).toEqual({ phase: "ready" });
  // Its parts are read by ranges, as they are needed.
  const read = events.filter((event) => event.phase === "download" && event.file.endsWith("vision_encoder.onnx"));
  expect(read.length).toBeGreaterThan(2);
  expect(events.findLast(({ phase }) => phase === "download")).toMatchObject({ share: 1 });
  expect(String(result.text).trim()).toBe("green");
  expect(result.ghosts).toEqual([
    expect.stringMatching(/config.json in .*ghost\/.*, got none/),
    expect.stringMatching(/config.json in .*ghost-404\/.*, got none/),
  ]);
});
