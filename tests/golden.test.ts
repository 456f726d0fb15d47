/** The reference data of tests/golden, through the same code as `npm run golden`. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { checkDirectory, type GoldenResult } from "./golden-check/check-directory.js";

const golden = fileURLToPath(new URL("./golden/", import.meta.url));

async function results(directory: string): Promise<GoldenResult[]> {
  const all: GoldenResult[] = [];
  for await (const result of checkDirectory(directory)) all.push(result);
  return all;
}

describe("reference data", () => {
  it("of the released code is met by both official variants in all 17 cases", async () => {
    const all = await results(join(golden, "compress"));
    expect(all).toHaveLength(34);
    expect(all.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });

  it("of scikit-learn's outlier factors is met in all 20 cases", async () => {
    const all = await results(join(golden, "lof"));
    expect(all).toHaveLength(20);
    expect(all.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });
});

describe("reference data of the official metric scripts", () => {
  it("is met in every case of all ten files", async () => {
    const all = await results(join(golden, "metrics"));
    expect(all.length).toBeGreaterThan(510);
    expect(all.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });

  it("fails where a case differs or the schema is not known", async () => {
    const folder = mkdtempSync(join(tmpdir(), "recoup-golden-"));
    try {
      const pope = JSON.parse(readFileSync(join(golden, "metrics/pope.json"), "utf8"));
      pope.text_cases[0].official = "no";
      writeFileSync(join(folder, "pope.json"), JSON.stringify(pope));
      writeFileSync(join(folder, "other.json"), JSON.stringify({ schema: "metric-golden/other/1" }));
      writeFileSync(join(folder, "empty.json"), JSON.stringify({ schema: "metric-golden/mme/1" }));
      const failed = (await results(folder)).filter(({ differences }) => differences.length > 0);
      expect(failed.map(({ name }) => name)).toEqual(["empty file", "other schema", "pope p-yn-001"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("reference data of our own", () => {
  it("shows that neighbors are found by exact distances, not by rounded ones", async () => {
    const all = await results(join(golden, "lof-distances"));
    expect(all).toHaveLength(4);
    expect(all.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });
});

describe("damaged reference data", () => {
  let folder = "";
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A folder with one compression case and one outlier-factor case. */
  function copy(): string {
    folder = mkdtempSync(join(tmpdir(), "recoup-golden-"));
    for (const name of [
      "compress/small-n64-c32-a.json",
      "compress/small-n64-c32-a.safetensors",
      "lof/lof-n2-k10.json",
    ]) {
      copyFileSync(join(golden, name), join(folder, name.split("/")[1]));
    }
    return folder;
  }

  const failing = async () => (await results(folder)).filter(({ differences }) => differences.length > 0);

  it("is found in a changed index, and named", async () => {
    const path = join(copy(), "small-n64-c32-a.safetensors");
    const bytes = readFileSync(path);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
    const start = 8 + Number(bytes.readBigUInt64LE()) + header["ref.idx_vision"].data_offsets[0];
    bytes.writeBigInt64LE(bytes.readBigInt64LE(start) ^ 1n, start);
    writeFileSync(path, bytes);
    const failed = await failing();
    expect(failed.map(({ name }) => name)).toEqual(["small-n64-c32-a official"]);
    expect(failed[0].differences[0]).toMatch(/^ref\.idx_vision\[0\]: expected \d+, got \d+/);
  });

  it("is found in a changed output value", async () => {
    const path = join(copy(), "small-n64-c32-a.safetensors");
    const bytes = readFileSync(path);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
    const start = 8 + Number(bytes.readBigUInt64LE()) + header["alt.output"].data_offsets[0];
    bytes.writeFloatLE(bytes.readFloatLE(start) + 2e-4, start);
    writeFileSync(path, bytes);
    expect((await failing()).map(({ name }) => name)).toEqual(["small-n64-c32-a official-alt"]);
  });

  it("is found in missing tensors, in JSON that is none, and in an error that does not come", async () => {
    rmSync(join(copy(), "small-n64-c32-a.safetensors"));
    const lof = JSON.parse(readFileSync(join(folder, "lof-n2-k10.json"), "utf8"));
    writeFileSync(
      join(folder, "raises.json"),
      JSON.stringify({ ...lof, raises: { type: "ValueError", message: "no" } }),
    );
    writeFileSync(join(folder, "torn.json"), '{"x": [1, 2');
    const all = await results(folder);
    const passed = all.filter(({ differences }) => differences.length === 0).map(({ name }) => name);
    expect(passed).toEqual(["lof-n2-k10"]);
    expect(all.map(({ name }) => name)).toEqual(["lof-n2-k10", "raises", "small-n64-c32-a", "torn"]);
  });
});
