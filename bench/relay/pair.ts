import { fileURLToPath } from "node:url";
import { Discovery, type Lab, type LabNode, type Network, newCluster, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

const program = fileURLToPath(new URL("throughput-process.ts", import.meta.url));
const port = 5001;

/** The ways over which the two nodes can be made to send to each other. */
export const wayKinds = ["direct", "relayed", "carried"] as const;
export type WayKind = (typeof wayKinds)[number];

/** Two nodes that are in one mesh, with a third one that relays, and a service that can carry their packets. */
export interface MeasuredPair {
  readonly from: LabNode;
  readonly to: LabNode;
  /** The address of `to` in the mesh. */
  readonly target: string;
}

/** Starts three daemons with a discovery service that relays. */
export async function startPair(lab: Lab, network: Network): Promise<MeasuredPair> {
  const node = async (name: string, last: number): Promise<LabNode> => {
    const made = await lab.node(name);
    await made.attach(network, `203.0.113.${last}/24`);
    return made;
  };
  const service = await node("service", 9);
  const [from, to, relay] = [await node("a", 1), await node("b", 2), await node("r", 3)];
  const discovery = new Discovery(service, "203.0.113.9", { relay: true });
  await discovery.start();
  const options = { cluster: newCluster(), services: [discovery.url] };
  await relay.namespace.sysctl("net.ipv4.ip_forward=1");
  // More than any way in a lab gives: what is measured is the way, and not the limit.
  await relay.start({ ...options, daemon: { relay: { serve: true, maxBytesPerSecond: 1_250_000_000 } } });
  for (const each of [from, to]) await each.start({ ...options, daemon: { relay: { serve: false } } });
  await Promise.all([from.daemon.waitForPeers("b", "r"), to.daemon.waitForPeers("a", "r")]);
  return { from, to, target: (await to.daemon.status()).node.address };
}

/** The UDP that a way does without, which is kept from the second node. */
const forbidden: Readonly<Record<WayKind, readonly string[]>> = {
  direct: [],
  relayed: ["output ip daddr 203.0.113.1", "input ip saddr 203.0.113.1"],
  carried: ['output oifname "eth0"', 'input iifname "eth0"'],
};

/** Leaves the two nodes no better way than this, and waits until both use it. */
export async function lead(pair: MeasuredPair, kind: WayKind): Promise<void> {
  const chains = ["input", "output"].map(
    (hook) => `chain ${hook} {
      type filter hook ${hook} priority filter; policy accept;
    }`,
  );
  const rules = forbidden[kind].map((rule) => `add rule inet cage ${rule} meta l4proto udp drop`);
  await pair.to.namespace.nft(
    [
      "add table inet cage",
      "delete table inet cage",
      `table inet cage {
        ${chains.join("\n")}
      }`,
      ...rules,
      "",
    ].join("\n"),
  );
  await reachedBy(pair, kind);
}

/** Waits until both nodes send to each other by a way of this kind. */
async function reachedBy({ from, to }: MeasuredPair, kind: WayKind): Promise<void> {
  for (const [node, other] of [
    [from, to],
    [to, from],
  ] as const)
    await node.daemon.waitForStatus(`the ${kind} way`, ({ peers }) =>
      peers.some(({ label, state, way }) => label === other.name && state === "up" && way?.kind === kind),
    );
}

/** The megabits a second that one TCP connection gets through the mesh. */
export async function throughput({ from, to, target }: MeasuredPair, forMs: number): Promise<number> {
  const where = [target, String(port)];
  const sink = new Service(to.namespace, "sink", [process.execPath, program, "sink", ...where]);
  const before = await sink.log().catch(() => "");
  await sink.start();
  const said = async (): Promise<string> => (await sink.log()).slice(before.length);
  try {
    await waitFor(async () => (await said()).includes("listening"), { what: "the sink" });
    await from.run(process.execPath, program, "source", ...where, String(forMs));
    const received = await waitFor(async () => /received (\d+) ([\d.]+)/.exec(await said()) ?? undefined, {
      what: "the end of the connection",
    });
    return (Number(received[1]) * 8) / Number(received[2]) / 1000;
  } finally {
    await sink.stop();
  }
}

/** The round trips of pings through the mesh, in milliseconds. */
export async function roundTrips({ from, target }: MeasuredPair, count: number): Promise<number[]> {
  const text = await from.run("ping", "-n", "-c", String(count), "-i", "0.02", target);
  return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
}
