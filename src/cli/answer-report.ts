import { ROLES } from "../core/index.js";
import type { AskResult } from "../vlm/index.js";
import { textTable } from "./text-table.js";

/** Two lines about one answer: what stayed, and what it took. */
export function answerLines({ tokens, roles, timings, kvBytes }: AskResult): string[] {
  const share = tokens.source === 0 ? 0 : (100 * tokens.kept) / tokens.source;
  const kinds = ROLES.filter((role) => roles[role] > 0).map((role) => `${roles[role]} ${role}`);
  const stages = [
    `vision ${time(timings.vision)}`,
    `selection ${time(timings.signals + timings.select)}`,
    `prefill ${time(timings.prefill)}`,
  ];
  return [
    `${tokens.kept} of ${tokens.source} visual tokens (${share.toFixed(1)} %)${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`,
    `first token after ${time(timings.firstToken)} ms (${stages.join(", ")}), then ${time(timings.decodePerToken)} ms a token; ` +
      `KV cache ${megabytes(kvBytes.kept)} of ${megabytes(kvBytes.full)} MB`,
  ];
}

/** Answers side by side, a column each. */
export function answerTable(titles: readonly string[], results: readonly AskResult[]): string {
  const row = (title: string, of: (result: AskResult) => string) => [title, ...results.map(of)];
  return textTable(
    ["", ...titles],
    [
      row("answer", ({ answer }) => (answer.length > 20 ? `${answer.slice(0, 19)}…` : answer)),
      row("visual tokens", ({ tokens }) => String(tokens.kept)),
      row("prompt tokens", ({ tokens }) => String(tokens.prompt)),
      row("selection, ms", ({ timings }) => time(timings.signals + timings.select)),
      row("prefill, ms", ({ timings }) => time(timings.prefill)),
      row("first token, ms", ({ timings }) => time(timings.firstToken)),
      row("each token after, ms", ({ timings }) => time(timings.decodePerToken)),
      row("KV cache, MB", ({ kvBytes }) => megabytes(kvBytes.kept)),
    ],
  );
}

function time(milliseconds: number): string {
  return milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
