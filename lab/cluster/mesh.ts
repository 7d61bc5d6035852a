import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newCluster } from "../config.ts";
import type { ControlPlane } from "./control-plane.ts";
import { familiesOf, type NodeName, nodeNames, type Variant } from "./plan.ts";
import type { Site } from "./site.ts";

const rbac = join(import.meta.dirname, "../../deploy/kubernetes/rbac.yaml");
const access = "/run/kubespan-access";

/** The daemons on the nodes of a cluster. */
export class Mesh {
  readonly #site: Site;
  readonly #variant: Variant;
  readonly #identity = newCluster();

  constructor(site: Site, variant: Variant) {
    this.#site = site;
    this.#variant = variant;
  }

  /** Gives the daemons their account, which Kubernetes has to answer for. */
  async configure(plane: ControlPlane): Promise<void> {
    await plane.apply(await readFile(rbac, "utf8"));
    const token = await plane.kubectl("--namespace=kube-system", "create", "token", "kubespan");
    for (const name of nodeNames) {
      const { namespace } = this.#site.nodes[name];
      await namespace.write(`${access}/token`, token.trim());
      await namespace.write(`${access}/kubeconfig`, plane.kubeconfig({ tokenFile: "token" }));
    }
  }

  async startOn(name: NodeName): Promise<void> {
    const { onlyKubernetes, advertised } = this.#variant;
    const role = name === "n1" ? { machineType: "controlplane", apiServerPort: 6443 } : {};
    await this.#site.nodes[name].start({
      cluster: this.#identity,
      services: onlyKubernetes ? [] : [this.#site.discovery.url],
      mesh: { advertiseKubernetesNetworks: advertised },
      daemon: {
        node: { name, ...role },
        kubernetes: { enabled: true, kubeconfig: `${access}/kubeconfig` },
      },
    });
  }

  /** Waits until each node has its peers, and knows its own pod network if that is to be advertised. */
  async isUp(): Promise<void> {
    const { advertised } = this.#variant;
    for (const name of nodeNames) {
      const { daemon } = this.#site.nodes[name];
      await daemon.waitForPeers(...nodeNames.filter((other) => other !== name));
      await daemon.waitForStatus("what the registries say", ({ registries, node, peers }) => {
        const families = familiesOf(this.#variant);
        const hasAll = (prefixes: readonly string[]): boolean =>
          families.every((family) => prefixes.some((prefix) => prefix.startsWith(ofPods[family])));
        const hasNetworks = !advertised || peers.every(({ allowedIPs }) => hasAll(allowedIPs));
        const isTold = !advertised || hasAll(node.advertisedPrefixes);
        return registries.every(({ phase }) => phase === "connected") && hasNetworks && isTold;
      });
    }
  }
}

/** The beginning of every pod network of a family. */
const ofPods = { 4: "10.244.", 6: "fd00:10:244:" } as const;
