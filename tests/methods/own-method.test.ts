/** Methods of one's own on the command line: real modules, real processes, the bundled model. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findMethod, METHOD_IDS, METHODS } from "../../src/methods/index.js";
import { METHOD_PROPERTIES } from "../../src/testing/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const main = join(root, "dist/bin/recoup.js");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-own-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function recoup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return `./${name}`;
}

const EVAL = ["eval", "--tasks", "syn_vqav2", "--pictures", "1", "--no-controls", "--budgets", "16"];

/** A module with a plan of this body; `plan` is a plan of CDPruner's. */
function module(id: string, body: string, more = ""): string {
  return `import { cdPruner } from "recoup/methods";
export default { ...cdPruner, id: "${id}", ${more} plan(table, options, context) {
  const plan = cdPruner.plan(table, options, context);
  ${body}
} };\n`;
}

describe("recoup method init", () => {
  it("writes a method that keeps the contract, and says what to do next", () => {
    for (const args of [["mine.mjs"], ["sub/found.mjs", "--dynamic"]]) {
      const { status, stdout, stderr } = recoup("method", "init", ...args);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`recoup method check ${args[0]}`);
      expect(stdout).toContain("recoup eval --tasks syn_vqav2 --methods ./");
      const checked = recoup("method", "check", args[0]);
      expect([checked.status, checked.stderr]).toEqual([0, ""]);
      expect(checked.stdout.match(/^ok /gm)).toHaveLength(METHOD_PROPERTIES.length);
      expect(checked.stdout).not.toMatch(/failed/);
    }
  });

  it("writes over nothing, and only what Node reads as a module", () => {
    const before = readFileSync(join(folder, "mine.mjs"), "utf8");
    const again = recoup("method", "init", "mine.mjs");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("mine.mjs is there already")]);
    expect(readFileSync(join(folder, "mine.mjs"), "utf8")).toBe(before);
    expect(recoup("method", "init", "mine.py")).toMatchObject({ status: 2, stderr: expect.stringContaining(".mjs") });
    expect(existsSync(join(folder, "mine.py"))).toBe(false);
    expect(recoup("method", "init").status).toBe(2);
    expect(recoup("method", "chek", "mine.mjs").stderr).toMatch(/init or check, got chek; did you mean check\?/);
  });

  it("gives ids that are free and stand in names of folders", () => {
    expect(recoup("method", "init", "cdpruner.mjs").stdout).toContain("the method my-cdpruner");
    expect(recoup("method", "init", "my method ü.mjs").stdout).toContain("the method my-method--");
    for (const name of ["cdpruner.mjs", "my method ü.mjs"]) expect(recoup("method", "check", name).status).toBe(0);
  });
});

describe("recoup method check", () => {
  it("names what is broken, where, with status 1", () => {
    const path = write("greedy.mjs", module("greedy", "plan.weights.fill(2); return plan;"));
    const { status, stdout, stderr } = recoup("method", "check", path);
    expect(status).toBe(1);
    expect(stdout).toMatch(/failed {2}gives a kept token one row.*one token with weight 1.*seed 1/s);
    expect(stderr).toMatch(/of \d+ properties do not hold of \.\/greedy\.mjs/);
    const results = JSON.parse(recoup("method", "check", path, "--json").stdout);
    expect(results.find(({ property }: { property: string }) => property === "own-rows").broken).toContain("seed 1");
    expect(recoup("method", "check", path, "--except", "own-rows,identity").status).toBe(0);
    expect(recoup("method", "check", path, "--except", "own-row").stderr).toMatch(/did you mean own-rows\?/);
  });
});

