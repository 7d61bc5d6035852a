import { defineConfig } from "vitest/config";

/** Suites that build namespaces or boot machines: one file at a time, generous limits, no retries. */
const machineSuite = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "netns", include: ["test/netns/**/*.test.ts"], ...machineSuite } },
      {
        test: { name: "vm", include: ["test/vm/**/*.test.ts"], ...machineSuite, testTimeout: 900_000 },
      },
    ],
  },
});
