import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import { debianBase, dependencies } from "../packages/debian.ts";

/**
 * Runs suites of test/netns with the programs of Debian 13: nft 1.1 and iproute2 6.15, where Debian 12 has 1.0 and 6.1,
 * and those that need them.
 * Arguments are those of vitest. Without a file among them the files below are run; `test/netns` stands for all.
 */
const selection = [
  "barrier",
  "doctor",
  "foreign",
  "kernel-contract",
  "lifecycle",
  "nftables",
  "nftables-changes",
  "reverse-path",
  "routing",
  "steering",
  "sysctls",
]
  .map((name) => `test/netns/${name}.test.ts`)
  .concat("test/debian13");

/**
 * What is run of long files: where an owner of the table makes a difference. "Destroyed" and "down" here are not what they
 * are where nobody owns it.
 */
const part = {
  files: ["failed-down", "never-in-clear"].map((name) => `test/netns/${name}.test.ts`),
  names: "half-way.*(all but the table|not even the table)|rp_filter 2.*(our table|the targets)",
};

const project = join(import.meta.dirname, "../..");
const script = join(import.meta.dirname, "enter");

/** What the labs and these suites start: the packages that the checks install on this machine, without those that others need. */
async function packages(): Promise<readonly string[]> {
  const { stdout } = await execa(join(project, "scripts/install-packages"), ["--list", "coturn", "iptables"]);
  return stdout.split(/\s+/);
}

async function inside(base: string, ...argv: readonly string[]): Promise<number> {
  const own = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  // Whatever ends this process, nothing in there goes on without it.
  const { exitCode } = await execa(...bound("unshare", ...own, script, base, project, ...argv), {
    env: {
      PATH: `${join(project, "node_modules/.bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: "/root",
      KUBESPAN_TEST_DEBIAN12: olderRoot,
      LC_ALL: "C.UTF-8",
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.has(name))),
    },
    extendEnv: false,
    stdio: ["ignore", "inherit", "inherit"],
    reject: false,
  });
  return exitCode ?? 1;
}

const passedOn = new Set(["CI", "KUBESPAN_TEST_CONFINED", "KUBESPAN_TEST_PATIENCE", "NO_COLOR"]);

const given = process.argv.slice(2);
const files = given.some((argument) => !argument.startsWith("-")) ? [] : selection;
const base = await debianBase("trixie", await packages());
const olderRoot = await debianBase("bookworm", dependencies);
const versions = "cat /etc/debian_version; nft --version; ip -V 2>/dev/null; wg --version";
const problem = await inside(base, "sh", "-c", versions);
const suite = (...args: readonly string[]): Promise<number> =>
  inside(
    base,
    "node",
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    "netns",
    "--project",
    "debian13",
    ...args,
  );
process.exitCode =
  problem ||
  (await suite(...files, ...given)) ||
  (given.length === 0 ? await suite(...part.files, "--testNamePattern", part.names) : 0);
