import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { configFile, kubespan, Lab, waitFor } from "../lab/index.ts";
import { buildInternet, type Internet, picture } from "./internet.ts";
import { startMesh, watchMesh } from "./mesh.ts";
import { proveTraffic } from "./traffic.ts";
import { MeshView, Report, styled, title } from "./view.ts";

const goalSeconds = 10;
/** The time in which the mesh has to come up, with room for a machine that is busy otherwise. */
const limitSeconds = 60;

const usage = `Usage: node demo/main.ts [--keep | --down | --help]

Builds a small internet in network namespaces of this machine, starts a mesh of
four nodes across it, shows how it comes up, and proves what its traffic does.
It needs root. Everything is taken down at the end.

Options:
  --keep  leave everything up until Ctrl-C, and print how to look around
  --down  take down a demo that was left up, and what a killed one left behind
  --help  print this help

With make: make demo, make demo ARGS=--keep, make demo-down.
`;

function readOptions(): { keep: boolean; down: boolean; help: boolean } {
  const option = { type: "boolean", default: false } as const;
  try {
    return parseArgs({ options: { keep: option, down: option, help: { ...option, short: "h" } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}

const values = readOptions();

if (values.help) console.log(usage.trimEnd());
else if (process.getuid?.() !== 0) {
  console.error("The demo needs root: it makes network namespaces.");
  process.exitCode = 1;
} else if (values.down) await takeDown();
else process.exitCode = (await demo(values.keep)) ? 0 : 1;

async function demo(keep: boolean): Promise<boolean> {
  let isKept = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      console.log("\nTaking everything down.");
      process.exit(isKept ? 0 : 1); // the lab ends with the process
    });
  const lab = await Lab.open();
  try {
    const internet = await buildAndTell(lab);
    const report = await show(internet);
    isKept = keep && report.isGood;
    if (keep) await stay(internet);
    return report.isGood;
  } finally {
    await lab.close();
    console.log("Everything is taken down.");
  }
}

function buildAndTell(lab: Lab): Promise<Internet> {
  title("A small internet, in network namespaces of this machine");
  console.log(picture.trimEnd());
  return buildInternet(lab);
}

async function show(internet: Internet): Promise<Report> {
  const { members } = internet;
  title("The mesh comes up (each row: how that node sees the others)");
  const start = await startMesh(internet);
  const view = new MeshView(members.map(({ node }) => node.name));
  const seconds = await watchMesh(members, start, view, limitSeconds);
  if (seconds === undefined) await showLogs(internet);
  await showEndpoints(internet);
  title("What became of it");
  const report = new Report();
  report.check(
    seconds !== undefined,
    seconds === undefined
      ? `not every pair is up ${limitSeconds} s after the start of the last daemon`
      : `every pair is up, both ways, ${seconds.toFixed(1)} s after the start of the last daemon ` +
          `(goal: ${goalSeconds} s${seconds > goalSeconds ? ", missed" : ""})`,
  );
  await proveTraffic(internet, report);
  console.log(`\n${styled(report.isGood ? "green" : "red", report.summary())}`);
  return report;
}

async function showEndpoints({ members }: Internet): Promise<void> {
  title("kubespan status on home-b");
  const { stdout, stderr } = await (members.at(-1)?.node.daemon.command("status") ?? {
    stdout: "",
    stderr: "",
  });
  // The long list of what was left out is of little interest here.
  const [text] = `${stdout}${stderr}`.split(/^LEFT OUT/m);
  console.log(text?.replace(/^(?=.)/gm, "  ").trimEnd());
}

async function showLogs({ members }: Internet): Promise<void> {
  for (const { node } of members) console.log(`\n${node.name}:\n${(await node.daemon.log()).slice(-3000)}`);
}

/** Waits for a signal that ends the process, and with it the lab. */
async function stay({ members, outside }: Internet): Promise<never> {
  title("It stays up: look around from another terminal");
  for (const node of [...members.flatMap((member) => [member.node, member.pod]), outside])
    console.log(`  ${node.name.padEnd(12)}${node.namespace.enter(["bash"]).join(" ")}`);
  console.log(`\n  and there, say:  ${kubespan} status --config ${configFile}`);
  console.log("                   wg show; nft list ruleset; ip route get 10.244.2.2 mark 0x40");
  console.log("\nCtrl-C here, or `make demo-down` anywhere, takes it down.");
  return new Promise(() => undefined);
}

/** Ends all demos that run, and removes what killed ones left behind. */
async function takeDown(): Promise<void> {
  const demos = Lab.owners().filter((pid) => commandLine(pid).includes("demo/main.ts"));
  for (const pid of demos) process.kill(pid, "SIGTERM");
  await waitFor(() => !Lab.owners().some((pid) => demos.includes(pid)), { what: "the demo to end" });
  await (await Lab.open()).close();
  console.log(demos.length > 0 ? "The demo is taken down." : "No demo is up.");
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // the process has just ended
  }
}
