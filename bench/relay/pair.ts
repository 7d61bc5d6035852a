import { fileURLToPath } from "node:url";
import { Discovery, type Lab, type LabNode, type Network, newCluster, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

const program = fileURLToPath(new URL("throughput-process.ts", import.meta.url));
const port = 5001;

/** Two nodes that are in one mesh, and the service that can carry their packets. */
export interface MeasuredPair {
  readonly from: LabNode;
  readonly to: LabNode;
  /** The address of `to` in the mesh. */
  readonly target: string;
}

/** Starts two daemons with a discovery service that relays. */
export async function startPair(lab: Lab, network: Network): Promise<MeasuredPair> {
  const node = async (name: string, last: number): Promise<LabNode> => {
    const made = await lab.node(name);
    await made.attach(network, `203.0.113.${last}/24`);
    return made;
  };
  const [service, from, to] = [await node("service", 9), await node("a", 1), await node("b", 2)];
  const discovery = new Discovery(service, "203.0.113.9", { relay: true });
  await discovery.start();
  const options = { cluster: newCluster(), services: [discovery.url] };
  await from.start(options);
  await to.start(options);
  await Promise.all([from.daemon.waitForPeers("b"), to.daemon.waitForPeers("a")]);
  return { from, to, target: (await to.daemon.status()).node.address };
}

/** Waits until both nodes send to each other by a way of this kind. */
export async function reachedBy({ from, to }: MeasuredPair, kind: string): Promise<void> {
  const isSo = ({ peers }: { peers: readonly { way?: { kind: string } }[] }): boolean =>
    peers.every(({ way }) => way?.kind === kind);
  for (const node of [from, to]) await node.daemon.waitForStatus(`the ${kind} way`, isSo);
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
