/** The built commands as a user runs them: real processes, real files. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyPlan, planFromJson } from "../src/core/index.js";
import { parseSafetensors, readTokenTable } from "../src/files/index.js";
import { METHOD_IDS } from "../src/methods/index.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const example = join(root, "examples/garden.safetensors");
const golden = (name: string) => join(root, `tests/golden/compress/${name}.safetensors`);

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function recoup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/bin/recoup.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("recoup compress", () => {
  it("prints roles, counts, retention and milliseconds, and nothing on stderr", () => {
    const { status, stdout, stderr } = recoup(
      "compress",
      "--table",
      example,
      "--method",
      "recoverable",
      "--budget",
      "58",
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^recoverable \(paper\): 58 of 576 tokens \(10\.1 %\)\n/);
    expect(stdout).toMatch(/^visual +27 +27$/m);
    expect(stdout).toMatch(/^residual +1 +519$/m);
    expect(stdout).toMatch(/^plan [\d.]+ ms, apply [\d.]+ ms/m);
  });

  it("says how clearly the text points at something, as text, JSON and in the picture", () => {
    const line = /the question points at something here: peak \d+\.\d z, confidence 1\.00/;
    const svg = join(folder, "pointed.svg");
    const { stdout } = recoup("compress", "--table", example, "--svg", svg);
    expect(stdout).toMatch(line);
    expect(readFileSync(svg, "utf8")).toMatch(line);
    expect(JSON.parse(recoup("compress", "--table", example, "--json").stdout).evidence).toEqual({
      peak: expect.any(Number),
      confidence: 1,
    });
  });

  it.each([
    ["10%", 57],
    ["0.1", 57],
    ["100%", 576],
    ["dynamic", 37],
    ["..20", 20],
    ["200..", 200],
    ["10%..20%", 57],
  ])("keeps %s of the tokens", (budget, kept) => {
    const { stdout } = recoup("compress", "--table", example, "--method", "recoverable", "--budget", budget, "--json");
    expect(JSON.parse(stdout).tokens).toEqual({ source: 576, kept });
  });

  it("writes a plan, features, SVG and PNG that agree with each other", async () => {
    const args = ["--plan", "plan.json", "--features", "out.safetensors", "--svg", "plan.svg", "--png", "plan.png"];
    const image = ["--image", join(root, "examples/garden.png"), "--question", "What color is the bird?"];
    const { status, stderr } = recoup("compress", "--table", example, ...args, ...image);
    expect([status, stderr]).toEqual([0, "wrote plan.json\nwrote out.safetensors\nwrote plan.svg\nwrote plan.png\n"]);
    const plan = planFromJson(JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")));
    const { table } = await readTokenTable(example);
    const { tensors } = parseSafetensors(new Uint8Array(readFileSync(join(folder, "out.safetensors"))));
    if (table.features === undefined) throw new Error("no features");
    expect(tensors.get("out.features")?.data).toEqual(applyPlan(plan, table.features).data);
    expect(tensors.get("out.features")?.shape).toEqual([plan.roles.length, table.features.dim]);
    expect(readFileSync(join(folder, "plan.svg"), "utf8")).toContain("What color is the bird?");
    expect(readFileSync(join(folder, "plan.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("gives the released rows for the released variants", async () => {
    for (const [variant, tensor] of [
      ["official", "ref.output"],
      ["official-alt", "alt.output"],
    ]) {
      const { status } = recoup(
        ...[
          "compress",
          "--table",
          golden("mid-n144-c128"),
          "--method",
          "recoverable",
          "--variant",
          variant,
          "--features",
          `${variant}.safetensors`,
        ],
      );
      expect(status).toBe(0);
      const want = parseSafetensors(new Uint8Array(readFileSync(golden("mid-n144-c128")))).tensors.get(tensor);
      const got = parseSafetensors(new Uint8Array(readFileSync(join(folder, `${variant}.safetensors`)))).tensors;
      const rows = got.get("out.features")?.data as Float32Array;
      expect(got.get("out.features")?.shape).toEqual(want?.shape);
      for (const [i, value] of (want?.data as Float32Array | undefined)?.entries() ?? []) {
        expect(Math.abs(rows[i] - value)).toBeLessThanOrEqual(1e-4);
      }
    }
  });

  it("runs every method that the example has the signals for, and says which signal others miss", () => {
    for (const id of METHOD_IDS) {
      const { status, stdout, stderr } = recoup("compress", "--table", example, "--method", id, "--json");
      if (status === 0) {
        expect(JSON.parse(stdout)).toMatchObject({ method: id, tokens: { source: 576 } });
      } else {
        expect(stderr).toMatch(/missing: wordSimilarity/);
        expect(["facility", "mmtok"]).toContain(id);
      }
    }
  });

  it.each([
    ["no table", [], /expected --table FILE/],
    [
      "a missing file",
      ["--table", "none.safetensors"],
      /^recoup compress: readSafetensors: no such file: .*none\.safetensors/,
    ],
    [
      "an option of Object.prototype",
      ["--table", example, "--option", "__proto__=5"],
      /options of a method: .*got __proto__/,
    ],
    [
      "an option that is given twice",
      ["--table", example, "--option", "variant=official", "--variant", "paper"],
      /expected variant once, got it twice/,
    ],
    [
      "a budget that is given twice",
      ["--table", example, "--option", 'budget={"retain":5}', "--budget", "6"],
      /expected budget once, got it twice/,
    ],
    [
      "two budgets in one",
      ["--table", example, "--option", 'budget={"retain":5,"ratio":0.1}'],
      /a budget as rows \(58\), .* got \{"retain":5,"ratio":0\.1\}/,
    ],
    ["a question without a drawing", ["--table", example, "--question", "hi"], /--question goes with --svg or --png/],
    ["an image without a drawing", ["--table", example, "--image", "a.png"], /--image goes with --svg or --png/],
    ["an empty table", ["--table", ""], /--table FILE, got an empty text/],
    [
      "an option that does not fit, before a file is read",
      ["--table", "none.safetensors", "--method", "pool", "--option", "size=0"],
      /pool: expected size as a whole number from 1, got 0/,
    ],
    ["a budget of 0", ["--table", example, "--budget", "0"], /a budget as 58, 0\.1, 10%, .*, got 0/],
    ["a budget beyond N", ["--table", example, "--budget", "577"], /from 1 to 576, got 577/],
    ["a budget of 1.5", ["--table", example, "--budget=1.5"], /a budget as 58, .*, got 1\.5/],
    ["crossed bounds", ["--table", example, "--budget", "9..3"], /first bound is at most its second, got 9\.\.3/],
    ["text for a budget", ["--table", "none.safetensors", "--budget", "many"], /a budget as 58, .*, got many/],
    [
      "bounds of a method that takes fixed budgets",
      ["--table", "none.safetensors", "--method", "cls-topk", "--budget", "..9"],
      /cls-topk: expected a fixed budget/,
    ],
    [
      "a flag of an earlier version",
      ["--table", example, "--retain", "5"],
      /Unknown option '--retain'; use --budget B: 58/,
    ],
    [
      "another one",
      ["--table", example, "--max-tokens=5"],
      /Unknown option '--max-tokens'; use --budget B: .*32\.\.128/,
    ],
    ["an unknown method", ["--table", example, "--method", "cdprunr"], /did you mean cdpruner\?/],
    [
      "an unknown variant",
      ["--table", example, "--variant", "mine"],
      /--variant paper, official or official-alt, got mine/,
    ],
    ["an option of another method", ["--table", example, "--method", "none", "--seed", "1"], /got seed/],
    ["an unknown flag", ["--table", example, "--tabel", "x"], /Unknown option '--tabel'/],
    ["a grid that does not fit", ["--table", example, "--grid", "10x10"], /cover 576 source tokens .*got 100 cells/],
    ["a grid that is none", ["--table", example, "--grid", "24"], /--grid ROWSxCOLUMNS/],
    ["a picture that is none", ["--table", example, "--svg", "a.svg", "--image", example], /a PNG or JPEG file/],
    ["an output over the input", ["--table", example, "--plan", example], /other than the input/],
    ["NaN in the keys", ["--table", golden("raise-nan-key")], /finite .*NaN|NaN at row/],
    [
      "what the released code raises on",
      ["--table", golden("raise-few-others"), "--method", "recoverable", "--variant", "official"],
      /got 21/,
    ],
  ])("refuses %s with status 2, a reason, and no file", (_, args, reason) => {
    const before = readFileSync(example);
    const { status, stdout, stderr } = recoup("compress", ...args, "--features", "out.safetensors");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(folder)).toEqual([]);
    expect(readFileSync(example)).toEqual(before);
  });

  it("refuses a truncated table, and leaves earlier outputs as they were", () => {
    const bytes = readFileSync(example);
    writeFileSync(join(folder, "torn.safetensors"), bytes.subarray(0, bytes.length - 100));
    writeFileSync(join(folder, "plan.json"), "earlier");
    const { status, stderr } = recoup("compress", "--table", "torn.safetensors", "--plan", "plan.json");
    expect(status).toBe(2);
    expect(stderr).toContain("torn.safetensors");
    expect(readFileSync(join(folder, "plan.json"), "utf8")).toBe("earlier");
  });

  it("writes nothing when one of several outputs cannot be written", () => {
    copyFileSync(example, join(folder, "t.safetensors"));
    const { status } = recoup(
      "compress",
      "--table",
      "t.safetensors",
      "--plan",
      "plan.json",
      "--svg",
      "no/such/plan.svg",
    );
    expect(status).toBe(2);
    expect(existsSync(join(folder, "plan.json"))).toBe(false);
  });
});

describe("recoup methods", () => {
  it("lists every method, in lines that fit 80 characters", () => {
    const { status, stdout } = recoup("methods");
    expect(status).toBe(0);
    for (const id of METHOD_IDS) expect(stdout).toMatch(new RegExp(`^${id} `, "m"));
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("is one JSON array with --json", () => {
    const list = JSON.parse(recoup("methods", "--json").stdout);
    expect(list.map(({ id }: { id: string }) => id)).toEqual(METHOD_IDS);
    expect(list[6]).toMatchObject({ id: "recoverable", budgets: ["dynamic", "fixed"] });
  });
});

describe("recoup", () => {
  it("shows its commands, with status 0 when asked and 2 when given nothing or something unknown", () => {
    expect(recoup("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("compress") });
    expect(recoup()).toMatchObject({ status: 2 });
    expect(recoup("compres")).toMatchObject({ status: 2, stderr: expect.stringContaining("got compres") });
    expect(recoup("compres").stderr).toMatch(/did you mean compress\?/);
    expect(recoup("compress", "--help").stdout).toMatch(/^usage: recoup compress/);
    expect(recoup("help", "compress")).toEqual(recoup("compress", "--help"));
    expect(recoup("help", "compres")).toMatchObject({ status: 2 });
  });

  it("says its version", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(recoup("--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("takes back a slip in a flag, and negative values", () => {
    expect(recoup("compress", "--tabel", "x").stderr).toMatch(/Unknown option '--tabel'; did you mean --table\?\n$/);
    expect(recoup("compress", "--table", example, "--polarity", "-1").status).toBe(0);
  });

  // Where every write fails as on a full disk.
  it.runIf(existsSync("/dev/full"))(
    "answers though nobody can read its notes, and fails without a place for its answer",
    () => {
      const command = `${process.execPath} ${join(root, "dist/bin/recoup.js")}`;
      const shell = (line: string) => spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8" });
      const written = shell(`${command} compress --table ${example} --plan plan.json 2>/dev/full`);
      expect([written.status, written.stdout.length > 0]).toEqual([0, true]);
      expect(existsSync(join(folder, "plan.json"))).toBe(true);
      const refused = shell(`${command} methods >/dev/full`);
      expect([refused.status, refused.stderr]).toEqual([1, "recoup: expected a writable stdout, got ENOSPC\n"]);
    },
  );

  it.runIf(existsSync("/usr/bin/script"))("writes no control characters to a terminal", () => {
    const command = `${process.execPath} ${join(root, "dist/bin/recoup.js")}`;
    const line = `${command} compress --table ${example} --method "$(printf '\\033[31mx')"`;
    const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], { cwd: folder, encoding: "utf8" });
    expect(stdout).toContain("--method none");
    expect(stdout).not.toContain("\u001b[31m");
  });

  /** What a terminal of so many columns shows, without what is written over. */
  function onTerminal(columns: number, args: string, environment = ""): string {
    const command = `${process.execPath} ${join(root, "dist/bin/recoup.js")}`;
    const line = `stty cols ${columns} rows 50; ${environment} ${command} ${args}`;
    const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
      cwd: folder,
      encoding: "utf8",
      input: "",
      // A terminal on a build server (CI) has no colors.
      env: { ...process.env, NO_COLOR: "", FORCE_COLOR: undefined, CI: undefined, TERM: "xterm-256color" },
    });
    const lines = stdout.replaceAll("\r\n", "\n").split("\n");
    return lines.map((line) => line.split("\r\u001b[K").at(-1)).join("\n");
  }

  describe.runIf(existsSync("/usr/bin/script"))("on a terminal", () => {
    it("is colored, unless it should not be", () => {
      const table = `compress --table ${example}`;
      expect(onTerminal(80, table)).toContain("\u001b[1mrole    rows  source tokens\u001b[22m\n");
      expect(onTerminal(80, "compress")).toContain("\u001b[91mrecoup compress: ");
      for (const environment of ["NO_COLOR=1", "TERM=dumb", "NODE_DISABLE_COLORS=1", "FORCE_COLOR=0"]) {
        expect(onTerminal(80, table, environment)).not.toContain("\u001b");
      }
      // Each stream by itself.
      expect(onTerminal(80, `${table} | cat`)).not.toContain("\u001b");
      expect(onTerminal(80, `${table} --plan p.json 2>err.txt`)).toContain("\u001b[1m");
      expect(readFileSync(join(folder, "err.txt"), "utf8")).toBe("wrote p.json\n");
      expect(onTerminal(80, `${table} | cat`, "FORCE_COLOR=1")).toContain("\u001b[1m");
    });

    it.each([40, 60])("fits %i columns", (columns) => {
      for (const args of [
        `compress --table ${example}`,
        "--help",
        "ask --help",
        "onnx tap --help",
        "synth --tasks syn_pope,syn_mme --split val --count 1 --out made --force",
        `ask ${join(root, "examples/scene.png")} "What color is the star?" --compare`,
        `demo`,
      ]) {
        for (const line of stripVTControlCharacters(onTerminal(columns, args)).split("\n")) {
          expect(line.length, line).toBeLessThanOrEqual(columns);
        }
      }
    });

    it("breaks a list behind its commas", () => {
      for (const line of stripVTControlCharacters(onTerminal(60, "eval --help")).split("\n"))
        expect(line.length, line).toBeLessThanOrEqual(60);
    });

    it("folds a table without cutting its headings", () => {
      const text = onTerminal(60, `ask ${join(root, "examples/scene.png")} "What color is the star?" --compare`);
      expect(stripVTControlCharacters(text)).toMatch(
        /^ {17}all tokens {2}recoup {2,3}vs all tokens\nanswer +green +green +same\n/m,
      );
    });
  });

  it("shows the example in a demo", () => {
    const { status, stdout } = recoup("demo", "--out", "made/here");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +all tokens +recoup +vs all tokens +class token$/m);
    expect(stdout).toMatch(/answer +green +green +same +\w+\nvisual tokens +576 +57 +10x fewer +57\n/);
    expect(stdout).toMatch(/KV cache, MB +2.40 +0.28 +8.6x smaller +0.28\n/);
    expect(stdout).toContain("a toy that knows recoup's synthetic pictures only");
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(
      /medians of 5 rounds .*costs a toy of 2 million parameters .*2.1 of 430 ms/s,
    );
    const made = readdirSync(join(folder, "made/here")).sort();
    expect(made).toEqual(["plan.json", "plan.png", "plan.svg", "scene.png"]);
    expect(readFileSync(join(folder, "made/here/scene.png"))).toEqual(readFileSync(join(root, "examples/scene.png")));
  });

  it("finds mistakes before it reads a file or loads a model: there is neither", () => {
    const model = ["--model", "no/such/model/folder"];
    const mistakes: [string[], RegExp][] = [
      [["ask", "ghost.png", "a", "--method", "recoverble"], /did you mean recoverable\?/],
      [["ask", "ghost.png", "a", "--option", "merging=2"], /recoup: expected merging /],
      [["ask", "ghost.png", "a", "--option", "size=0"], /pool: expected size as a whole number from 1, got 0/],
      [
        ["ask", "ghost.png", "a", "--option", "size=2", "--seed", "1"],
        /expected options of one method, got seed, size/,
      ],
      [["ask", "ghost.png", "a", "--method", "pool", "--option", "size=0"], /pool: expected size/],
      [["ask", "ghost.png", "a", "--overlay", "no/such/plan.svg"], /plan.svg in an existing, writable folder/],
      [["chat", "ghost.png", "--method", "recoverble"], /did you mean recoverable\?/],
      [["chat", "ghost.png", "--option", "merge=men"], /expected merge as one of/],
      [["chat", "ghost.png", "--max-new-tokens", "0"], /--max-new-tokens as a whole number from 1, got 0/],
      [["eval", "--tasks", "syn_mme", "--out", "run", "--methods", "cdprunr"], /did you mean cdpruner\?/],
      [
        ["eval", "--tasks", "syn_mme", "--out", "run", "--methods", "recoverable:merge=men"],
        /expected merge as one of/,
      ],
      [["eval", "--tasks", "syn_mme", "--out", "run", "--budgets", "few"], /expected a budget as .*got few/],
    ];
    for (const [args, reason] of mistakes) {
      const { status, stdout, stderr } = recoup(...args, ...model);
      expect([args, status, stdout]).toEqual([args, 2, ""]);
      expect(stderr).toMatch(reason);
      expect(stderr).not.toContain("no/such/model");
    }
    for (const args of [
      ["ask", "ghost.png", "a"],
      ["chat", "ghost.png"],
      ["eval", "--tasks", "syn_mme", "--out", "run"],
    ]) {
      expect(recoup(...args, ...model)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/a model folder at .*no\/such\/model\/folder, got ENOENT/),
      });
    }
    const tiny = recoup("ask", "ghost.png", "a", "--seed", "1");
    expect([tiny.status, tiny.stderr]).toEqual([
      2,
      "recoup ask: expected options of recoup, the model's own method, got seed\n",
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says nothing but errors with --quiet", () => {
    expect(recoup("compress", "--table", example, "--plan", "plan.json", "--quiet")).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(recoup("synth", "--tasks", "syn_mme", "--split", "val", "--count", "2", "--out", "made", "--quiet")).toEqual(
      {
        status: 0,
        stdout: expect.stringMatching(/^task +images/),
        stderr: "",
      },
    );
    expect(recoup("compress", "--quiet")).toMatchObject({ status: 2, stderr: expect.stringMatching(/--table FILE/) });
    for (const name of [
      "ask",
      "chat",
      "compress",
      "methods",
      "demo",
      "eval",
      "report",
      "synth",
      "scenes",
      "onnx tap",
    ]) {
      expect(recoup("help", ...name.split(" ")).stdout).toMatch(/^ {2}--quiet /m);
    }
  });

  it("leaves no half of a file of scenes that is stopped", async () => {
    const args = [
      join(root, "dist/bin/recoup.js"),
      "scenes",
      "--split",
      "val",
      "--count",
      "1000000",
      "--out",
      "s.jsonl",
    ];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const path = join(folder, "s.jsonl");
    while (!existsSync(path) || readFileSync(path).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(130);
    expect(said).toBe("stopped: nothing was written\n");
    expect(readdirSync(folder)).toEqual([]);
  });
});
