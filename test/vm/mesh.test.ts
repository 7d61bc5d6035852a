// Suites of test/netns once more, in a machine whose kernel has WireGuard. They are the same tests of the same build;
// only what carries the packets is another.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tallyOfReport, tallyText } from "../../scripts/test-report.ts";
import { runInMachine } from "./machine.ts";

const root = join(import.meta.dirname, "../..");
/** An emulated processor is that much slower, roughly. */
const env = { KUBESPAN_TEST_PATIENCE: "10", NO_COLOR: "1" };
const timeoutMs = 1_500_000;

const all = ".";

/** What depends on the kernel: a file, the project of vitest that it is in, and a pattern for the tests in it. */
const suites: readonly (readonly [string, string, string])[] = [
  ["test/netns/readme", "netns", all],
  ["test/netns/nat.test.ts", "netns", all],
  ["test/netns/lifecycle.test.ts", "netns", "SIGKILL and a new start"],
  ["test/netns", "guest", all],
  ["test/cni/ipip.guest.ts", "guest", all],
];

/** Without wireguard-go, whose file is taken away (in the guest): what works then, the kernel has done. */
const script = `
rm -f "$(command -v wireguard-go)"
PATH=$PWD/node_modules/.bin:$PATH
exec vitest run --project "$1" "$2" --testNamePattern="$3" --reporter=verbose --reporter=json --outputFile.json="$4"
`;

let output: string;
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), "kubespan-test-"));
});
afterEach(() => rm(output, { recursive: true, force: true }));

test.each(suites)("%s with the kernel's WireGuard", async (suite, project, names) => {
  const report = join(output, "report.json");
  const command = ["bash", "-c", script, "bash", project, suite, names, report];
  const result = await runInMachine({ command, cwd: root, timeoutMs, env, outputFolder: output });
  const text = existsSync(report) ? await readFile(report, "utf8") : undefined;
  const tally = tallyOfReport(text, result.exitCode);
  const chosen = names === all ? tally : { ...tally, skipped: 0 }; // what the pattern leaves out was not asked for
  console.log(`${suite} in the machine: ${tallyText(chosen)}`);
  expect(tally.failed, `${result.stdout}\n${result.stderr}`).toBe(0);
  expect(tally.passed).toBeGreaterThan(0);
  expect(chosen.skipped).toBe(0);
});
