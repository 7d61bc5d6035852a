import { expect } from "vitest";
import {
  Delay,
  Discovery,
  type Lab,
  type LabNode,
  newCluster,
  PingStream,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";
import { isRenewed, sessionStarts } from "./sessions.ts";

/**
 *     a fast 1 ---- .9 near .9 ---- fast 2 b
 *       slow 1 ---- .9 long .9 ---- slow 2
 *
 * No network of a's is one of b's. The way across `long` takes its time. The discovery service is on `near`.
 */
export interface TwoWays {
  readonly a: LabNode;
  readonly b: LabNode;
  readonly near: LabNode;
  readonly long: LabNode;
  readonly delayMs: number;
  readonly isEmulated: boolean;
  readonly bothSearch: boolean;
  /** Where a reaches b, and b reaches a. */
  readonly fast: readonly [string, string];
  readonly slow: readonly [string, string];
}

export interface Kind {
  readonly family: 4 | 6;
  /** Whether b looks for better ways, too. */
  readonly bothSearch: boolean;
  /** `relay`: at an address of `long`'s own; `links`: routed there, through links that delay what they send. */
  readonly slowBy: "relay" | "links";
}

/** Milliseconds each way. Whatever a busy machine adds is little beside it; links are emulated ones, as the machine is. */
const delays = { relay: 450, links: 500 };

const sides = {
  4: { bits: 24, mapped: "203.0.113.1", fast: ["10.0.1.", "10.0.2."], slow: ["10.0.3.", "10.0.4."] },
  6: {
    bits: 64,
    mapped: "2001:db8:9::1",
    fast: ["2001:db8:1::", "2001:db8:2::"],
    slow: ["2001:db8:3::", "2001:db8:4::"],
  },
} as const;

const at = (address: string, port = 51820): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

/** The daemons run, and each of the two ways is announced. */
export async function twoWays(lab: Lab, { family, bothSearch, slowBy }: Kind): Promise<TwoWays> {
  const name = (text: string): string => `${text}${family}`;
  const { bits, mapped, fast, slow } = sides[family];
  const delayMs = delays[slowBy];
  const [a, b, near, long] = [
    await lab.node(name("a")),
    await lab.node(name("b")),
    await lab.node(name("near")),
    await lab.node(name("long")),
  ];
  for (const [index, node] of [a, b].entries()) {
    for (const [way, router, nets] of [
      ["fast", near, fast],
      ["slow", long, slow],
    ] as const) {
      const network = await lab.network(name(`${way}${index}`));
      await node.attach(network, `${nets[index]}${index + 1}/${bits}`);
      await router.attach(network, `${nets[index]}9/${bits}`);
    }
    const others =
      slowBy === "relay" ? `${mapped}/${family === 4 ? 32 : 128}` : `${slow[1 - index]}0/${bits}`;
    await node.defaultRoute(`${fast[index]}9`);
    await node.run("ip", "route", "add", others, "via", `${slow[index]}9`);
  }
  for (const router of [near, long])
    await router.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  const ports = [1001, 1002] as const;
  if (slowBy === "relay") {
    await long.address("lo", `${mapped}/${family === 4 ? 32 : 128}`);
    const hosts = [
      { port: ports[0], host: `${slow[0]}1` },
      { port: ports[1], host: `${slow[1]}2` },
    ] as const;
    await new Delay(long, mapped, hosts, delayMs).start();
  } else {
    for (const link of ["eth0", "eth1"])
      await long.run("tc", "qdisc", "add", "dev", link, "root", "netem", "delay", `${delayMs}ms`);
  }
  await cut(long); // until the short one is known
  const discovery = new Discovery(near, `${fast[0]}9`);
  await discovery.start();
  const cluster = newCluster();
  const filters = { endpoints: slowBy === "relay" ? slow.map((net) => `!${net}0/${bits}`) : [] };
  for (const [index, node] of [a, b].entries())
    await node.start({
      cluster,
      services: [discovery.url],
      mesh: { filters },
      ...(slowBy === "relay" && { extraEndpoints: [at(mapped, ports[index])] }),
      ...(node === b && !bothSearch && { daemon: { connect: "serial" } }),
    });
  return {
    a,
    b,
    near,
    long,
    delayMs,
    isEmulated: slowBy === "links",
    bothSearch,
    fast: [at(`${fast[1]}2`), at(`${fast[0]}1`)],
    slow:
      slowBy === "relay"
        ? [at(mapped, ports[1]), at(mapped, ports[0])]
        : [at(`${slow[1]}2`), at(`${slow[0]}1`)],
  };
}

const endpointOf = ({ peers: [peer] }: Status): string => peer?.endpoint ?? "";
const changesOf = ({ peers: [peer] }: Status): number => peer?.endpointChanges ?? 0;

async function bothAt({ a, b }: TwoWays, [ofA, ofB]: readonly [string, string]): Promise<void> {
  await a.daemon.waitForStatus(ofA, (status) => endpointOf(status) === ofA);
  await b.daemon.waitForStatus(ofB, (status) => endpointOf(status) === ofB);
}

const isOver = ({ peers: [peer] }: Status, to: string): boolean =>
  peer?.endpoint === to && peer.lastEndpointChange?.to === to;

/**
 * Each end has noted that it went over. A probe leads WireGuard to other endpoints already before one is taken, and what
 * came of it is noted when it is over.
 */
async function bothWentOver({ a, b }: TwoWays, [ofA, ofB]: readonly [string, string]): Promise<void> {
  await a.daemon.waitForStatus(`over to ${ofA}`, (status) => isOver(status, ofA));
  await b.daemon.waitForStatus(`over to ${ofB}`, (status) => isOver(status, ofB));
}

const looks = ({ a, b }: TwoWays): Promise<Status[]> => Promise.all([a.daemon.status(), b.daemon.status()]);

/** Each end pings the other one. */
async function pings(world: TwoWays): Promise<PingStream[]> {
  const [ofA, ofB] = (await looks(world)).map(({ node }) => node.address);
  return Promise.all([PingStream.start(world.a, ofB ?? ""), PingStream.start(world.b, ofA ?? "")]);
}

/** None of WireGuard's packets, to whichever port, get past this router. */
const cut = (router: LabNode): Promise<void> =>
  router.namespace.nft(
    "table inet cut { chain incoming { type filter hook prerouting priority -400; udp dport { 1001, 1002, 51820 } drop; }; }",
  );

const mend = (router: LabNode): Promise<string> => router.run("nft", "delete", "table", "inet", "cut");

/** Connected the short way first, so that its round trip is known; then that is away for a while, and the peers led round. */
export async function goRound(world: TwoWays): Promise<void> {
  const { a, b, near, long, delayMs, fast } = world;
  await a.daemon.waitForPeers(b.name);
  await b.daemon.waitForPeers(a.name);
  await bothAt(world, fast);
  await a.daemon.waitForStatus("a short round trip", ({ peers: [peer] }) => {
    const times = new Map<string, number>(Object.entries(peer?.roundTrips ?? {}));
    return (times.get(fast[0]) ?? delayMs) < delayMs;
  });
  await mend(long);
  await cut(near);
  const streams = await pings(world); // without traffic it would not be noticed so soon
  await bothWentOver(world, world.slow);
  for (const stream of streams) await stream.stop();
  await mend(near);
}

/**
 * The way back, a minute later, while both ends send all the time: taken once, nothing is lost, nobody goes round again.
 * A peer that was raced while it was connected loses a round trip of packets when it renews its keys (ADR 0012).
 */
export async function takeTheShorter(world: TwoWays): Promise<void> {
  const before = await looks(world);
  const sessions = sessionStarts(before);
  const streams = await pings(world);
  const begun = performance.now();
  await bothWentOver(world, world.fast);
  console.info(
    `${world.a.name}: over to the shorter way: ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  for (const stream of streams) await stream.moreAnswers(300);
  for (const node of searching(world)) await waitForNoHold(node);
  await bothAt(world, world.fast);
  const results = await Promise.all(streams.map((stream) => stream.stop()));
  const seconds = (performance.now() - begun) / 1000;
  const after = await looks(world);
  const renewals = isRenewed(sessions, sessionStarts(after)) ? Math.ceil(seconds / renewalSeconds) : 0;
  const stray = world.isEmulated ? 2 : 0; // that machine's clock and processors are not steady
  const mostLost = renewals * (pingsOf(2 * world.delayMs) + 5) + stray;
  for (const { sent, lost } of results) {
    console.info(`${world.a.name}: ${lost} of ${sent} pings lost, keys renewed ${renewals} times at most`);
    expect(lost).toBeLessThanOrEqual(mostLost);
  }
  for (const [index, status] of after.entries()) {
    const earlier = before[index];
    expect(changesOf(status) - (earlier ? changesOf(earlier) : 0)).toBeOneOf([1, 2]);
  }
  const reasons = after.map(({ peers: [peer] }) => peer?.lastEndpointChange?.reason ?? "");
  // Either, or both at once: then each has its own reason.
  expect(reasons.join("\n")).toMatch(/a far shorter round trip: \d+ ms instead of \d+ ms/);
}

/** WireGuard's own time, and the pings of a stream in so many milliseconds. */
const renewalSeconds = 120;
const pingsOf = (ms: number): number => ms / 20;

const searching = ({ a, b, bothSearch }: TwoWays): LabNode[] => (bothSearch ? [a, b] : [a]);

const waitForNoHold = (node: LabNode): Promise<unknown> =>
  waitFor(async () => !(await heldBy(node)).includes("held"), {
    what: `${node.name} to send where WireGuard wants to`,
    describe: () => heldBy(node),
  });

const heldBy = (node: LabNode): Promise<string> =>
  node.run("nft", "list", "table", "inet", "kubespan_racing");
