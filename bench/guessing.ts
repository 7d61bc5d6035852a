import { parseArgs } from "node:util";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  type Translation,
} from "../lab/index.ts";
import { fetchStatus } from "../src/api/effects/index.ts";
import { percentile, printReport, progress } from "./report.ts";

/*
 *    relay 203.0.113.10   discovery 203.0.113.9
 *        |                    |
 *   =====+====================+============+======= internet
 *        |                                 |
 *   NAT, symmetric                    NAT, port-restricted
 *        |                                 |
 *   a node                            a node
 */

/**
 * Measures how often, and how soon, a relayed pair behind a symmetric NAT and a port-restricted one finds a direct path by
 * guessing ports: real daemons in network namespaces, two new nodes for each try, since what a node may guess is limited by the hour.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    tries: { type: "string", default: "20" },
  },
});
const tries = Number(values.tries);
/** A pair that is relayed still after so long has not found a path; the next guess would come an hour later. */
const givenUpMs = 60_000;
const wantedMs = 10_000;

async function behind(lab: Lab, internet: PublicNetwork, name: string, last: number, by: Translation) {
  const network = await lab.network(`${name}-in`);
  const router = await lab.router(`${name}-nat`);
  await router.attach(internet.network, `203.0.113.${last}/24`);
  await router.attach(network, `192.168.${last}.1/24`);
  await router.translate(by);
  const node = await lab.node(name);
  await node.attach(network, `192.168.${last}.11/24`);
  await node.defaultRoute(`192.168.${last}.1`);
  return node;
}

/** The time at which a node first reaches the other one in such a way, or `undefined` if it has not until then. */
async function reachedBy(node: LabNode, other: string, kinds: readonly string[], until: number) {
  while (performance.now() < until) {
    const status = await fetchStatus(node.namespace.path("/run/kubespan")).catch(() => undefined);
    const peer = status?.peers.find(({ label }) => label === other);
    if (peer?.state === "up" && kinds.includes(peer.way?.kind ?? "")) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

/** The milliseconds from the relayed path to a direct one. */
async function once(lab: Lab, internet: PublicNetwork, options: ConfigOptions, number: number) {
  const [one, other] = [`a${number}`, `b${number}`];
  const a = await behind(lab, internet, one, 20 + 2 * number, "masquerade fully-random");
  const b = await behind(lab, internet, other, 21 + 2 * number, "masquerade");
  for (const node of [a, b]) await node.start(options);
  const relayedAt = await reachedBy(a, other, ["relayed", "guessed"], performance.now() + 2 * givenUpMs);
  if (relayedAt === undefined) throw new Error(`the relay does not join ${one} and ${other}`);
  const until = relayedAt + givenUpMs;
  const found = await Promise.all([
    reachedBy(a, other, ["guessed"], until),
    reachedBy(b, one, ["guessed"], until),
  ]);
  for (const node of [a, b]) {
    await node.daemon.command("down");
    await node.daemon.ended();
  }
  return found.includes(undefined) ? Number.POSITIVE_INFINITY : Math.max(...found.map(Number)) - relayedAt;
}

const seconds = (ms: number): string => (Number.isFinite(ms) ? (ms / 1000).toFixed(1) : "never");

const lab = await Lab.open();
try {
  const internet = await publicNetwork(lab);
  const options: ConfigOptions = { cluster: newCluster(), services: [internet.discovery.url] };
  const relay = await internet.host("relay", 10);
  await relay.namespace.sysctl("net.ipv4.ip_forward=1");
  await relay.start({ ...options, daemon: { relay: { serve: true } } });
  const times: number[] = [];
  for (let number = 0; number < tries; number++) {
    const ms = await once(lab, internet, options, number);
    progress(`try ${number + 1}: ${Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "none found"}`);
    times.push(ms);
  }
  const share = (withinMs: number): string =>
    `${times.filter((ms) => ms <= withinMs).length} of ${times.length}`;
  printReport({
    name: "guessed ports",
    repetitions: tries,
    rows: [
      {
        "within 10 s": share(wantedMs),
        found: share(givenUpMs),
        "50 % s": seconds(percentile(times, 0.5)),
        "90 % s": seconds(percentile(times, 0.9)),
      },
    ],
    notes: [
      "Seconds from the relayed path until both nodes use the direct one; the first three are waited for.",
    ],
  });
} finally {
  await lab.close();
}
