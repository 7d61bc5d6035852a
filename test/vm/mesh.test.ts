// Suites of test/netns once more, in a machine whose kernel has WireGuard. They are the same tests of the same build;
// only what carries the packets is another. An emulated machine is slow: `npm run test:vm` takes the lines in `short` alone,
// and `npm run test:vm -- --all` takes all. KUBESPAN_VM=PART takes the lines with files of such a name.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { debianSets, kubernetes } from "../../lab/programs/index.ts";
import { failuresOfReport, tallyOfReport, tallyText } from "../../scripts/test-report.ts";
import { runInMachine } from "./machine.ts";

const root = join(import.meta.dirname, "../..");
/** An emulated processor is that much slower, roughly. */
const env = { KUBESPAN_TEST_PATIENCE: "10", NO_COLOR: "1" };
const timeoutMs = 2_700_000;

const all = ".";

interface Suite {
  readonly files: readonly string[];
  /** The project of vitest that they are in. */
  readonly project: string;
  /** A pattern for the tests in them. */
  readonly names: string;
  /** Makes programs that the guest, which reaches nobody, finds in the cache. */
  readonly prepare?: () => Promise<unknown>;
}

/**
 * What depends on the kernel: files or folders. Each line is a machine of its own, since those that run two files at a time
 * need all of its two slow processors.
 */
const short: readonly Suite[] = [
  { files: ["test/netns/lifecycle.test.ts"], project: "netns", names: "SIGKILL and a new start" },
];
const others: readonly Suite[] = [
  { files: ["test/netns/control-groups.test.ts"], project: "netns", names: all },
  { files: ["test/netns/readme"], project: "netns", names: all },
  { files: ["test/netns/nat.test.ts"], project: "netns", names: all },
  { files: ["test/netns/relay.test.ts"], project: "netns", names: all },
  { files: ["test/netns/relay-ipv6.test.ts"], project: "netns", names: all },
  { files: ["test/netns", "test/cni/ipip.guest.ts"], project: "guest", names: all },
  {
    files: ["test/cni/ipvs.guest.ts"],
    project: "guest",
    names: all,
    prepare: async () => [await kubernetes(), await debianSets()],
  },
];
const asked = process.env["KUBESPAN_VM"];
const isAsked = ({ files }: Suite): boolean =>
  asked === "all" || files.some((file) => file.includes(asked ?? ""));
const suites = asked === undefined ? short : [...short, ...others].filter(isAsked);

/** Without wireguard-go, whose file is taken away (in the guest): what works then, the kernel has done. */
const script = `
rm -f "$(command -v wireguard-go)"
PATH=$PWD/node_modules/.bin:$PATH
project=$1 names=$2 report=$3
shift 3
exec vitest run "$@" --project "$project" --testNamePattern="$names" \
  --reporter=verbose --reporter=json --outputFile.json="$report"
`;

let output: string;
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), "kubespan-test-"));
});
afterEach(() => rm(output, { recursive: true, force: true }));

test.each(suites)("$files with the kernel's WireGuard", async ({ files, project, names, prepare }) => {
  await prepare?.();
  const report = join(output, "report.json");
  const command = ["bash", "-c", script, "bash", project, names, report, ...files];
  const result = await runInMachine({ command, cwd: root, timeoutMs, env, outputFolder: output });
  const text = existsSync(report) ? await readFile(report, "utf8") : undefined;
  const tally = tallyOfReport(text, result.exitCode);
  const chosen = names === all ? tally : { ...tally, skipped: 0 }; // what the pattern leaves out was not asked for
  console.log(`${files.join(", ")} in the machine: ${tallyText(chosen)}`);
  const failed = failuresOfReport(text).join("; ");
  expect(tally.failed, `${failed}\n${result.stdout}\n${result.stderr}`).toBe(0);
  expect(tally.passed).toBeGreaterThan(0);
  expect(chosen.skipped).toBe(0);
});
