/** `recoup ask` and `recoup chat` as a user runs them: answers on stdout, all else on stderr. */
import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { planFromJson } from "../../src/core/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const scene = join(root, "examples/scene.png");
const folder = mkdtempSync(join(tmpdir(), "recoup-ask-"));
afterAll(() => rmSync(folder, { recursive: true }));

function recoup(args: readonly string[], input = "") {
  const { stdout, stderr, status } = spawnSync("node", [join(root, "dist/bin/recoup.js"), ...args], {
    encoding: "utf8",
    input,
  });
  return { stdout, stderr, status };
}

describe("recoup ask", () => {
  it("answers on stdout and says on stderr what it kept and took", () => {
    const { stdout, stderr, status } = recoup(["ask", scene, "What color is the star?"]);
    expect([status, stdout]).toEqual([0, "green\n"]);
    expect(stderr).toMatch(/57 of 576 visual tokens \(9.9 %\): 2 visual, 23 text, 32 merged/);
    expect(stderr).toMatch(/first token after \d+ ms .*KV cache 0.28 of 2.40 MB/);
    expect(stderr).toMatch(/synthetic pictures only/);
  });

  it("compares with all tokens, and draws", () => {
    const svg = join(folder, "kept.svg");
    const { stdout, stderr } = recoup([
      "ask",
      scene,
      "What color is the star?",
      "--budget",
      "40",
      "--compare",
      "--overlay",
      svg,
    ]);
    expect(stdout).toMatch(/^green\n\n +all tokens/);
    expect(stdout).toMatch(/answer +green +green +same\nvisual tokens +576 +40 +14x fewer\n/);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("first token tells nothing about a real model's");
    expect(stderr).toContain("rounds: 3 of 3\n");
    expect(readFileSync(svg, "utf8")).toMatch(/“green”/);
  });

  it("is one JSON object with --json", () => {
    const { stdout } = recoup([
      "ask",
      scene,
      "What color is the star?",
      "--method",
      "cls-topk",
      "--budget",
      "10%",
      "--json",
    ]);
    const { answer, tokens, roles, timings, kvBytes, plan, model, method } = JSON.parse(stdout);
    expect({ answer, tokens, model, method }).toMatchObject({
      answer: expect.any(String),
      tokens: { source: 576, kept: 57 },
      model: "tiny",
      method: "cls-topk",
    });
    expect(roles).toMatchObject({ visual: 57, text: 0 });
    expect(timings).toMatchObject({
      prefill: expect.any(Number),
      total: expect.any(Number),
      vision: expect.any(Number),
    });
    expect(kvBytes.full).toBeGreaterThan(kvBytes.kept);
    expect(planFromJson(plan).sourceCount).toBe(576);
  });

  it("says of the toy, and of it alone, that a picture is none that it knows", () => {
    const photo = join(folder, "photo.png");
    // The same pixels saved anew would do as well: nothing says that they are of the world.
    const bytes = readFileSync(scene);
    const at = bytes.indexOf("tEXtSoftware");
    writeFileSync(photo, Buffer.concat([bytes.subarray(0, at - 4), bytes.subarray(bytes.length - 12)]));
    const svg = join(folder, "photo.svg");
    const question = "What color is the star?";
    const plain = recoup(["ask", photo, question, "--overlay", svg]);
    expect(plain).toMatchObject({ status: 0, stdout: "green\n" });
    expect(plain.stderr).toMatch(
      /^The bundled model is a toy that knows recoup's synthetic pictures only, .*tells nothing.$/m,
    );
    expect(readFileSync(svg, "utf8")).toMatch(/The bundled model is a toy/);
    const asked = (image: string) => JSON.parse(recoup(["ask", image, question, "--json"]).stdout);
    expect(asked(photo)).toMatchObject({ toy: true, warning: expect.stringMatching(/toy/) });
    const known = asked(scene);
    expect([known.toy, "warning" in known]).toEqual([true, false]);
    expect(recoup(["ask", scene, question]).stderr).not.toMatch(/tells nothing/);
    expect(recoup(["chat", photo], `${question}\n${question}\n`).stderr.match(/tells nothing/g)).toHaveLength(1);
    const made = join(folder, "made");
    const synth = ["synth", "--tasks", "syn_textvqa", "--split", "val", "--count", "1", "--out", made, "--quiet"];
    expect(recoup(synth).status).toBe(0);
    const [picture] = readdirSync(made, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".png"));
    expect("warning" in asked(join(made, picture))).toBe(false);
  });

  it("keeps stderr for errors with --quiet, and for what was asked for", () => {
    const asked = recoup(["ask", scene, "What color is the star?", "--quiet", "--overlay", join(folder, "q.svg")]);
    expect(asked).toEqual({ status: 0, stdout: "green\n", stderr: "" });
    const chat = recoup(["chat", scene, "--quiet"], "What color is the star?\n/foo\n");
    expect(chat).toEqual({ status: 0, stdout: "green\n", stderr: "expected a question, /tokens or /quit\n" });
    const compared = recoup(["ask", scene, "What color is the star?", "--quiet", "--compare"]);
    expect(compared).toMatchObject({ status: 0, stderr: "" });
    expect(compared.stdout).toMatch(/^green\n\n +all tokens +recoup +vs all tokens\n/);
  });

  it("takes the places of the tokens as a flag, and refuses other ones", () => {
    const question = "What color is the star?";
    const original = recoup(["ask", scene, question, "--positions", "original", "--budget", "24"]);
    expect(original).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\w+\n$/) });
    const refused = recoup(["ask", scene, question, "--positions", "orignal"]);
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toMatch(/--positions compact or original, got orignal; did you mean original\?/);
    const loud = recoup(["ask", scene, question, "--mass", "7"]);
    expect(loud).toMatchObject({ status: 2, stdout: "" });
    expect(loud.stderr).toMatch(/--mass on, off or a number from 0 to 5, got 7/);
  });

  it("says how clearly the question points at something: on the terminal, as JSON, and in the picture", () => {
    const [question, absent] = ["What color is the star?", "What letter is on the red sign?"];
    const drawn = (name: string) => join(folder, name);
    const clear = recoup(["ask", scene, question, "--overlay", drawn("clear.svg")]);
    const line = /the question points at something here: peak \d+\.\d z, confidence 1\.00/;
    expect(clear.stderr).toMatch(line);
    expect(readFileSync(drawn("clear.svg"), "utf8")).toMatch(line);
    const asJson = (...args: string[]) =>
      JSON.parse(recoup(["ask", scene, question, "--json", ...args]).stdout).evidence;
    expect(asJson()).toMatchObject({ peak: expect.any(Number), confidence: 1 });
    // No text is held against the tokens, or every token stays.
    expect(asJson("--method", "uniform")).toBeNull();
    expect(asJson("--method", "none")).toBeNull();
    const nothing = recoup(["ask", scene, absent, "--overlay", drawn("nothing.svg")]);
    expect(nothing.stderr).toMatch(/the question points at nothing here \(peak \d\.\d z\): coverage/);
    expect(readFileSync(drawn("nothing.svg"), "utf8")).toMatch(/points at nothing here/);
  });

  it("says what the decoder was told of the rows, and what it was not", () => {
    const question = "What color is the star?";
    const told = (...flags: string[]) =>
      JSON.parse(recoup(["ask", scene, question, "--budget", "24", "--json", ...flags]).stdout).told;
    expect(told("--positions", "compact", "--mass", "off")).toEqual({ positions: "compact", mass: 0, untold: {} });
    const loud = ["--method", "cdpruner", "--positions", "original", "--mass", "0.5"];
    expect(told(...loud)).toEqual({ positions: "original", mass: 0.5, untold: {} });
    const reason = "the method cls-topk gives its rows none";
    expect(told("--method", "cls-topk", "--mass", "on")).toMatchObject({ mass: 0, untold: { mass: reason } });
    const line = `not told to the decoder: mass (${reason})\n`;
    const asked = ["--method", "cls-topk", "--mass", "on", "--budget", "24"];
    const { stdout, stderr } = recoup(["ask", scene, question, ...asked]);
    expect([stdout.split("\n").length, stderr.split(line).length]).toEqual([2, 2]);
    expect(recoup(["ask", scene, question, ...loud]).stderr).not.toContain("not told");
    // Once, since it holds for all answers.
    expect(recoup(["chat", scene, ...asked], `${question}\n${question}\n`).stderr.split(line)).toHaveLength(2);
    const all = ["ask", scene, question, "--method", "none", "--mass", "on"];
    expect(recoup(all)).toMatchObject({ status: 0, stderr: expect.not.stringContaining("not told") });
  });

  it.each([
    [["ask"], /expected IMAGE QUESTION, got nothing/],
    [["ask", scene], /expected IMAGE QUESTION/],
    [["ask", scene, ""], /expected a question, got an empty text/],
    [["ask", "ghost.png", "a"], /a readable picture at ghost.png, got ENOENT/],
    [["ask", "", "a"], /expected an image, got an empty text/],
    [["ask", "ghost.png", "a", "--model", ""], /--model NAME, got an empty text/],
    [
      ["ask", "data:image/png;base64,AAAAAAAA", "a"],
      /a file of unknown format is not read: .*got the data: URL \(image\/png, 30 characters\)\n$/,
    ],
    [["ask", "README", "a"], /readImage: .*README/],
    [["ask", scene, "a", "--model", "ghost"], /a model folder at .*ghost, got ENOENT/],
    [["ask", scene, "a", "--method", "magic"], /magic/],
    [["ask", scene, "a", "--budget", "9999"], /from 1 to 576, got 9999/],
    [["ask", scene, "a", "--overlay", "x.gif"], /--overlay FILE.svg or FILE.png, got x.gif/],
    [["ask", scene, "a", "--overlay", scene], /an output other than the input/],
    [["chat", scene, "--recovery", "maybe"], /append, reprefill or none, got maybe/],
    // Before the image is read and the model loaded: there is neither.
    [["ask", scene, "What", "color", "is", "it"], /IMAGE QUESTION, got .* is it; put quotes around the question/],
    [["ask", "ghost.png", "a", "--method", "recoverble"], /did you mean recoverable\?/],
    [["ask", "ghost.png", "a", "--option", "foo=1"], /options of a method: budget, .*, got foo/],
    [["ask", "ghost.png", "a", "--method", "cls-topk", "--merge", "sum"], /options of cls-topk: budget, got merge/],
    [["ask", "ghost.png", "a", "--option", "mergeNeighbours=3"], /did you mean mergeNeighbors\?/],
    [["ask", "ghost.png", "a", "--budget", "0"], /ask: expected a budget as 58, 0\.1, 10%, .*, got 0/],
    [["ask", "ghost.png", "a", "--method", "uniform", "--budget", "dynamic"], /uniform: expected a fixed budget/],
    [["ask", "ghost.png", "a", "--ratio", "0.1"], /Unknown option '--ratio'; use --budget/],
    [["chat", "ghost.png", "--min-tokens", "5"], /Unknown option '--min-tokens'; use --budget/],
    [["ask", "ghost.png", "a", "--polarity", "-2"], /--polarity 1 or -1, got -2/],
    [["chat", "ghost.png", "--method", "nosuch"], /--method none, random, .*got nosuch/],
  ])("refuses %j with status 2 and nothing on stdout", (args, message) => {
    const readme = join(root, "README.md");
    const { status, stdout, stderr } = recoup(args.map((word) => (word === "README" ? readme : word)));
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, ""]);
  });

  it("refuses a drawing over the image under any of its names", () => {
    const image = join(folder, "own.png");
    copyFileSync(scene, image);
    linkSync(image, join(folder, "hard.png"));
    symlinkSync(image, join(folder, "soft.png"));
    const before = readFileSync(image);
    for (const [input, output] of [
      [pathToFileURL(image).href, image],
      [image, join(folder, "hard.png")],
      [join(folder, "soft.png"), image],
    ]) {
      const { status, stderr } = recoup(["ask", input, "a", "--overlay", output, "--model", "ghost"]);
      expect([status, stderr]).toEqual([2, expect.stringContaining("an output other than the input")]);
    }
    expect(readFileSync(image).equals(before)).toBe(true);
  });
});

