import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateDirectory } from "../../lab/config.ts";
import { type Cluster, Discovery, Lab, type LabNode, newCluster } from "../../lab/index.ts";
import { waitFor } from "../../lab/wait.ts";

/** What two nodes find when they start. */
export type Situation = "registered" | "known, no service";

const names = ["a", "b"] as const;
const address = { a: "10.0.0.1", b: "10.0.0.2", service: "10.0.0.3" } as const;

/** Two nodes in a lab of their own, ready to be started. */
export interface Pair {
  readonly lab: Lab;
  readonly nodes: readonly [LabNode, LabNode];
  readonly options: { readonly cluster: Cluster; readonly services: readonly string[] };
}

/** The nodes of all repetitions: their identities, and what they knew when they ended. */
export interface Before {
  readonly cluster: Cluster;
  /** The folder with the state folders of the nodes. */
  readonly folder: string;
  /** The mesh addresses of the nodes. */
  readonly addresses: readonly string[];
}

async function pairIn(lab: Lab, cluster: Cluster): Promise<Pair> {
  const network = await lab.network("lan");
  const [a, b] = [await lab.node("a"), await lab.node("b")];
  await a.attach(network, `${address.a}/24`);
  await b.attach(network, `${address.b}/24`);
  const services = [`http://${address.service}:3000/`];
  return { lab, nodes: [a, b], options: { cluster, services } };
}

async function startService({ lab }: Pair): Promise<void> {
  const node = await lab.node("service");
  await node.attach({ name: "lan" }, `${address.service}/24`);
  await new Discovery(node, address.service).start();
}

/** Lets two nodes meet once, and keeps what they remember of it, with the code that their first start compiled. */
export async function meetOnce(): Promise<Before> {
  const [lab, cluster] = [await Lab.open(), newCluster()];
  const folder = await mkdtemp(join(tmpdir(), "cold-start-"));
  try {
    const pair = await pairIn(lab, cluster);
    await startService(pair);
    for (const { namespace } of pair.nodes) await mkdir(namespace.path(stateDirectory), { mode: 0o700 }); // as systemd does before the first start
    const daemons = await Promise.all(pair.nodes.map((node) => node.start(pair.options)));
    const [here, there] = await Promise.all(
      daemons.map((daemon, index) => daemon.waitForPeers(names[1 - index] ?? "")),
    );
    for (const { namespace } of pair.nodes)
      await waitFor(() => existsSync(namespace.path(join(stateDirectory, "compiled/complete"))), {
        what: "the compiled code on disk",
      });
    for (const daemon of daemons) await daemon.stop();
    for (const { name, namespace } of pair.nodes)
      await cp(namespace.path(stateDirectory), join(folder, name), { recursive: true });
    return { cluster, folder, addresses: [here, there].map((status) => status?.node.address ?? "") };
  } finally {
    await lab.close();
  }
}

export const forget = ({ folder }: Before): Promise<void> => rm(folder, { recursive: true });

/** Makes the same nodes as after a reboot: with nothing in the kernel, and on disk what belongs to the situation. */
export async function rebooted(before: Before, situation: Situation): Promise<Pair> {
  const lab = await Lab.open();
  try {
    const pair = await pairIn(lab, before.cluster);
    for (const { name, namespace } of pair.nodes) {
      const kept = situation === "registered" ? ["identity.json", "compiled"] : [""];
      for (const each of kept)
        await cp(join(before.folder, name, each), join(namespace.path(stateDirectory), each), {
          recursive: true,
        });
    }
    if (situation === "registered") await startService(pair);
    return pair;
  } catch (error) {
    await lab.close();
    throw error;
  }
}