describe("recoup methods NAME", () => {
  it.each(METHODS)(
    "says of $id what its options take, are by default, and mean",
    ({ id, options, optionFacts = {} }) => {
      const { status, stdout } = recoup("methods", id);
      expect(status).toBe(0);
      const words = stdout.replaceAll(/\s+/g, " ");
      for (const name of options) {
        const { values, about, preset } = optionFacts[name];
        expect(words).toContain(`${values}; default ${preset === undefined ? "below" : JSON.stringify(preset)}`);
        if (preset === undefined) expect(about).toContain("; default: ");
        expect(words).toContain(about);
      }
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it("is one JSON object with --json", () => {
    const { optionFacts } = findMethod("facility");
    expect(JSON.parse(recoup("methods", "facility", "--json").stdout)).toMatchObject({ id: "facility", optionFacts });
  });

  it("links to the paper, and shows a method of one's own", () => {
    expect(recoup("methods", "cdpruner").stdout).toContain("https://arxiv.org/abs/2506.10967");
    const { status, stdout } = recoup("methods", "./mine.mjs");
    expect(status).toBe(0);
    expect(stdout).toMatch(/alpha {2}a number from 0 to 1; default 0\.5\n +weight of the question/);
  });

  it.each([
    ["cdprunr", /did you mean cdpruner\?/],
    ["fastv", /fastv is not here: it ranks tokens by the decoder's attention.*nearest here is text-topk$/],
    ["./ghost.mjs", /no such file: expected a module at \.\/ghost\.mjs/],
  ])("refuses %s", (name, message) => {
    const { status, stdout, stderr } = recoup("methods", name);
    expect([status, stdout, stderr.trim()]).toEqual([2, "", expect.stringMatching(message)]);
  });
});

describe("a module that is no method", () => {
  const CASES: readonly (readonly [name: string, text: string, message: RegExp, word?: string])[] = [
    ["nodefault.mjs", "export const alpha = 1;", /expected a default export .*got exports alpha alone/],
    ["empty.mjs", "", /expected a default export .*got no exports/],
    ["class.mjs", "export default class { plan() {} }", /got a function or class: of a class, new of it/],
    ["number.mjs", "export default 5;", /its default export: expected a method, .*got 5/],
    ["noplan.mjs", 'export default { id: "a", needs: [] };', /expected plan as a function, got nothing/],
    ["signal.mjs", 'export default { id: "a", needs: ["depth"], plan() {} };', /needs\[0\] as one of "features"/],
    ["name.mjs", 'export default { id: "a b", needs: [], plan() {} };', /expected id as a short name/],
    ["syntax.mjs", "\n\nexport default = ;", /does not load: SyntaxError: .* \(syntax\.mjs:3\)/],
    ["missing.mjs", 'import "no-such-package";', /Cannot find package 'no-such-package'/],
    ["export.mjs", 'import { nope } from "recoup/methods"; export default nope;', /not provide an export named 'nope'/],
    ["top.mjs", 'throw new Error("at the top");', /does not load: Error: at the top \(top\.mjs:1/],
    ["exit.mjs", "process.exit(0);", /it called process\.exit\(0\) while it was imported: leave that out/],
    ["waits.mjs", "await new Promise(() => {});", /it waits for something that never comes, while it was imported/],
    ["throws.mjs", module("a", "return table.nothing.x;"), /plan threw TypeError: .*\(throws\.mjs:4\), on a made-up/],
    [
      "exits.mjs",
      module("a", "process.exit(1);"),
      /process\.exit\(1\) on a made-up table of 24 x 24 tokens at budget 16/,
    ],
    ["async.mjs", 'export default { id: "a", needs: [], async plan() {} };', /got a promise: await what it needs/],
    ["returns.mjs", module("a", "return { ids: [1] };"), /must return a valid plan: expected sourceCount/],
    ["far.mjs", module("a", "plan.sources[0] = 9999; return plan;"), /source ids below 576, got 9999/],
    ["nan.mjs", module("a", "plan.weights[0] = NaN; return plan;"), /finite weights, got NaN/],
    ["more.mjs", module("a", "return cdPruner.plan(table, { budget: { retain: 17 } });"), /must have 16 rows, got 17/],
    ["random.mjs", module("a", "plan.weights[0] = Math.random(); return plan;"), /the same plan for the same table/],
    [
      "sorts.mjs",
      module("a", "table.textSimilarity.sort(); return plan;"),
      /must leave the table as it is, but textSimilarity\[\d+\] is \S+ and not/,
    ],
    [
      "words.mjs",
      module("a", "table.wordSimilarity.data.sort(); return plan;"),
      /must leave the table as it is, but wordSimilarity/,
    ],
    ["taken.mjs", module("cdpruner", "return plan;"), /the id cdpruner of \.\/taken\.mjs is a name of recoup's/],
    ["none.mjs", module("zero", "return plan;"), /the id zero of \.\/none\.mjs is a name of recoup's/],
    [
      "option.mjs",
      module("a", "return plan;"),
      /options among budget, got alpha|name one of none/,
      "./option.mjs:alpha=1",
    ],
    ["old.ts", 'export default { id: "a" as string };', /reads no TypeScript|expected needs/],
  ];
  const cases = CASES.map(([name, text, message, word = `./${name}`]) => ({ name, text, message, word }));

  it.each(cases)("$name is refused before a model is loaded, in a sentence", ({ name, text, message, word }) => {
    write(name, text);
    const { status, stdout, stderr } = recoup(...EVAL, "--methods", word, "--out", "refused");
    expect(stderr).toMatch(message);
    expect(stderr).toContain(name);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([status, stdout, existsSync(join(folder, "refused"))]).toEqual([2, "", false]);
  });

  it.each([
    ["looptop.mjs", "for (;;);", /it took longer than 10 s while it was imported, and was stopped/],
    [
      "loopplan.mjs",
      module("a", "for (;;);"),
      /it took longer than 10 s on a made-up table of 24 x 24 tokens at budget 16/,
    ],
  ])("%s is stopped, though it never ends", async (name, text, message) => {
    const path = write(name, text);
    const child = spawn(process.execPath, [main, ...EVAL, "--methods", path, "--out", "refused"], { cwd: folder });
    let stderr = "";
    child.stderr.on("data", (piece) => {
      stderr += piece;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("is refused by the commands for one image, too, and so are two of one id", () => {
    const path = write("prom.mjs", 'export default { id: "a", needs: [], async plan() {} };');
    for (const args of [
      ["ask", join(root, "examples/scene.png"), "What?"],
      ["compress", "--table", join(root, "examples/garden.safetensors")],
    ]) {
      const { status, stdout, stderr } = recoup(...args, "--method", path);
      expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining("got a promise")]);
    }
    const twins = [write("one.mjs", module("twin", "return plan;")), write("two.mjs", module("twin", "return plan;"))];
    const { status, stderr } = recoup(...EVAL, "--methods", twins.join(), "--out", "refused");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/the id twin of \.\/two\.mjs is that of \.\/one\.mjs/)]);
  });
});

describe("a method of one's own in recoup eval", () => {
  const args = ["eval", "--tasks", "syn_vqav2", "--pictures", "6", "--no-controls", "--budgets", "16", "--out", "run"];
  const methods = ["--methods", "./mine.mjs:alpha=0.4,random:seed=1"];
  const sha256 = () =>
    createHash("sha256")
      .update(readFileSync(join(folder, "mine.mjs")))
      .digest("hex");

  it("is scored beside others, better than a random choice, with its hash in the run and the report", () => {
    const { status, stdout, stderr } = recoup(...args, ...methods, "--json");
    expect(stderr).not.toContain("failed");
    expect(status).toBe(0);
    const scores = JSON.parse(stdout);
    expect(Object.keys(scores)).toEqual(["none", "mine:alpha=0.4@16", "random:seed=1@16"]);
    const score = (id: string) => scores[id].results.syn_vqav2["exact_match,none"];
    expect(score("mine:alpha=0.4@16")).toBeGreaterThan(score("random:seed=1@16"));
    const state = JSON.parse(readFileSync(join(folder, "run/run.json"), "utf8"));
    expect(state.own).toEqual([{ id: "mine", path: "./mine.mjs", sha256: sha256() }]);
    expect(state.settings[1]).toMatchObject({ id: "mine:alpha=0.4@16", method: "mine", options: { alpha: 0.4 } });
    expect(recoup("report", "run").status).toBe(0);
    for (const name of ["report.md", "report.html"]) {
      expect(readFileSync(join(folder, "run", name), "utf8")).toContain(sha256());
    }
  });

  it("resumes with the same module, and refuses a changed one before a model is loaded", () => {
    expect(recoup(...args, ...methods).status).toBe(0);
    const before = readFileSync(join(folder, "run/answers.jsonl"), "utf8");
    appendFileSync(join(folder, "mine.mjs"), "// changed\n");
    const changed = recoup(...args, ...methods);
    expect(changed.status).toBe(2);
    expect(changed.stderr).toMatch(/\.\/mine\.mjs has changed since the run in run .*--out, or --force to begin anew/);
    expect(changed.stderr).not.toContain("loaded");
    expect(readFileSync(join(folder, "run/answers.jsonl"), "utf8")).toBe(before);
    expect(recoup(...args, ...methods, "--limit", "2", "--force").status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "run/run.json"), "utf8")).own[0].sha256).toBe(sha256());
  });

  it("fails alone where it fails in the midst of a run, with its reason on screen and status 1", () => {
    const real = "table.features.dim !== 32";
    const failing = [
      write("throwing.mjs", module("throwing", `if (${real}) throw new TypeError("wide");\n  return plan;`)),
      write("leaving.mjs", module("leaving", `if (${real}) process.exit(0);\n  return plan;`)),
      write("wrong.mjs", module("wrong", `if (${real}) plan.sources[0] = 5000;\n  return plan;`)),
    ];
    const run = [...EVAL, "--methods", [...failing, "cdpruner"].join(), "--out", "midst", "--json"];
    const { status, stdout, stderr } = recoup(...run);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /throwing@16: no answer: throwing \(\.\/throwing\.mjs\): plan threw TypeError: wide \(throwing\.mjs:4/,
    );
    expect(stderr).toMatch(/leaving@16: no answer: .*process\.exit\(0\) was called/);
    expect(stderr).toMatch(/wrong@16: no answer: .*source ids below 576, got 5000/);
    const scores = JSON.parse(stdout);
    expect(scores["throwing@16"].results.syn_vqav2["exact_match,none"]).toBeNull();
    expect(scores["cdpruner@16"].results.syn_vqav2["exact_match,none"]).toBeGreaterThan(0);
    const lines = readFileSync(join(folder, "midst/answers.jsonl"), "utf8").trim().split("\n");
    const errors = lines.map((line) => JSON.parse(line)).filter(({ setting }) => setting === "throwing@16");
    expect(errors.slice(0, 5).every(({ error }) => error.startsWith("throwing ("))).toBe(true);
    expect(errors.slice(5).every(({ error }) => error.startsWith("not asked, as its first 5 answers failed:"))).toBe(
      true,
    );
    expect(errors.length).toBeGreaterThan(5);
    expect(recoup("report", "midst").status).toBe(0);
  });

  it.each([
    ["exits", "setTimeout(() => process.exit(0));", /Error: process\.exit\(0\) was called \(exits\.mjs:4\), outside/],
    ["bursts", 'setTimeout(() => { throw new Error("late"); });', /Error: late \(bursts\.mjs:4\), outside/],
    ["rejects", 'setTimeout(() => Promise.reject(new Error("late")));', /Error: late \(rejects\.mjs:4\), outside/],
  ])("that %s after its plan ends the run with a sentence and status 1", (id, body, message) => {
    // On the model's own tables only: the trial's are 32 wide.
    const path = write(`${id}.mjs`, module(id, `if (table.features.dim !== 32) ${body}\n  return plan;`));
    const { status, stdout, stderr } = recoup(...EVAL, "--methods", path, "--out", id, "--quiet");
    expect([status, stdout, stderr.trim()]).toEqual([1, "", expect.stringMatching(message)]);
    expect(stderr).toMatch(new RegExp(`^recoup: \\./${id}\\.mjs threw`));
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    ["./mien.mjs", /a module at \.\/mien\.mjs, got no such file; did you mean \.\/mine\.mjs\?/],
    ["mine", /modules, got mine; did you mean \.\/mine\.mjs\?/],
    ["./mine.mjs,mine.mjs", /mine\.mjs is the file \.\/mine\.mjs: name it in one way/],
    ["./mine.mjs:__proto__=1", /options among budget|options of mine/],
    ["", /expected --methods .*, got an empty text/],
    [",", /expected --methods .*, got ,/],
  ])("%j is refused with what was meant", (words, message) => {
    const { status, stdout, stderr } = recoup(...EVAL, "--methods", words, "--out", "unmade");
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringMatching(message)]);
    expect(existsSync(join(folder, "unmade"))).toBe(false);
  });

  it("that never ends its import outside of the trial's thread is refused in a sentence", () => {
    const text = `import { isMainThread } from "node:worker_threads";
if (isMainThread) await new Promise(() => {});
${module("waits", "return plan;")}`;
    const { status, stderr } = recoup(...EVAL, "--methods", write("waits.mjs", text), "--out", "waits", "--quiet");
    expect([status, stderr]).toEqual([
      2,
      "recoup eval: ./waits.mjs: it took longer than 10 s while it was imported, though not when it was tried\n",
    ]);
  });

  it("neither keeps the command running, nor writes into its answer, nor changes the answers of others", () => {
    const wide = "if (table.features.dim !== 32)";
    const body = `console.log("mine"); ${wide} for (const data of [table.features.data, table.textSimilarity]) data.fill(0);`;
    const path = write("noisy.mjs", `setInterval(() => {}, 1000);\n${module("noisy", `${body}\n  return plan;`)}`);
    const [alone, beside] = ["cdpruner", `${path},cdpruner`].map((words, at) =>
      recoup(...EVAL, "--methods", words, "--out", `noise${at}`, "--json", "--quiet"),
    );
    expect([beside.status, beside.stderr]).toEqual([1, expect.stringMatching(/^mine\n.*got other features/s)]);
    const scores = JSON.parse(beside.stdout);
    expect(scores["noisy@16"].results.syn_vqav2["exact_match,none"]).toBeNull();
    delete scores["noisy@16"];
    const results = ({ results }: { results: unknown }) => results;
    expect(Object.values<{ results: unknown }>(scores).map(results)).toEqual(
      Object.values<{ results: unknown }>(JSON.parse(alone.stdout)).map(results),
    );
    const texts = (at: number) =>
      readFileSync(join(folder, `noise${at}/answers.jsonl`), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .filter(({ setting }) => setting !== "noisy@16")
        .map(({ doc, setting, text }) => [doc, setting, text]);
    expect(texts(1)).toEqual(texts(0));
  });

  it("is asked about one's own images", () => {
    mkdirSync(join(folder, "images"));
    writeFileSync(join(folder, "images/scene.png"), readFileSync(join(root, "examples/scene.png")));
    write("questions.txt", "What color is the star?\n");
    const own = ["eval", "--images", "images", "--questions", "questions.txt", "--budgets", "4", "--out", "agree"];
    const { status, stdout } = recoup(...own, "--methods", "./mine.mjs", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).settings).toMatchObject([{ setting: "mine@4", answered: 1, kept: 4 }]);
    expect(readFileSync(join(folder, "agree/report.html"), "utf8")).toContain(sha256());
  });
});

