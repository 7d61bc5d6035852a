import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ApiServer } from "../test/kubernetes/api-server.ts";
import { MeasuredRegistry } from "./kubernetes/measured-registry.ts";
import { BenchNodes } from "./kubernetes/nodes.ts";
import { printReport, progress, type Row } from "./report.ts";

/**
 * Measures what Nodes cost the registry of one node, with a real API server: a start, heartbeats of others, and changes
 * of what they announce. With several trees, each is measured with the same Nodes, one after the other.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    nodes: { type: "string", default: "100,1000,5000" },
    /** The number of heartbeats, and of Nodes that announce something new all at once and one after the other. */
    events: { type: "string", default: "1000" },
    singly: { type: "string", default: "20" },
    /** The checkouts to measure; this one by default. */
    trees: { type: "string", default: join(import.meta.dirname, "..") },
  },
});
const [events, singly] = [Number(values.events), Number(values.singly)];
const trees = values.trees.split(",");
/** The Nodes that take part are the first of the cluster by their names; all that change are among them. */
const mostChanged = 1_000;
/** A registry is measured from this time on after it knows all Nodes. */
const settleMs = 3_000;

const round1 = (value: number): number => Math.round(value * 10) / 10;
let generation = 0;
const newAddress = (): string => `192.0.2.${++generation}`;

async function measure(tree: string, kubeconfig: string, nodes: BenchNodes): Promise<Row> {
  const registry = await MeasuredRegistry.start(tree, kubeconfig, "one");
  try {
    const start = registry.cpu();
    const got = registry.received();
    await delay(settleMs);
    const { now: rss, most } = registry.memory();
    const count = Math.min(events, nodes.count, mostChanged);
    const spent = async (
      act: () => Promise<string>,
      awaited: number,
    ): Promise<{ ms: number; kB: number }> => {
      const [cpu, bytes] = [registry.cpu(), registry.received()];
      await registry.knows(await act(), awaited);
      return { ms: (registry.cpu() - cpu) * 1000, kB: (registry.received() - bytes) / 1000 };
    };
    const change = async (many: number): Promise<string> => {
      const address = newAddress();
      await nodes.change(many, address);
      return address;
    };
    const beats = await spent(async () => {
      await nodes.heartbeat(count);
      return change(1); // whoever knows this one has got all heartbeats
    }, 1);
    let single = 0;
    for (let index = 0; index < singly; index++) single += (await spent(() => change(1), 1)).ms;
    const many = await spent(() => change(count), count);
    return {
      tree: tree.split("/").at(-1) ?? tree,
      nodes: nodes.count,
      "start, CPU s": round1(start),
      "start, read MB": round1(got / 1e6),
      "RSS MB": Math.round(rss),
      "RSS at most, MB": Math.round(most),
      "heartbeat, kB": round1(beats.kB / count),
      "heartbeat, CPU ms": Math.round((beats.ms / count) * 100) / 100,
      "one change, CPU ms": round1(single / singly),
      "of many changes, CPU ms": Math.round((many.ms / count) * 100) / 100,
    };
  } finally {
    await registry.stop();
  }
}

const rows: Row[] = [];
for (const count of values.nodes.split(",").map(Number)) {
  const server = await ApiServer.start();
  try {
    progress(`making ${count} Nodes`);
    const nodes = await BenchNodes.make(server, count);
    await server.createNode("one", { podCIDRs: ["10.244.7.0/24"] });
    const kubeconfig = await server.kubeconfig();
    for (const tree of trees) {
      progress(`${count} Nodes, ${tree}`);
      rows.push(await measure(tree, kubeconfig, nodes));
    }
  } finally {
    await server.close();
  }
}
printReport({
  name: "kubernetes: Nodes and one registry",
  repetitions: singly,
  rows,
  notes: [
    "A registry in a process of its own beside a real API server; Nodes as large as those of real machines. RSS is that of the source",
    "tree, without the rest of the daemon. A heartbeat is a status that a kubelet writes, and says nothing new. One change alone",
    `includes asking the registry for it; of many are ${events} at most at once.`,
    `Load average at the end: ${(loadavg()[0] ?? 0).toFixed(1)}.`,
  ],
});
process.exit(0);