describe("recoup chat", () => {
  it("answers line by line, recovers, shows the map, and goes on after a word that it does not know", () => {
    const input = "What color is the star?\nIs there a yellow cross?\n/tokens\n/foo\n";
    const { stdout, stderr, status } = recoup(["chat", scene], input);
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]).toBe("green");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toMatch(/the conversation holds 57 rows/);
    expect(stderr).toMatch(/recovered \d+ tokens for this question/);
    expect(stderr.match(/the question points at something here: peak \d+\.\d z/g)).toHaveLength(2);
    expect(stderr.match(/^(?:[#?o.] ){23}[#?o.]$/gm)).toHaveLength(24);
    expect(stderr).toMatch(/expected a question, \/tokens or \/quit/);
  });

  it("ends on Ctrl-C at the prompt", async () => {
    const child = spawn("node", [join(root, "dist/bin/recoup.js"), "chat", scene]);
    // Without a terminal the prompt is not written: an answer says that it is open.
    child.stdin.write("/tokens\n");
    await new Promise<void>((resolve) =>
      child.stderr.on("data", (text) => String(text).includes("nothing yet") && resolve()),
    );
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("exit", (code) => resolve(code)))).toBe(0);
  });
});

it("a file that looks like a picture and is none", () => {
  const path = join(folder, "fake.png");
  writeFileSync(path, Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]));
  expect(recoup(["ask", path, "a"]).status).toBe(2);
});
