import { expect } from "vitest";
import { Discovery, Lab, type LabNode, newCluster, PingStream } from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";

type NetworkName = "first" | "second";

/** By network, the link that leads there. */
const links: Readonly<Record<NetworkName, string>> = { first: "eth0", second: "eth1" };

/** What a daemon thinks of its one peer. */
export const viewOf = ({ peers: [peer] }: Status): string =>
  peer?.suspected ? "suspected" : (peer?.state ?? "missing");

/** The network that a daemon reaches its one peer through. */
export const networkOf = ({ peers: [peer] }: Status): NetworkName =>
  peer?.endpoint?.startsWith("10.0.1.") === true ? "first" : "second";

/**
 *     a .1 ----- first 10.0.1.0/24 ----- b .2
 *        \                              /
 *         ------ second 10.0.2.0/24 ---
 *                     |
 *                 service .9
 *
 * Where the second path is to be of IPv6, its network is 2001:db8:2::/64, and the service is on the first one.
 */
export interface TwoPaths {
  readonly lab: Lab;
  readonly a: LabNode;
  readonly b: LabNode;
}

/** Two nodes on two networks, with their daemons running. */
export async function twoPaths(family: "IPv4" | "IPv6" = "IPv4"): Promise<TwoPaths> {
  const lab = await Lab.open();
  const [first, second] = [await lab.network("first"), await lab.network("second")];
  const service = await lab.node("service");
  const serviceAddress = family === "IPv4" ? "10.0.2.9" : "10.0.1.9";
  await service.attach(family === "IPv4" ? second : first, `${serviceAddress}/24`);
  const discovery = new Discovery(service, serviceAddress);
  await discovery.start();
  const [a, b] = [await lab.node("a"), await lab.node("b")];
  const cluster = newCluster();
  for (const [index, node] of [a, b].entries()) {
    await node.attach(first, `10.0.1.${index + 1}/24`);
    await node.attach(second, family === "IPv4" ? `10.0.2.${index + 1}/24` : `2001:db8:2::${index + 1}/64`);
  }
  for (const node of [a, b]) await node.start({ cluster, services: [discovery.url] });
  return { lab, a, b };
}

/** Nothing of WireGuard comes in from these networks any more, and nobody is told. */
export async function cut({ a, b }: TwoPaths, ...names: readonly NetworkName[]): Promise<void> {
  const drops = names.map((name) => `iifname "${links[name]}" udp dport 51820 drop`);
  const chain = `type filter hook prerouting priority -400; ${drops.join("; ")}`;
  for (const node of [a, b]) await node.namespace.nft(`table inet cut {\nchain incoming {\n${chain}\n}\n}\n`);
}

export async function mend({ a, b }: TwoPaths): Promise<void> {
  for (const node of [a, b]) await node.run("nft", "delete", "table", "inet", "cut");
}

const endpoints = (statuses: readonly Status[]): unknown =>
  statuses.map(({ peers: [peer] }) => [peer?.endpoint, peer?.endpointChanges]);

/** A minute of pings, while one packet in five gets lost each way on both networks. Prints what became of them. */
export async function stayUnderLoss(
  { a, b }: TwoPaths,
  lose: (node: LabNode, link: string) => Promise<unknown>,
): Promise<void> {
  await b.daemon.waitForPeers("a");
  await a.daemon.waitForPeers("b");
  const stream = await PingStream.start(a, "10.0.1.2", 0.5);
  await stream.moreAnswers(5);
  const look = (): Promise<readonly Status[]> => Promise.all([a.daemon.status(), b.daemon.status()]);
  const before = endpoints(await look());
  for (const node of [a, b]) for (const link of Object.values(links)) await lose(node, link);
  const views = new Set<string>();
  for (const _ of ["halfway", "at the end"]) {
    await stream.moreAnswers(40);
    const statuses = await look();
    for (const status of statuses) views.add(viewOf(status));
    expect(endpoints(statuses)).toEqual(before);
  }
  const { sent, lost } = await stream.stop();
  expect(lost).toBeGreaterThan(sent / 10);
  expect([...views]).not.toContain("down");
  console.info(`${lost} of ${sent} pings lost, endpoint changes: 0, seen as ${[...views].join(", ")}`);
}
