/** Commands on a real terminal: texts of a stranger's files move no cursor, set no title, ring no bell, turn no line round. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-terminal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Clears the screen, sets the title, rings; in the eight-bit form, too; turns what follows round. */
const EVIL = "\u001b[2J\u001b]0;owned\u0007\u009b2J\u202eowned\u2066";
const model = (name: string) => join(folder, name, "tiny");

/** Whether this system's `script` takes a command (util-linux). */
const hasTerminal =
  existsSync("/usr/bin/script") && /util-linux/.test(spawnSync("script", ["--version"]).stdout?.toString());

/** All that a command shows on a terminal. */
function shown(...words: string[]): string {
  const command = [process.execPath, join(root, "dist/cli/main.js"), ...words];
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return execFileSync("script", ["-qec", `${quoted} || true`, "/dev/null"], {
    cwd: root,
    encoding: "utf8",
    timeout: 50_000,
  });
}

/** Changes a field of a copy of the bundled model. */
function changed(name: string, file: string, change: (json: Record<string, unknown>) => void): void {
  for (const each of ["tiny", "tiny-clip"]) {
    cpSync(join(root, "models", each), join(folder, name, each), { recursive: true });
  }
  const path = join(model(name), file);
  const json = JSON.parse(readFileSync(path, "utf8"));
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

beforeAll(() => {
  changed("class", "tokenizer_config.json", (json) => {
    json.tokenizer_class = `Tokenizer${EVIL}`;
  });
  changed("family", "config.json", (json) => {
    json.model_type = EVIL;
  });
  changed("clip", "manifest.json", (json) => {
    json.clip = `../${EVIL}`;
  });
  changed("answer", "tokenizer.json", (json) => {
    const { vocab } = json.model as { vocab: Record<string, number> };
    // Every token of an answer is the sequence.
    json.model = {
      ...(json.model as object),
      vocab: Object.fromEntries(
        Object.entries(vocab).map(([text, id]) => [/^\W*[a-z]+$/i.test(text) ? `${text}${EVIL}` : text, id]),
      ),
    };
  });
  writeFileSync(join(folder, `${EVIL.replaceAll("/", "")}.png`), "no image");
});

describe.skipIf(!hasTerminal)("a terminal", () => {
  const scene = join(root, "examples/scene.png");
  it.each([
    [
      "a tokenizer's class, which transformers.js prints",
      () => ["ask", scene, "what?", "--model", model("class")],
      /Unknown tokenizer class/,
    ],
    ["a family", () => ["ask", scene, "what?", "--model", model("family")], /a model of a family that is supported/],
    ["a folder of CLIP files", () => ["ask", scene, "what?", "--model", model("clip")], /owned/],
    ["a picture's name", () => ["ask", join(folder, `${EVIL}.png`), "what?"], /owned/],
    ["an address", () => ["ask", `http://127.0.0.1:9/${EVIL}`, "what?"], /owned/],
    ["a model's name", () => ["ask", scene, "what?", "--model", EVIL], /owned/],
    ["a command", () => [EVIL], /owned/],
    ["a flag", () => ["ask", `--${EVIL}`], /owned/],
    ["the words of an answer", () => ["ask", scene, "what color is the star?", "--model", model("answer")], /loaded/],
    ["a method", () => ["methods", EVIL], /owned/],
    ["an ONNX file", () => ["onnx", "inspect", join(folder, `${EVIL}.onnx`)], /owned/],
  ])("gets nothing of %s but its letters", (_, words, said) => {
    const text = shown(...words());
    expect(text).toMatch(said);
    for (const part of ["\u001b[2J", "\u001b]", "\u0007", "\u009b", "\u202e", "\u2066"])
      expect(text).not.toContain(part);
  });
});
