#!/usr/bin/env node
/** `npm run golden -- DIR`: checks all reference data below DIR and ends with `N passed, N failed`. */
import { checkDirectory } from "./check-directory.js";

async function main(directory: string | undefined): Promise<number> {
  if (directory === undefined) {
    console.error("golden: expected a directory of reference data, got nothing\nusage: npm run golden -- DIR");
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for await (const { name, differences } of checkDirectory(directory)) {
    if (differences.length === 0) passed++;
    else failed++;
    console.log(`${differences.length === 0 ? "ok  " : "FAIL"} ${name}`);
    for (const difference of differences) console.log(`       ${difference}`);
  }
  if (passed + failed === 0) console.error(`golden: expected reference data below ${directory}, got none`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  console.error(`golden: ${(error as Error).message}`);
  process.exitCode = 2;
}
