/** That the checks look at every expected value: one of each kind is changed, and the file must fail. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkMetrics } from "./check-metrics.js";

const folder = new URL("../../../tests/golden/metrics/", import.meta.url);

/** What the schemas' files hold beside expected values: what goes in, names and remarks. */
const GIVEN = new Set(
  [
    "schema source note notes fields columns id category group task input text prompt pred prediction",
    "question question_id question_type answer_type question_file label_files annotation_data answers answers_jsonl",
    "labels rows row problems pid_splits choices n_choices gt_index model hardware",
    "seq_len w_bit a_bit visual prune_after_layer prune_ratio kept_seq_len layers d m",
  ].flatMap((names) => names.split(" ")),
);

type Path = readonly (string | number)[];

describe.each(readdirSync(folder).filter((name) => name.endsWith(".json")))("%s", (name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const failures = (golden: { schema: string }) =>
    checkMetrics(golden).filter(({ differences }) => differences.length > 0);

  it("agrees", () => expect(failures(JSON.parse(text))).toEqual([]));

  it("fails where an expected value is another", () => {
    const unseen = oneOfEachKind(JSON.parse(text)).filter((path) => {
      const golden = JSON.parse(text);
      change(golden, path);
      return failures(golden).length === 0;
    });
    expect(unseen.map((path) => path.join("."))).toEqual([]);
  });
});

/** Paths of expected values, the first of those that differ in places and numbers only. */
function oneOfEachKind(golden: unknown): Path[] {
  const kinds = new Map<string, Path>();
  const visit = (value: unknown, path: Path) => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) if (!GIVEN.has(key)) visit(inner, [...path, key]);
      return;
    }
    // Why a prompt is refused is Python's business; that it is refused shows in its key.
    if (path[0] === "prompt_cases" && path.at(-1) === "error") return;
    const kind = `${path.map((key) => String(key).replace(/\d+/g, "0")).join(".")} ${value === null}`;
    if (!kinds.has(kind)) kinds.set(kind, path);
  };
  visit(golden, []);
  return [...kinds.values()];
}

function change(golden: Record<string, never>, path: Path): void {
  const last = path[path.length - 1];
  const holder = path.slice(0, -1).reduce<Record<string | number, unknown>>((at, key) => at[key] as never, golden);
  const value = holder[last];
  if (typeof value === "boolean") holder[last] = !value;
  // Printed figures are compared with arithmetic within their rounding.
  else if (path.includes("paper")) holder[last] = Number(value) * 1.5;
  else if (typeof value === "number") holder[last] = value + 1e-6 * Math.max(1, Math.abs(value));
  else holder[last] = `${value ?? ""}x`;
}
