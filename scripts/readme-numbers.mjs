#!/usr/bin/env node
/**
 * Writes the numbers of README.md, docs/results/times.md and docs/results/bundled-model.md from bench/results and
 * docs/results: times of `npm run bench`, and the bundled model's figures. Run after either changed:
 * node scripts/readme-numbers.mjs
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeBlock } from "./write-block.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const results = ["select.json", "select-11520.json"].map((name) =>
  JSON.parse(readFileSync(join(root, "bench", "results", name), "utf8")),
);
const rows = results.flatMap((result) => result.rows);
const [{ machine }] = results;
const TITLES = {
  full: "all 576 tokens",
  oracle: "what is asked about (oracle)",
  cls: "ranked by class attention",
  text: "ranked by the question",
  random: "random",
};
const sizes = [576, 2880, 11520];
const names = [...new Set(rows.map(({ name }) => name))].filter((name) => name !== "none");

const cell = (name, n) => {
  const row = rows.find((candidate) => candidate.name === name && candidate.n === n);
  return row === undefined ? "" : `${milliseconds(row.median_ms)} (${row.k})`;
};
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(2) : ms < 1000 ? ms.toFixed(0) : `${(ms / 1000).toFixed(1)} s`);
const floor = (n) => milliseconds(Math.min(...rows.filter((row) => row.n === n).map((row) => row.floor_ms)));

const table = [
  "Milliseconds (median of at least 50 runs after warm-up, rows kept in parentheses), one thread, from keys and query to",
  "compressed rows; text similarity is taken as given. `@64`: 64 rows asked for; the others of `recoverable` find their own",
  `number. Made-up tables of width 1024; ${machine.cpu}, ${machine.cores} shared cores, Node ${machine.node}, ${machine.date};`,
  "`npm run bench -- select`. The floor is one pass over features and keys.",
  "",
  `| method | ${sizes.map((n) => `N = ${n}`).join(" | ")} |`,
  `|---|${sizes.map(() => "---:").join("|")}|`,
  `| floor | ${sizes.map(floor).join(" | ")} |`,
  ...names.map((name) => `| ${name} | ${sizes.map((n) => cell(name, n)).join(" | ")} |`),
].join("\n");

const write = (document, name, block) =>
  writeBlock(join(root, document), { name, script: "readme-numbers.mjs", block });
write("README.md", "gain", gainTable());
write("docs/results/times.md", "numbers", table);
write("docs/results/times.md", "ttft", ttftTable());
write("docs/results/times.md", "tell", tellTable());
write("docs/results/bundled-model.md", "tiny", tinyTable());
write("docs/results/bundled-model.md", "eval", evalTable());

/** What is gained in time and memory, and lost in score, by number of tokens. */
function gainTable() {
  const { rows: all, machine: host } = JSON.parse(readFileSync(join(root, "bench", "results", "ttft.json"), "utf8"));
  const own = all.filter(({ model, way }) => model === "random" && way !== "stock");
  const [full] = own;
  const { relativeAt, samples } = evalScores();
  const times = (ratio) => `${ratio.toFixed(1)}x`;
  const score = (method, kept) => (kept === full.kept ? "100" : relativeAt(method, kept).toFixed(0));
  return [
    "| visual tokens | first token | | KV cache | score kept, %: `recoverable` | `cdpruner` |",
    "|---:|---:|---:|---:|---:|---:|",
    ...own.map(({ kept, first_token_ms: ms, kv_bytes: bytes }) => {
      const cells = [kept, `${ms.toFixed(0)} ms`, times(full.first_token_ms / ms), `${(bytes / 1e6).toFixed(1)} MB`];
      return `| ${[...cells, score("recoverable", kept), score("cdpruner", kept)].join(" | ")} |`;
    }),
    "",
    `*Times: a decoder of SmolVLM-500M's size with random weights behind the bundled model's small tower, ${host.cpu}, ${host.cores} cores, Node`,
    `${host.node}. Scores: the bundled toy before its last training, six synthetic tasks, ${samples} questions, compact positions and no mass:`,
    "a ranking only. What is on by default now [keeps more](docs/results/places-and-mass.md).*",
  ].join("\n");
}

