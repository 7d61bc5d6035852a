import { expect, it } from "vitest";
import { stringify } from "yaml";
import type { KubernetesCluster, Pod } from "../../lab/cluster/index.ts";
import { attempt } from "../../lab/command.ts";
import { Capture, type Lab, waitFor } from "../../lab/index.ts";

/** A NetworkPolicy for the pod `only`, on n3: who may open connections to it. */
const policy = (ingress: readonly object[]): string =>
  stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "only" },
    spec: { podSelector: { matchLabels: { app: "only" } }, policyTypes: ["Ingress"], ingress },
  });

const fromPods = [{ from: [{ podSelector: { matchLabels: { app: "probe" } } }], ports: [{ port: 8080 }] }];

/** Packets of pods between the machines. */
const inClear = "net 10.244.0.0/16";

/** The cases of a cluster in which something enforces NetworkPolicies: what one says holds for what came through the mesh. */
export function networkPolicies(of: () => { readonly lab: Lab; readonly cluster: KubernetesCluster }): void {
  it("admit and refuse pods of other nodes, and nothing of them is in clear", async () => {
    const { lab, cluster } = of();
    const { plane, site, programs } = cluster;
    const pods = await cluster.pods();
    const at = `${pods.only.address}:8080`;
    const ask = [programs.probe, "tcp", "w-0000000000000", at];
    const ofPod = async ({ pid }: Pod): Promise<boolean> =>
      (await attempt(["nsenter", "--target", String(pid), "--net", "--", ...ask])).exitCode === 0;
    const answers = async () => ({
      n1: await ofPod(pods.of.n1),
      n2: await ofPod(pods.of.n2),
      "the node n2": (await site.nodes.n2.namespace.attempt(...ask)).exitCode === 0,
    });
    const become = async (what: string, wanted: Awaited<ReturnType<typeof answers>>): Promise<void> => {
      let found = {};
      await waitFor(
        async () => {
          found = await answers();
          return JSON.stringify(found) === JSON.stringify(wanted);
        },
        { what, describe: async () => `${JSON.stringify(found)}\n${await cluster.logs("kube-router")}` },
      );
    };
    const capture = await Capture.on(lab.wires, site.internet.name, { filter: inClear, snapLength: 128 });
    await become("everybody to be answered", { n1: true, n2: true, "the node n2": true });
    await plane.apply(policy([]));
    await become("nobody to be answered", { n1: false, n2: false, "the node n2": false });
    await plane.apply(policy(fromPods));
    await become("pods alone to be answered", { n1: true, n2: true, "the node n2": false });
    await plane.kubectl("delete", "networkpolicy", "only");
    await become("everybody to be answered again", { n1: true, n2: true, "the node n2": true });
    await capture.stop();
    expect(await capture.lines(inClear)).toEqual([]);
  });
}
