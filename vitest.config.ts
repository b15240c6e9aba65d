import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes at once on an idle machine, and later on a busy one.
    expect: { poll: { timeout: 15_000 } },
    // Tests start real processes; two files at a time keep a two-core machine responsive.
    maxWorkers: 2,
    pool: "forks",
  },
});