/** Time to the first token of a random decoder of a real model's size. */
function ttftTable() {
  const { rows, machine: host } = JSON.parse(readFileSync(join(root, "bench", "results", "ttft.json"), "utf8"));
  const own = rows.filter(({ model }) => model === "random");
  const [stock] = own;
  const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const selection = ({ signals, select, splice }) => ms(signals + select + splice);
  const title = {
    stock: "transformers.js by itself",
    none: "recoup, all tokens",
    recoverable: "recoup, `recoverable`",
  };
  return [
    `Milliseconds to the first token of one question about one picture: a decoder of SmolVLM-500M's size with random weights (315`,
    `million parameters, float32, \`python -m recoup_train.random_llava\`) behind the bundled model's small tower; median of ${stock.runs}`,
    `rounds, all ways in each. ${host.cpu}, ${host.cores} shared cores, Node ${host.node}, ${host.date}; \`npm run bench -- ttft --model FOLDER\`.`,
    "",
    "| | visual tokens | first token | vision | selection | prefill | KV cache |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...own.map(({ way, kept, first_token_ms, stages_ms, kv_bytes }) => {
      const cells = stages_ms
        ? [ms(stages_ms.vision), selection(stages_ms), ms(stages_ms.prefill), `${(kv_bytes / 1e6).toFixed(1)} MB`]
        : ["", "", "", ""];
      return `| ${title[way]} | ${kept} | ${ms(first_token_ms)} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** What a decoder that is told costs against its file as it is. */
function tellTable() {
  const { rows, machine: host } = JSON.parse(readFileSync(join(root, "bench", "results", "tell.json"), "utf8"));
  const figures = {
    "load ms": "load, ms",
    "memory peak mib": "memory at most, MiB",
    "prefill 640 apart, fastest ms": "640 rows, ms, fastest of a process",
    "prefill 640 ms": "640 rows, ms",
    "prefill 640 cpu ms": "640 rows, ms of processors",
    "prefill 640 operators ms": "640 rows, ms by operator",
    "decode behind 640 apart, fastest ms": "a token behind them, ms, fastest of a process",
    "decode behind 640 ms": "a token behind them, ms",
    "decode behind 640 cpu ms": "a token behind them, ms of processors",
    "decode behind 640 operators ms": "a token behind them, ms by operator",
  };
  const amount = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const told = rows.filter(({ way, figure }) => way === "told" && figure in figures);
  const chance = (precision, figure) =>
    rows.find((row) => row.way === "again" && row.precision === precision && row.figure === figure)?.ratio;
  const times = ({ median, lower_quarter: from, upper_quarter: to }) =>
    `${median.toFixed(3)}x (${from.toFixed(3)} to ${to.toFixed(3)})`;
  return [
    "A decoder of SmolVLM-500M's size with random weights (32 layers of GroupQueryAttention), told places and mass and started over its file",
    "as `ask` starts it, against the file as it is: medians, and of the ratios of pairs next to each other the median and quarters. *Again* is the",
    "file as it is, started once more: what the machine does by itself. Load, memory and the fastest run: processes of their own, in turn. The rest:",
    "sessions of one process, in turn. By operator: ONNX Runtime's own count of attention and what is put before it, all else taken as in the file as",
    `it is, as the same linear layers scatter by tenths from session to session. ${host.cpu}, ${host.cores} cores shared with other work, Node ${host.node},`,
    `${host.date}; \`npm run bench -- tell --ways told,again\`.`,
    "",
    "| | | as it is | told | told / as it is | again / as it is | pairs |",
    "|---|---|---:|---:|---:|---:|---:|",
    ...told.map(({ precision, figure, stock, told: value, ratio, pairs }) => {
      const same = chance(precision, figure);
      const cells = [precision, figures[figure], amount(stock), amount(value), times(ratio), same ? times(same) : ""];
      return `| ${[...cells, pairs].join(" | ")} |`;
    }),
  ].join("\n");
}

