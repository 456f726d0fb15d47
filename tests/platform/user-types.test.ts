/**
 * The types of `recoup/transformers` in a user's project: strict, exact optional properties, declarations checked too; with and without
 * the types of the DOM, of Node and of transformers.js, none of which recoup's own may need.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-user-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const own = join(folder, "bare/node_modules/recoup");
  cpSync(join(root, "package.json"), join(own, "package.json"));
  const isDeclaration = (path: string) => !/\.(js|tsbuildinfo)$/.test(path);
  cpSync(join(root, "dist"), join(own, "dist"), { recursive: true, filter: isDeclaration });
  cpSync(join(folder, "bare"), join(folder, "full"), { recursive: true });
  for (const name of ["@huggingface", "@types", "undici-types"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, "full/node_modules", name));
  }
});

const PLAIN = `
import { type AskOptions, type Generation, type ImageInput, type LoadProgress, loadVlm } from "recoup/transformers";
const generation: Generation = { do_sample: true, temperature: 0.7, top_k: 40, top_p: 0.9 };
const pixels = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
const images: ImageInput[] = ["a.png", new Uint8Array(3), new ArrayBuffer(3), pixels];
const heard: string[] = [];
function progress(event: LoadProgress): void {
  switch (event.phase) {
    case "download": heard.push(event.model + event.file + event.loaded + (event.total ?? "?") + (event.share ?? 0)); break;
    case "prepare": case "session": heard.push(event.file); break;
    case "ready": break;
    default: { const never: never = event; heard.push(never); }
  }
}
export async function main(signal: AskOptions["signal"]): Promise<string> {
  const vlm = await loadVlm("tiny", { progress, signal });
  const asked = vlm.ask({ images, question: "What?", generation, signal, maxNewTokens: undefined });
  for await (const piece of asked) heard.push(piece);
  const { answer, timings } = await vlm.chat({ image: "a.png" }).ask({ question: "And?" });
  const encoded = await vlm.encodeImage("a.png", { signals: true });
  return answer + timings.total + encoded.features.count;
}
`;
const IN_NODE = `
import { loadVlm } from "recoup/transformers";
const vlm = await loadVlm("tiny", { signal: new AbortController().signal });
const images = [Buffer.from("a"), new Blob([]), new URL("a:b")];
console.log((await vlm.ask({ images, question: "a" })).answer);
`;
const IN_PAGE = `
import { loadVlm, type ImageInput } from "recoup/transformers";
export async function go(canvas: HTMLCanvasElement, bitmap: ImageBitmap, data: ImageData): Promise<string> {
  const vlm = await loadVlm("tiny", { signal: AbortSignal.timeout(5) });
  const images: ImageInput[] = [canvas, bitmap, data, new OffscreenCanvas(1, 1), new Blob([]), new File([], "a"), new URL("a:b")];
  return (await vlm.ask({ images, question: "a" })).answer;
}
`;
const WITH_LIBRARY = `
import * as transformers from "@huggingface/transformers";
import { loadVlm } from "recoup/transformers";
export async function go(image: transformers.RawImage): Promise<string> {
  const vlm = await loadVlm("tiny", { transformers });
  const logits_processor = new transformers.LogitsProcessorList();
  return (await vlm.ask({ image, question: "a", generation: { logits_processor } })).answer;
}
`;

interface Setup {
  readonly project?: "bare" | "full";
  readonly lib?: readonly string[];
  readonly types?: readonly string[];
  readonly module?: string;
  readonly skipLibCheck?: boolean;
}

/** What the compiler says of a program. */
async function compiled(program: string, setup: Setup): Promise<string> {
  const { project = "bare", lib = ["ES2022"], types = [], module = "NodeNext", skipLibCheck = false } = setup;
  const place = join(folder, project);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), '{"type":"module"}');
  writeFileSync(join(place, "use.ts"), program);
  const moduleResolution = module === "NodeNext" ? module : "Bundler";
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck };
  const compilerOptions = { ...strict, target: "ES2022", module, moduleResolution, lib, types, noEmit: true };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const run = promisify(execFile)(process.execPath, [tsc, "-p", place]);
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}` || "failed",
  );
}

it.each<[string, string, Setup]>([
  ["neither DOM nor Node", PLAIN, {}],
  ["a bundler", PLAIN, { module: "ESNext" }],
  ["the DOM", IN_PAGE, { lib: ["ES2022", "DOM"] }],
  ["Node", IN_NODE, { project: "full", types: ["node"] }],
  ["transformers.js, and no DOM", PLAIN, { project: "full" }],
  // The library's own declarations do not compile everywhere.
  ["transformers.js in a page", WITH_LIBRARY, { project: "full", lib: ["ES2022", "DOM"], skipLibCheck: true }],
])("compiles with %s", async (_, program, setup) => {
  expect(await compiled(program, setup)).toBe("");
});

it("in a bundler's project, names that only Node has do not compile", async () => {
  const program =
    'import { EXAMPLE_IMAGE, modelFolder } from "recoup/transformers"; console.log(EXAMPLE_IMAGE, modelFolder("tiny"));';
  const setup = { lib: ["ES2022", "DOM"] };
  expect(await compiled(program, setup)).toBe("");
  expect(await compiled(program, { ...setup, module: "ESNext" })).toMatch(/EXAMPLE_IMAGE[\s\S]*modelFolder/);
});

it("does not compile with a typo", async () => {
  const typo = PLAIN.replace("temperature: 0.7", "temprature: 0.7");
  expect(await compiled(typo, {})).toMatch(/temprature/);
  expect(await compiled(PLAIN.replace("maxNewTokens", "maxTokens"), {})).toMatch(/maxTokens/);
});
