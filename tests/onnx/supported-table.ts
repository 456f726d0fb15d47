import type { AttentionForm } from "../../src/onnx/index.js";
import type { Fixture } from "./fixtures.js";

/** One fixture as it was measured. */
export interface SupportedRow {
  readonly fixture: Fixture;
  readonly form: AttentionForm;
  /** Largest difference over largest value, by signal, and for stock outputs as "stock NAME". */
  readonly errors: Readonly<Record<string, number>>;
}

const SIGNALS = ["states", "statesAfter", "query", "key", "clsAttention", "receivedAttention"];

/** docs/onnx-supported.md. */
export function supportedTable(rows: readonly SupportedRow[]): string {
  const cells = rows.map(({ fixture, form, errors }) => {
    const stock = Object.entries(errors).flatMap(([name, value]) => (name.startsWith("stock") ? [value] : []));
    return [
      fixture.export,
      fixture.variant,
      form,
      ...SIGNALS.map((name) => text(errors[name])),
      text(Math.max(...stock)),
    ];
  });
  const head = ["export", "variant", "attention as", ...SIGNALS, "stock outputs"];
  const lines = [head, head.map((_, i) => (i < 3 ? "---" : "---:")), ...cells].map((row) => `| ${row.join(" | ")} |`);
  return `# Towers that the ONNX graph tools support

Each row is a tower of random weights (width 32, 2 heads, 2 or 3 layers; python/recoup_fixtures), exported and rewritten, tapped at
the last layer it has, and run in onnxruntime-node 1.30 on a CPU. Numbers: largest difference over largest value. fp32 and fp16
files against PyTorch; q8 and q4 against the same graph's own tensors; stock outputs against the file before the tap. Where a fused
node (packed, multi-head, onnx) keeps attention inside, the tap computes it from the node's queries and keys. Empty: a class token's
attention in towers that have none, and queries and keys into which positions are rotated. Made by \`RECOUP_WRITE_DOCS=1 npx vitest run tests/onnx/taps.test.ts\`.

${lines.join("\n")}
`;
}

function text(value: number | undefined): string {
  return value === undefined ? "" : value === 0 ? "0" : value.toExponential(0);
}
