import { configDefaults, defineConfig } from "vitest/config";

/** How many times longer than usual everything may take: more than 1 where the processor is emulated. */
const patience = Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);

const isWholeVm = process.env["KUBESPAN_VM"] === "all";

/**
 * Suites that build namespaces or boot machines: one file at a time, generous limits, no retries. A test waits for one
 * condition after the other, and each has a limit of its own, which says what did not come: this one is for several.
 */
const machineSuite = {
  fileParallelism: false,
  testTimeout: 600_000 * patience,
  hookTimeout: 600_000 * patience,
};

/**
 * The suite in namespaces waits more than it computes, and each of its files has namespaces of its own: two files at a
 * time. The kernel's own limits, of conntrack say, are shared.
 */
const waitingSuite = { ...machineSuite, fileParallelism: true, maxWorkers: 2 };

/** For tests with an API server, which ./test/kubernetes/set-up.ts builds before any of them. */
const withApiServer = {
  ...machineSuite,
  globalSetup: "test/kubernetes/set-up.ts",
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      { test: { name: "etcd", include: ["test/etcd/**/*.test.ts"], ...machineSuite } },
      { test: { name: "kubernetes", include: ["test/kubernetes/**/*.test.ts"], ...withApiServer } },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          globalSetup: "test/interop/set-up.ts",
          ...machineSuite,
        },
      },
      // The page, in a real Chromium.
      { test: { name: "page", include: ["test/page/**/*.test.ts"], ...machineSuite } },
      { test: { name: "netns", include: ["test/netns/**/*.test.ts"], ...waitingSuite } },
      // With the programs of Debian 13: the suite `debian13` runs it there.
      { test: { name: "debian13", include: ["test/debian13/**/*.test.ts"], ...machineSuite } },
      { test: { name: "packages", include: ["test/packages/**/*.test.ts"], ...machineSuite } },
      { test: { name: "cni", include: ["test/cni/**/*.test.ts"], ...withApiServer } },
      {
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          globalSetup: "test/cluster/set-up.ts",
          ...machineSuite,
        },
      },
      // The pages of docs/guides, followed as a reader would.
      {
        test: {
          name: "guides",
          include: ["test/guides/**/*.test.ts"],
          globalSetup: "test/cluster/set-up.ts",
          ...machineSuite,
          testTimeout: 600_000 * patience,
          hookTimeout: 600_000 * patience,
        },
      },
      // What only the emulated machine's kernel can: the suite `vm` runs it there.
      { test: { name: "guest", include: ["test/**/*.guest.ts"], ...machineSuite } },
      {
        test: {
          name: "vm",
          include: ["test/vm/**/*.test.ts"],
          // Long, and only the last of it is not in test/packages.
          exclude: [...configDefaults.exclude, ...(isWholeVm ? [] : ["test/vm/service.test.ts"])],
          ...machineSuite,
          testTimeout: 3_000_000,
        },
      },
    ],
  },
});
