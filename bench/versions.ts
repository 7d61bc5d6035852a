/*
 * Two versions in one mesh: every node is upgraded and rolled back, one after the other, by a daemon that ends itself and by
 * one that is killed, while all nodes and pods ping each other.
 *
 *     a 203.0.113.1    b 203.0.113.2    c 203.0.113.3    service 203.0.113.9
 *        |                |                |                |
 *     ===+================+================+================+=== internet
 *
 * npm run bench:versions -- LAUNCHER [old-service]: the bin/kubespan of the older version, built in a checkout of its own,
 * whose discovery service is used if wanted.
 */
import { Daemon } from "../lab/daemon.ts";
import {
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  publicNetwork,
} from "../lab/index.ts";
import { Service } from "../lab/service.ts";
import { waitFor } from "../lab/wait.ts";

const [older, service] = process.argv.slice(2);
if (older === undefined) throw new Error("name the bin/kubespan of the older version");
const programs = { old: older, new: kubespan };
type Version = keyof typeof programs;

interface Member {
  readonly node: LabNode;
  readonly pod: LabNode;
  readonly daemons: Readonly<Record<Version, Daemon>>;
  /** The addresses of the node and of its pod. */
  readonly addresses: readonly [string, string];
  runs: Version;
}

const lab = await Lab.open();

/** Three nodes of the older version that reach each other, and a pod behind each. */
async function mesh(): Promise<Member[]> {
  const { host, hub, discovery } = await publicNetwork(lab);
  if (service === "old-service") {
    await discovery.stop();
    const serve = ["discovery", "serve", "--listen", "203.0.113.9:3000", "--insecure"];
    await new Service(hub.namespace, "old-discovery", [programs.old, ...serve], "listening").start();
  }
  const cluster = newCluster();
  const members: Member[] = [];
  for (const [index, name] of ["a", "b", "c"].entries()) {
    const last = index + 1;
    const node = await host(name, last);
    const pod = await node.pod(last);
    const daemonOf = (version: Version): Daemon =>
      new Daemon(name, node.namespace, undefined, programs[version]);
    const daemons = { old: daemonOf("old"), new: daemonOf("new") };
    const daemon = { advertisedPrefixes: [`10.244.${last}.0/24`] };
    await daemons.old.configure({ cluster, services: [discovery.url], daemon });
    await daemons.old.start();
    members.push({ node, pod, daemons, addresses: [`203.0.113.${last}`, `10.244.${last}.2`], runs: "old" });
  }
  await settled(members);
  return members;
}

const said = async ({ node, runs }: Member): Promise<string> =>
  (await node.namespace.attempt(programs[runs], "status", "--config", configFile)).stdout;

/** Waits until each version says that its peers are up, and everybody is reached. */
async function settled(members: readonly Member[]): Promise<void> {
  for (const member of members)
    await waitFor(async () => (await said(member)).includes(`2 of 2 peers up`), {
      what: `${member.node.name} (${member.runs}) to have its peers`,
      describe: async () =>
        `${await said(member)}\n${(await member.daemons[member.runs].log()).slice(-4000)}`,
    });
  for (const [from, to] of pairs(members))
    for (const target of to.addresses)
      for (const place of [from.node, from.pod])
        await waitFor(() => place.reaches(target), { what: `${place.name} to reach ${target}` });
}

const pairs = (members: readonly Member[]): (readonly [Member, Member])[] =>
  members.flatMap((from) => members.filter((to) => to !== from).map((to) => [from, to] as const));

const keysOf = async ({ node }: Member): Promise<string> =>
  (await node.run("wg", "show", "kubespan", "peers")).split("\n").toSorted().join();

/** Replaces the daemon of one node by that of the other version, and prints what was lost meanwhile. */
async function replace(
  members: readonly Member[],
  member: Member,
  to: Version,
  signal: "SIGTERM" | "SIGKILL",
): Promise<void> {
  const streams = new Map<string, PingStream>();
  for (const [from, peer] of pairs(members)) {
    const name = `${from.node.name} to ${peer.node.name}`;
    streams.set(name, await PingStream.start(from.node, peer.addresses[0]));
    streams.set(`${name}, pods`, await PingStream.start(from.pod, peer.addresses[1]));
  }
  const keys = await keysOf(member);
  await member.daemons[member.runs].stop(signal);
  member.runs = to;
  await member.daemons[to].start();
  await settled(members);
  for (const stream of streams.values()) await stream.moreAnswers(50);
  let pings = 0;
  const losses: string[] = [];
  for (const [name, stream] of streams) {
    const { sent, lost, missing } = await stream.stop();
    pings += sent;
    if (lost > 0) losses.push(`${name}: ${lost} (${missing.join()})`);
  }
  const kept = keys === (await keysOf(member)) ? "peers kept" : "PEERS CHANGED";
  const versions = members.map(({ runs }) => runs).join(" ");
  console.log(`${versions}: ${signal}, ${pings} pings, lost: ${losses.join("; ") || "none"}, ${kept}`);
}

try {
  const members = await mesh();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const member of members) await replace(members, member, "new", signal);
    for (const member of members.toReversed()) await replace(members, member, "old", signal);
  }
} finally {
  await lab.close();
}