/** Accuracy of the bundled model with all tokens and with a tenth of them. */
function tinyTable() {
  const read = (name) => JSON.parse(readFileSync(join(root, "bench", "results", "tiny", name), "utf8"));
  const { full } = read("full.json");
  const { accuracy } = read("compressed-58.json");
  const plans = read("plans.json");
  const { split, count } = read("synth-manifest.json");
  const percent = (entry) => (100 * entry.value).toFixed(1);
  const types = ["presence", "color", "shape", "letter", "count", "position", "relation", "ground"];
  const slices = ["needle", "salient", "global", "multi"];
  const kept = ["full", "oracle", "cls", "text", "random"];
  const methods = [
    "none",
    "recoverable",
    "divprune",
    "cdpruner",
    "text-topk",
    "uniform",
    "random",
    "pool",
    "visionzip",
    "cls-topk",
  ];
  const counts = slices.map((slice) => `${slice} ${accuracy.full[slice].n}`).join(", ");
  return [
    `Tiny model, synthetic pictures (\`recoup synth --tasks all --split ${split} --count ${count}\`), exact match in %, all 576 tokens:`,
    "",
    `| all | ${types.join(" | ")} |`,
    `|${"---:|".repeat(types.length + 1)}`,
    `| ${[full.plain, ...types.map((type) => full[`type/${type}`])].map(percent).join(" | ")} |`,
    "",
    "The same model with 58 of 576 tokens, by what is asked about: one small thing, one large thing, the whole picture, two",
    `things (${counts} questions):`,
    "",
    `| kept | ${slices.join(" | ")} |`,
    `|---|${"---:|".repeat(slices.length)}`,
    ...kept.map((name) => `| ${TITLES[name]} | ${slices.map((slice) => percent(accuracy[name][slice])).join(" | ")} |`),
    "",
    `recoup's methods, on another ${plans.none.accuracy.all.n} questions, one of each picture, from all tasks alike (lettered options too, which`,
    "this model does less well), so compare within the table:",
    "",
    "| method | rows | all | needle | salient | is there …: yes | no |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...methods.map((name) => {
      const { tokens, accuracy: own } = plans[name];
      const cells = ["all", "needle", "salient", "presence/yes", "presence/no"].map((key) => percent(own[key]));
      return `| \`${name}\` | ${tokens.mean.toFixed(0)} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** Scores of the first run of `recoup eval`, relative to all tokens, in percent. */
function evalScores() {
  const folder = join(root, "docs", "results", "tiny-test");
  const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const { settings, tasks } = read("run.json");
  const budgets = ["dynamic", 128, 58, 32, 16];
  const results = new Map(settings.map(({ id }) => [id, read(`settings/${id.replaceAll(/[^\w.@=-]/g, "-")}.json`)]));
  const score = (id, { id: task, headline }) => results.get(id).results[task][`${headline},none`];
  const relative = (id) => {
    const ratios = tasks.map((task) => (score(id, task) ?? Number.NaN) / score("none", task));
    return (100 * ratios.reduce((a, b) => a + b, 0)) / ratios.length;
  };
  const samples = tasks.reduce((sum, task) => sum + task.samples, 0);
  return {
    settings,
    results,
    budgets,
    relative,
    samples,
    relativeAt: (method, count) => relative(`${method}@${count}`),
  };
}

/** Methods by budgets. */
function evalTable() {
  const { settings, results, budgets, relative, samples } = evalScores();
  const text = (value) => (Number.isNaN(value) ? "–" : value.toFixed(1));
  const cellOf = (method, budget) => {
    const own = settings.filter((each) => each.method === method && each.budget === budget);
    if (own.length === 0) return "";
    const mean = own.reduce((sum, { id }) => sum + relative(id), 0) / own.length;
    const kept = results.get(own[0].id).efficiency.kept_tokens;
    return budget === "dynamic" ? `${text(mean)} (${kept.toFixed(0)})` : text(mean);
  };
  const methods = [...new Set(settings.filter(({ role }) => role === "method").map(({ method }) => method))];
  const rows = [...methods, "uniform", "random", "pool"].map((method) => ({
    method,
    values: budgets.map((budget) => cellOf(method, budget)),
  }));
  return [
    `Score relative to all 576 tokens in %, mean over six synthetic tasks (${samples} questions of the test split), bundled model;`,
    "`dynamic` with its mean number of tokens. A dash: a split's F1 is undefined, as every answer is no. Slices, tests, ablations and",
    "what it means: [results](README.md).",
    "",
    `| method | ${budgets.join(" | ")} |`,
    `|---|${"---:|".repeat(budgets.length)}`,
    ...rows.map(({ method, values }) => `| \`${method}\` | ${values.join(" | ")} |`),
  ].join("\n");
}
