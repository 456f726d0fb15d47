/** The types of the package as it is built, as a user's compiler sees them: tests/types compiles, and its mistakes do not. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

function compiled(project: string) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return spawnSync(process.execPath, [tsc, "-p", project, "--pretty", "false"], { cwd: root, encoding: "utf8" });
}

/** Lines of errors in anything but packages of others. */
function errorsOf(project: string): string[] {
  const { stdout, stderr } = compiled(project);
  const lines = `${stdout}${stderr}`.split("\n").filter((line) => /\berror TS\d/.test(line));
  return lines.filter((line) => !/^[^(]*node_modules\/(@huggingface|onnxruntime)/.test(line));
}

it("takes what is right and refuses what is wrong, with exact optional properties", { timeout: 60_000 }, () => {
  expect(errorsOf(join("tests", "types"))).toEqual([]);
});

it("names the option that is wrong, not the method", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(root, "tests", "types", "message-"));
  try {
    const lines = [
      'import { compress, type TokenTable } from "recoup";',
      "declare const table: TokenTable;",
      'compress(table, { method: "divprune", budgte: 0.1 });',
    ];
    writeFileSync(join(folder, "typo.ts"), `${lines.join("\n")}\n`);
    writeFileSync(join(folder, "tsconfig.json"), '{ "extends": "../tsconfig.json", "include": ["typo.ts"] }');
    const { stdout } = compiled(folder);
    expect(stdout).toContain("'budgte' does not exist");
    expect(stdout).toContain("Did you mean to write 'budget'?");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("needs no types of optional packages", {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "recoup-types-"));
  try {
    mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
    // The package without what lies beside it in a clone.
    mkdirSync(join(folder, "node_modules", "recoup"));
    for (const name of ["dist", "package.json"])
      symlinkSync(join(root, name), join(folder, "node_modules", "recoup", name));
    for (const name of ["@types/node", "undici-types"])
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
    const faces = [
      "",
      "/methods",
      "/math",
      "/viz",
      "/node",
      "/world",
      "/eval",
      "/node/eval",
      "/transformers",
      "/onnx",
      "/testing",
    ];
    const lines = faces.map((face, i) => `export * as face${i} from "recoup${face}";`);
    writeFileSync(join(folder, "user.ts"), `${lines.join("\n")}\n`);
    const options = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, preserveSymlinks: true };
    const target = { target: "ES2022", module: "NodeNext", lib: ["ES2023", "DOM"], types: ["node"], noEmit: true };
    const config = { compilerOptions: { ...options, ...target }, files: ["user.ts"] };
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    expect(errorsOf(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
