import { beforeAll, expect, it } from "vitest";
import { type KubernetesCluster, totals, written } from "../../lab/cluster/index.ts";
import { Capture, configFile, kubespan, type Lab, type LabNode, waitFor } from "../../lab/index.ts";

/** What of these nodes is to be seen between the machines, other than WireGuard and the way to the API server. */
const inClear = [
  "(host 203.0.113.10 or host 203.0.113.20 or host 203.0.113.30 or net 10.244.0.0/16)",
  "and not udp port 51820 and not tcp port 6443 and not arp and not host 203.0.113.9",
  "and not dst host 10.96.0.1", // a Service is nobody's address until kube-proxy has made its rules
  "and not icmp[icmptype] == icmp-unreach", // of WireGuard's port, which is closed without a daemon
].join(" ");

/**
 * The cases of a cluster whose only registry is its own API server on n1, after its power was cut: first with the control plane
 * alone, which is no member then, and afterwards with all of it.
 */
export function powerCut(lab: () => { readonly lab: Lab; readonly cluster: KubernetesCluster }): void {
  let cluster: KubernetesCluster;
  let nodes: KubernetesCluster["site"]["nodes"];
  beforeAll(async () => {
    cluster = lab().cluster;
    nodes = cluster.site.nodes;
    await cluster.cutPower();
    // As the unit of a package does it, before the network is up.
    for (const node of Object.values(nodes)) expect(await load(node)).toContain("create the nft table");
    await cluster.plane.startAgain();
  });

  it("the API server is reached outside the mesh while n1 is no member, and nothing else of n1", async () => {
    const filter = "ip and not udp port 51820";
    const capture = await Capture.on(lab().lab.wires, cluster.site.internet.name, {
      filter,
      snapLength: 128,
    });
    for (const name of ["n2", "n3"] as const) {
      await cluster.startNode(name);
      await nodes[name].daemon.start();
    }
    for (const name of ["n2", "n3"] as const) {
      await cluster.saysSo(name);
      await waitFor(() => answers(nodes[name], "10.96.0.1:443"), {
        what: `the Service of the API from ${name}`,
      });
      await nodes[name].daemon.waitForStatus("Kubernetes", ({ registries }) =>
        registries.some(({ phase }) => phase === "connected"),
      );
      expect((await nodes[name].ping("203.0.113.10", 2)).received).toBe(0);
    }
    await capture.stop();
    expect(await capture.lines(inClear)).toEqual([]);
    expect((await capture.lines("tcp dst port 6443 and src host 203.0.113.20")).length).toBeGreaterThan(0);
  });

  it("with n1 the mesh is whole again, and all 45 ways are in it", async () => {
    await cluster.startNode("n1");
    await nodes.n1.daemon.start();
    await cluster.meshIsUp();
    await cluster.recovered();
    const report = { cluster: "after a power cut", verdicts: await cluster.measure() };
    const wrong = report.verdicts.filter(({ isGood }) => !isGood);
    expect(wrong, written(report, "text")).toEqual([]);
    expect(totals(report)).toMatchObject({ ways: 45, answered: 45, inClear: 0 });
  });

  const answers = async (from: LabNode, at: string): Promise<boolean> =>
    (await from.namespace.attempt(cluster.programs.probe, "tls", "w-0000000000000", at)).exitCode === 0;
}

const load = async (node: LabNode): Promise<string> =>
  (await node.namespace.attempt(kubespan, "barrier", "load", "--config", configFile)).stdout;
