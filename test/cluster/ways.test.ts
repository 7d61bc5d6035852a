import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addressOf,
  type Family,
  familiesOf,
  KubernetesCluster,
  nameOf,
  nodeNames,
  totals,
  type Variant,
  variants,
  written,
} from "../../lab/cluster/index.ts";
import { Lab } from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";
import { Load } from "./load.ts";
import { networkPolicies } from "./network-policies.ts";
import { powerCut } from "./power-cut.ts";
import { threeControlPlanes } from "./three-control-planes.ts";

/**
 * The combinations that every run builds. With KUBESPAN_CLUSTER=all in the environment all of them are built, and with a part of
 * their name those that have it.
 */
const always = [
  "Flannel vxlan, kube-proxy nftables, not advertised",
  "Flannel host-gw, kube-proxy iptables, advertised",
];
const asked = process.env["KUBESPAN_CLUSTER"];
const isAsked = (name: string): boolean =>
  asked === undefined ? always.includes(name) : asked === "all" || name.includes(asked);
const cases = variants
  .map((variant) => ({ variant, name: nameOf(variant) }))
  .filter(({ name }) => isAsked(name))
  .map(({ variant, name }) => ({ name, variant: { ...variant, onlyKubernetes: name === always[1] } }));

/** Whether the mesh knows what pods send: a tunnel of the CNI carries it, or their networks are advertised. */
const isKnown = ({ backend, advertised }: Variant): boolean => backend === "vxlan" || advertised;

/** The pod networks of nodes, as warnings name them. */
const podsOfNode: Readonly<Record<Family, RegExp>> = {
  4: /10\.244\.\d\.0\/24/,
  6: /fd00:10:244:(?:\d:)?:\/64/,
};

/** Whether a node says that others send to its pods in clear, in each family. */
const isWarned = ({ warnings }: Status, variant: Variant): boolean =>
  familiesOf(variant).every((family) =>
    warnings.some(({ who, what }) => who.includes("Flannel") && podsOfNode[family].test(what)),
  );

const documentation = join(import.meta.dirname, "../../docs/cni.md");

interface NodeObject {
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

const three = "three control planes";
if (asked !== undefined && isAsked(three)) describe(three, threeControlPlanes);

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
    const families = familiesOf(variant);
    expect(internal).toEqual(nodeNames.map((on) => families.map((family) => addressOf(family)[on])));
  });

  if (!isKnown(variant))
    it.each(nodeNames)("%s says in status and doctor that its pods are reached in clear", async (on) => {
      const { daemon } = cluster.site.nodes[on];
      await daemon.waitForStatus("the warning", (status) => isWarned(status, variant));
      const { stdout } = await daemon.command("doctor");
      expect(stdout).toContain("advertiseKubernetesNetworks");
    });

  const all = variant.isDual ? 45 + 44 : 45;
  it(`all ${all} ways go where they should`, async () => {
    const report = { cluster: name, verdicts: await cluster.measure() };
    expect(
      report.verdicts.filter(({ isGood }) => !isGood),
      written(report, "text"),
    ).toEqual([]);
    const { ways, answered, inClear } = totals(report);
    expect(ways).toBe(all);
    if (isKnown(variant)) expect({ answered, inClear }).toEqual({ answered: all, inClear: 0 });
    const { backend, proxy, advertised } = variant;
    const row = [backend, proxy, advertised ? "yes" : "no", answered, inClear];
    if (asked !== undefined) console.log(`| ${row.join(" | ")} | ${name}`);
    if (always.includes(name))
      expect(await readFile(documentation, "utf8")).toContain(`| ${row.join(" | ")} | \`make test\` |`);
  });

  if (isKnown(variant))
    it("the API server reaches a kubelet behind a NAT, by its address in the mesh", async () => {
      const { of } = await cluster.pods();
      const told = await cluster.plane.kubectl("logs", of.n2.name, "--tail=1");
      expect(told).toBe("listening\n");
    });

  if (variant.hasPolicies)
    describe("NetworkPolicies of kube-router", () => networkPolicies(() => ({ lab, cluster })));

  if (variant.onlyKubernetes)
    describe("Kubernetes as the only registry", () => powerCut(() => ({ lab, cluster })));

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
