import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  KubernetesCluster,
  nameOf,
  totals,
  type Variant,
  variants,
  written,
} from "../../lab/cluster/index.ts";
import { Lab } from "../../lab/index.ts";
import { Load } from "./load.ts";

/** The combinations that every run builds. KUBESPAN_CLUSTER=all in the environment has all of them built. */
const always = [
  "Flannel vxlan, kube-proxy nftables, not advertised",
  "Flannel host-gw, kube-proxy iptables, advertised",
];
const isAll = process.env["KUBESPAN_CLUSTER"] === "all";
const cases = variants
  .map((variant) => ({ variant, name: nameOf(variant) }))
  .filter(({ name }) => isAll || always.includes(name));

/** Whether the mesh knows what pods send: a tunnel of the CNI carries it, or their networks are advertised. */
const isKnown = ({ backend, advertised }: Variant): boolean => backend === "vxlan" || advertised;

const documentation = join(import.meta.dirname, "../../docs/cni.md");

interface NodeObject {
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

describe.each(cases)("$name", ({ variant, name }) => {
  let lab: Lab;
  let cluster: KubernetesCluster;
  beforeAll(async () => {
    lab = await Lab.open();
    cluster = await KubernetesCluster.start(lab, variant);
  });
  afterAll(() => lab?.close());

  it("the kubelets take the nodes' own addresses, and none of the mesh's link", async () => {
    const nodes = await cluster.plane.list<NodeObject>("nodes");
    const internal = nodes.map(({ status }) =>
      status.addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    );
    expect(internal).toEqual([["203.0.113.10"], ["192.168.2.2"], ["192.168.3.2"]]);
  });

  it("all 45 ways go where they should", async () => {
    const report = { cluster: name, verdicts: await cluster.measure() };
    expect(
      report.verdicts.filter(({ isGood }) => !isGood),
      written(report, "text"),
    ).toEqual([]);
    const { ways, answered, inClear } = totals(report);
    expect(ways).toBe(45);
    if (isKnown(variant)) expect({ answered, inClear }).toEqual({ answered: 45, inClear: 0 });
    const { backend, proxy, advertised } = variant;
    const row = [backend, proxy, advertised ? "yes" : "no", answered, inClear, "`make test`"].join(" | ");
    if (always.includes(name)) expect(await readFile(documentation, "utf8")).toContain(`| ${row} |`);
  });

  if (isKnown(variant))
    it("the API server reaches a kubelet behind a NAT, by its address in the mesh", async () => {
      const { of } = await cluster.pods();
      const told = await cluster.plane.kubectl("logs", of.n2.name, "--tail=1");
      expect(told).toBe("listening\n");
    });

  // It takes a while, and what is started anew is the same with every CNI.
  if (name === always[0])
    it("every program of every node is started anew under load, and nothing is lost", async () => {
      const load = await Load.start(cluster);
      await cluster.restartAll();
      const { pings, transfers } = await load.stop();
      expect(pings.map(({ lost }) => lost)).toEqual([0, 0, 0]);
      expect(transfers.failed).toEqual([]);
      expect(transfers.done).toBeGreaterThan(10);
      const report = { cluster: name, verdicts: await cluster.measure() };
      const wrong = report.verdicts.filter(({ isGood }) => !isGood);
      expect(wrong, written(report, "text")).toEqual([]);
    });
});
