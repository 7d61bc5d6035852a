// Runs the suite of clusters. `--all` builds every combination, one after the other, which takes half an hour. All other
// arguments are for vitest.
import { execa } from "execa";

const all = "--all";
const given = process.argv.slice(2);
const { exitCode } = await execa(
  "vitest",
  ["run", "--project", "cluster", ...given.filter((word) => word !== all)],
  {
    preferLocal: true,
    stdio: "inherit",
    reject: false,
    env: given.includes(all) ? { KUBESPAN_CLUSTER: "all" } : {},
  },
);
process.exitCode = exitCode ?? 1;
