import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Lab, type LabNode, newCluster, waitFor } from "../lab/index.ts";
import { FakeMesh } from "./peers/fake-mesh.ts";
import { prefixText } from "./peers/prefix-text.ts";
import { TableWatch } from "./peers/table-watch.ts";
import { type Cost, costOf } from "./processor-time.ts";
import { percentile, printReport, progress, type Row } from "./report.ts";

/**
 * Measures one daemon in its own namespace, with N peers that a real discovery service announces and that no node
 * stands behind: the time of a start and of a change in the kernel, and the cost while nothing happens.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "string", default: "10,100,300,1000" },
    changes: { type: "string", default: "100" },
    /** The seconds between the changes and the idle window, and the length of that window. */
    settle: { type: "string", default: "20" },
    window: { type: "string", default: "30" },
    /** Whether peers announce an endpoint that drops packets, so that they are dialled for ever, or none. */
    dead: { type: "string", default: "no,yes" },
    /** Whether the daemon starts its tools by shells, as it does everywhere but here, or itself. */
    shells: { type: "string", default: "yes" },
  },
});
const [changes, settle, window] = [Number(values.changes), Number(values.settle), Number(values.window)];
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** The processor time per second, in percent of one core. */
async function idle(pid: number): Promise<Cost> {
  await delay(settle * 1000);
  const before = costOf(pid);
  await delay(window * 1000);
  const after = costOf(pid);
  const percent = (from: number, to: number): number => ((to - from) / window) * 100;
  return { own: percent(before.own, after.own), tools: percent(before.tools, after.tools) };
}

async function measure(peers: number, isDialled: boolean, shells: string): Promise<Row> {
  process.env["KUBESPAN_BENCH_SHELLS"] = shells; // what the daemon is started with
  const lab = await Lab.open();
  try {
    return { shells, ...(await measureIn(lab, peers, isDialled)) };
  } finally {
    await lab.close();
  }
}

async function measureIn(lab: Lab, peers: number, isDialled: boolean): Promise<Row> {
  const [network, cluster] = [await lab.network("wan"), newCluster()];
  const [node, other] = [await lab.node("node"), await lab.node("other")];
  await node.attach(network, "10.0.0.1/24");
  await other.attach(network, "10.0.0.2/24");
  await node.defaultRoute("10.0.0.2"); // this gateway forwards nothing
  const mesh = await FakeMesh.start(other, cluster, isDialled);
  await mesh.tell({ from: 0, count: peers, generation: 0 });
  const table = new TableWatch(node);
  try {
    progress(`${peers} peers, ${isDialled ? "with dead endpoints" : "without endpoints"}`);
    const startedAt = process.hrtime.bigint();
    const daemon = await node.start({ cluster, services: ["http://10.0.0.2:3000/"] });
    const started = await table.holds(prefixText(peers - 1, 0), startedAt);
    await waitFor(async () => (await kernelPeers(node)) === peers, { what: "all peers in the device" });
    const atStart = costOf(daemon.pid);
    const latencies = await change(mesh, table, peers);
    const changed = costOf(daemon.pid);
    const { own, tools } = await idle(daemon.pid);
    return {
      peers,
      endpoints: isDialled ? "dead" : "none",
      "p50 ms": Math.round(percentile(latencies, 0.5)),
      "p99 ms": Math.round(percentile(latencies, 0.99)),
      "start s": (started / 1000).toFixed(2),
      "start CPU s": (atStart.own + atStart.tools).toFixed(2),
      "CPU ms/change": msEach(atStart.own, changed.own),
      "tools ms/change": msEach(atStart.tools, changed.tools),
      "idle %": own.toFixed(2),
      "tools %": tools.toFixed(2),
      "RSS MB": Math.round(memoryOf(daemon.pid)),
    };
  } finally {
    await table.stop();
    await mesh.stop();
  }
}

/** The milliseconds of processor time for each change. */
const msEach = (from: number, to: number): number => Math.round(((to - from) / changes) * 1000);

const kernelPeers = async (node: LabNode): Promise<number> =>
  (await node.run("wg", "show", "kubespan", "peers")).trim().split("\n").length;

/** Lets one peer after the other advertise another network, and gives the milliseconds until each was steered. */
async function change(mesh: FakeMesh, table: TableWatch, peers: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let number = 0; number < changes; number++) {
    const from = (number * 7) % peers;
    const generation = 1 + (Math.floor((number * 7) / peers) % 3); // a different one each time, and never the first
    const toldAt = await mesh.tell({ from, count: 1, generation });
    latencies.push(await table.holds(prefixText(from, generation), toldAt));
    await delay(250 + ((number * 37) % 100)); // the aftermath of a change is over, and no common rhythm develops
  }
  return latencies;
}

const rows: Row[] = [];
for (const dead of values.dead.split(","))
  for (const peers of values.peers.split(","))
    for (const shells of values.shells.split(","))
      rows.push(await measure(Number(peers), dead === "yes", shells));
printReport({
  name: "peers",
  repetitions: changes,
  rows,
  notes: [
    "p50, p99: from telling the discovery service of another network of a peer to the kernel's nft table holding it.",
    "start: from starting the process to all peers in the device and the table; CPU of the daemon and its tools until then.",
    "CPU, tools ms/change: CPU of the daemon for each change, and of the tools it runs.",
    `idle, tools: CPU of the daemon, and of the tools it runs, in percent of one core, over ${window} s, ${settle} s after the last change.`,
    "endpoints: dead ones swallow packets and are dialled for ever; peers without any wait to be dialled.",
  ],
});
