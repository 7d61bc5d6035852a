import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { waitFor } from "../lab/index.ts";
import { attackNames, measureAttack } from "./discovery/attacked.ts";
import { MeasuredService } from "./discovery/measured-service.ts";
import { measureReturn } from "./discovery/return.ts";
import { Crowd } from "./discovery/watchers.ts";
import { percentile, printReport, progress, type Row } from "./report.ts";

/**
 * Measures a discovery service on one core, with watchers of one cluster or of many: the time from an update until they
 * have it, and the memory and processor time.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    watchers: { type: "string", default: "100,1000,10000" },
    updates: { type: "string", default: "20" },
    /** The milliseconds from one update to the next. */
    every: { type: "string", default: "1000" },
    /** The number of affiliates whose memory is measured. */
    affiliates: { type: "string", default: "20000" },
    /** The seconds of each attack, and of the quiet before it; 0 for no attacks. */
    attacks: { type: "string", default: "20" },
    /**
     * The sizes of clusters whose nodes all return at once to a service that holds nothing; `10x1000` are ten clusters
     * of a thousand nodes each.
     */
    returns: { type: "string", default: "300,1000" },
    /** The checkouts whose services are measured with watchers and returns; this one by default. */
    trees: { type: "string", default: join(import.meta.dirname, "..") },
  },
});
const [updates, every] = [Number(values.updates), Number(values.every)];
const trees = values.trees.split(",");
/** The number of watchers of one cluster, if there are many clusters. */
const small = 100;
/**
 * The number of watchers on one connection. Real nodes have one each, but fewer connections leave more of the machine
 * to the service.
 */
const shared = 50;

async function measure(
  tree: string,
  watchers: number,
  clusters: number,
  perConnection: number,
): Promise<Row> {
  const service = await MeasuredService.start("unlimited", tree);
  const latencies: number[] = [];
  const crowd = new Crowd(service.port, perConnection, (latency) => latencies.push(latency));
  const clusterOf = (index: number): string => `cluster-${index % clusters}`;
  try {
    for (let round = 0; round < Math.min(clusters, 100); round++) await crowd.update(clusterOf(round));
    const before = service.memory();
    for (let index = 0; index < watchers; index++) {
      crowd.watch(clusterOf(index), index);
      if (index % 500 === 499)
        await waitFor(() => crowd.ready > index - 500, { what: "snapshots", seconds: 120 });
    }
    await waitFor(() => crowd.ready === watchers, { what: "all snapshots", seconds: 120 });
    await delay(3_000); // the service cleans up after the connections meanwhile
    const [memory, cpu, since] = [service.memory() - before, service.cpu(), performance.now()];
    for (let round = 0; round < updates; round++) {
      await Promise.all([crowd.update(clusterOf(round * 7)), delay(every)]);
    }
    const expected = (updates * watchers) / clusters;
    await waitFor(() => crowd.ready === watchers && latencies.length >= expected, {
      what: `${expected} deliveries`,
      seconds: 120,
    });
    const seconds = (performance.now() - since) / 1000;
    return {
      tree: tree.split("/").at(-1) ?? tree,
      watchers,
      clusters,
      connections: watchers / perConnection,
      "deliveries/s": Math.round(latencies.length / seconds),
      "p50 ms": round1(percentile(latencies, 0.5)),
      "p99 ms": round1(percentile(latencies, 0.99)),
      "CPU %": round1(((service.cpu() - cpu) / seconds) * 100),
      "CPU us/delivery": Math.round(((service.cpu() - cpu) / latencies.length) * 1e6),
      "KiB/watcher": round1(memory / watchers),
      "p99 / 1 s": Math.round(percentile(latencies, 0.99)) / 1000,
    };
  } finally {
    crowd.close();
    await service.stop();
  }
}

/** The memory of an affiliate in KiB, without watchers. Each cluster has as many as the service accepts. */
async function memoryOfAffiliate(affiliates: number, perCluster: number): Promise<number> {
  const service = await MeasuredService.start();
  const crowd = new Crowd(service.port, 1, () => undefined);
  try {
    await crowd.update("before", "any");
    const before = service.memory();
    for (let index = 0; index < affiliates; index++)
      await crowd.update(`cluster-${Math.floor(index / perCluster)}`, `node-${index}`);
    return (service.memory() - before) / affiliates;
  } finally {
    crowd.close();
    await service.stop();
  }
}

const round1 = (value: number): number => Math.round(value * 10) / 10;

const rows: Row[] = [];
for (const watchers of values.watchers.split(",").filter(Boolean).map(Number))
  for (const [clusters, perConnection] of [
    [1, shared],
    [Math.max(2, watchers / small), shared],
    [1, 1],
  ] as const)
    for (const tree of trees) {
      progress(
        `${watchers} watchers of ${clusters} clusters on ${watchers / perConnection} connections, ${tree}`,
      );
      rows.push(await measure(tree, watchers, clusters, perConnection));
    }
const affiliates = Number(values.affiliates);
progress(`${affiliates} affiliates`);
const affiliateKiB = affiliates > 0 ? round1(await memoryOfAffiliate(affiliates, 1_000)) : "?";
const attacked: Row[] = [];
for (const attack of Number(values.attacks) > 0 ? attackNames : []) {
  progress(`one client ${attack}`);
  attacked.push(await measureAttack(attack, Number(values.attacks)));
}
const returned: Row[] = [];
for (const text of values.returns.split(",").filter(Boolean))
  for (const tree of trees) {
    const [size = 0, clusters = 1] = text.split("x").map(Number).toReversed();
    progress(`${clusters} clusters of ${size} nodes return to ${tree}`);
    returned.push(await measureReturn({ tree, nodes: size * clusters, clusters, perConnection: 25 }));
  }
printReport({
  name: "discovery: fan-out to watchers",
  repetitions: updates,
  rows: [...rows, ...attacked, ...returned],
  notes: [
    `One update every ${every} ms, of one of the clusters. The service has one core; all watchers are`,
    "in another process on the same machine, and that all of them have received is part of the latency. The goal is a p99 below 1 s for",
    "10,000 watchers and an update a second.",
    "Where one client attacks from another address: 100 watchers, each with its own connection, and four updates a second; the service",
    "has its default bounds. The goal is a p99 below 1 s, beside that of the same run before the attack.",
    `An affiliate of 400 bytes takes ${affiliateKiB} KiB (of ${affiliates}, 1,000 in each cluster, garbage included); the limits are 2,048 bytes and 64 endpoints of 32.`,
    `Load average at the end: ${(loadavg()[0] ?? 0).toFixed(1)}; what else runs on the machine is part of the latency, too.`,
  ],
});
process.exit(0); // cancelled streams are closed only when the process ends
