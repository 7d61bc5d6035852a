// Runs a suite that has a short form, which is what `make test` runs: `node scripts/test-in-short.ts cluster`. With `--all` it
// runs whole, which takes half an hour and more. All other arguments are for vitest.
import { execa } from "execa";

const all = "--all";
const [suite = "", ...given] = process.argv.slice(2);
const { exitCode } = await execa(
  "vitest",
  ["run", "--project", suite, ...given.filter((word) => word !== all)],
  {
    preferLocal: true,
    stdio: "inherit",
    reject: false,
    env: given.includes(all) ? { [`KUBESPAN_${suite.toUpperCase()}`]: "all" } : {},
  },
);
process.exitCode = exitCode ?? 1;
