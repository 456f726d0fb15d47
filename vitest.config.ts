import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    // Real model files, browsers and fuzzing need more than the default 5 s on a 2-core machine.
    testTimeout: 60_000,
  },
});
