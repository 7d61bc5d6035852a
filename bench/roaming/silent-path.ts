import { Discovery, Lab, type LabNode, newCluster, PingStream } from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";
import { costOf } from "../processor-time.ts";

/*
 *     a .1 ----- first 10.0.1.0/24, 2001:db8:1::/64 ----- b .2
 *        \                                               /
 *         ------ second 10.0.2.0/24, 2001:db8:2::/64 ---
 *                     |
 *                 service .9
 */
const networks = ["first", "second"] as const;

export interface Silent {
  /** From the cut of the path in use until a ping that was sent after it was answered, in milliseconds. */
  readonly healedMs: number;
  /** Changes of the endpoint, of both ends together. */
  readonly moves: number;
  /** The share of a core that the daemon of one end and its tools use while pings flow, without what encrypts the pings. */
  readonly busyShare: number;
}

const busySeconds = 10;
const engine = "wireguard-go";

/** Nothing of WireGuard comes in from this link any more, and nobody is told. */
const cut = (node: LabNode, link: string): Promise<void> =>
  node.namespace.nft(`table inet cut {
    chain incoming { type filter hook prerouting priority -400; iifname "${link}" udp dport 51820 drop; }
  }
  `);

/** One of two paths dies silently under pings, with daemons of the given program that have just met. */
export async function silentPath(program: string): Promise<Silent> {
  const lab = await Lab.open();
  try {
    const [first, second] = [await lab.network(networks[0]), await lab.network(networks[1])];
    const service = await lab.node("service");
    await service.attach(second, "10.0.2.9/24");
    const discovery = new Discovery(service, "10.0.2.9");
    await discovery.start();
    const [a, b] = [await lab.node("a"), await lab.node("b")];
    const cluster = newCluster();
    for (const [index, node] of [a, b].entries())
      for (const [place, network] of [first, second].entries())
        await node.attach(
          network,
          `10.0.${place + 1}.${index + 1}/24`,
          `2001:db8:${place + 1}::${index + 1}/64`,
        );
    for (const node of [a, b]) await node.start({ cluster, services: [discovery.url] }, program);
    await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
    return await measure(a, b);
  } finally {
    await lab.close();
  }
}

async function measure(a: LabNode, b: LabNode): Promise<Silent> {
  const pings = await PingStream.start(a, (await b.daemon.status()).node.address);
  const { pid } = a.daemon;
  const before = costOf(pid, engine);
  const beganAt = Date.now();
  await pings.moreAnswers(busySeconds * 50);
  const spent = costOf(pid, engine);
  const seconds = (Date.now() - beganAt) / 1000;
  const link = linkOf(await a.daemon.status());
  const cutAt = Date.now();
  for (const node of [a, b]) await cut(node, link);
  const healedMs = (await pings.answeredAfter(Date.now())) - cutAt;
  await pings.moreAnswers(100);
  await pings.stop();
  const changes = await Promise.all([a, b].map(async ({ daemon }) => changesOf(await daemon.status())));
  return {
    healedMs,
    moves: changes.reduce((sum, each) => sum + each, 0),
    busyShare: (spent.own + spent.tools - before.own - before.tools) / seconds,
  };
}

const linkOf = ({ peers: [peer] }: Status): string =>
  /^(10\.0\.1\.|\[2001:db8:1:)/.test(peer?.endpoint ?? "") ? "eth0" : "eth1";

const changesOf = ({ peers: [peer] }: Status): number => peer?.endpointChanges ?? 0;