describe("a method of one's own for one image", () => {
  it("decides in recoup ask and recoup compress, with its options checked", () => {
    const ask = [
      "ask",
      join(root, "examples/scene.png"),
      "What color is the star?",
      "--method",
      "./mine.mjs",
      "--json",
    ];
    expect(JSON.parse(recoup(...ask, "--option", "alpha=0.9").stdout)).toMatchObject({
      method: "mine",
      tokens: { kept: 64 },
    });
    const compress = [
      "compress",
      "--table",
      join(root, "examples/garden.safetensors"),
      "--method",
      "./mine.mjs",
      "--json",
    ];
    expect(JSON.parse(recoup(...compress).stdout)).toMatchObject({ method: "mine", tokens: { source: 576 } });
    expect(recoup(...compress, "--option", "beta=1").stderr).toMatch(/got beta/);
    expect(recoup(...compress, "--option", "alpha=2").stderr).toMatch(/alpha as a number from 0 to 1, got 2/);
    expect(recoup("compress", "--table", "x", "--method", "./mine.mjs:alpha=1").stderr).toMatch(
      /with --option NAME=VALUE/,
    );
  });
});

describe("an instance of a class, compiled from TypeScript", () => {
  const source = `import { cdPruner, type CompressionMethod, type MethodOptions } from "recoup/methods";
class Mine implements CompressionMethod {
  readonly id: string = "typed";
  readonly summary = "as CDPruner";
  readonly reference = "my own";
  readonly dynamic = false;
  readonly options: readonly string[] = [];
  #asked = 0;
  get needs() { return cdPruner.needs; }
  plan(...args: Parameters<CompressionMethod<MethodOptions>["plan"]>) {
    this.#asked++;
    return cdPruner.plan(...args);
  }
}
export default new Mine();
`;

  it.each([
    ["nodenext", "module"],
    ["commonjs", "commonjs"],
  ])("is a method like any other, as %s", (kind, type) => {
    const place = join(folder, kind);
    mkdirSync(join(place, "node_modules"), { recursive: true });
    symlinkSync(root, join(place, "node_modules/recoup"), "dir");
    writeFileSync(join(place, "package.json"), JSON.stringify({ type }));
    writeFileSync(join(place, "typed.ts"), source);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = [
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--strict",
      "--skipLibCheck",
      "--types",
      "",
      "--outDir",
      "out",
    ];
    const made = spawnSync(process.execPath, [tsc, "typed.ts", ...options], { cwd: place, encoding: "utf8" });
    const module = join(place, "out/typed.js");
    if (kind === "nodenext") expect(made.stdout).toBe("");
    const word = kind === "nodenext" ? module : pathToFileURL(module).href;
    expect(recoup("method", "check", word).stderr).toBe("");
    const { status, stdout } = recoup("methods", word);
    expect([status, stdout]).toEqual([0, expect.stringContaining("typed: as CDPruner")]);
    const { status: asked } = recoup(
      ...EVAL,
      "--limit",
      "2",
      "--methods",
      `${word}:without=merged`,
      "--out",
      `${kind}run`,
    );
    expect(asked).toBe(0);
  });
});

it("refuses options where all are shown, and names the module that an id may mean", () => {
  write("nine.mjs", module("nine", "return plan;"));
  expect(recoup("methods", "./nine.mjs:alpha=3")).toMatchObject({
    status: 2,
    stderr: "recoup methods: expected ./nine.mjs alone, which shows all options, got alpha=3\n",
  });
  expect(recoup("ask", "ghost.png", "What?", "--method", "nine").stderr).toMatch(
    /got nine; did you mean \.\/nine\.mjs\?/,
  );
});

it("finds no method of one's own under a name of recoup's", () => {
  expect(METHOD_IDS.filter((id) => /\.[cm]?[jt]s$|[\\/:]/.test(id))).toEqual([]);
});
