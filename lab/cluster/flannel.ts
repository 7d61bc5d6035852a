import type { LabNode } from "../node.ts";
import type { Programs } from "../programs/index.ts";
import { Service } from "../service.ts";
import { waitFor } from "../wait.ts";
import { podNetwork, type Variant } from "./plan.ts";

const configuration = "/run/kubernetes/net-conf.json";
const result = "/run/flannel/subnet.env";

/** flanneld on a node, which takes the node's pod network from Kubernetes, and the bridge of its pods. */
export class Flannel extends Service {
  readonly #node: LabNode;
  readonly #netConf: string;

  /** `netConf` is the text of net-conf.json. */
  constructor(node: LabNode, programs: Programs, netConf: string) {
    const environment = [
      `NODE_NAME=${node.name}`,
      `POD_NAME=flannel-${node.name}`,
      "POD_NAMESPACE=kube-flannel",
    ];
    super(node.namespace, "flanneld", [
      "env",
      ...environment,
      programs.flanneld,
      "--kube-subnet-mgr",
      "--kubeconfig-file=/run/kubernetes/admin.kubeconfig",
      "--ip-masq",
      `--net-config-path=${configuration}`,
    ]);
    this.#node = node;
    this.#netConf = netConf;
  }

  /** Configures the pods' bridge with what flanneld wrote, as flannel's own plug-in does. */
  async setUp(): Promise<void> {
    const { namespace } = this.#node;
    await namespace.write(configuration, this.#netConf);
    await this.start();
    const written = await waitFor(() => namespace.read(result), {
      what: `flannel on ${this.#node.name}`,
      describe: async () => (await this.log()).slice(-4000),
    });
    await namespace.write(
      "/etc/cni/net.d/10-flannel.conflist",
      JSON.stringify(bridge(written), undefined, 2),
    );
  }
}

/**
 * What fits through the mesh, as `kubespan doctor` advises it: pods' packets without a tunnel, and Flannel's own in VXLAN, off
 * which it takes 50 where 70 are needed in IPv6. In IPv4 larger ones are fragmented; in IPv6 the first of them would be lost.
 */
const mtuOf = { pods: 1420, flannel: 1400 } as const;

/** The net-conf.json of a variant. */
export const netConfOf = ({ backend, proxy, isDual = false }: Variant): string =>
  JSON.stringify({
    Network: podNetwork[4],
    ...(isDual && { EnableIPv6: true, IPv6Network: podNetwork[6] }),
    EnableNFTables: proxy === "nftables",
    Backend: { Type: backend, ...(isDual && backend === "vxlan" && { MTU: mtuOf.flannel }) },
  });

/** The list of CNI plug-ins that fits a subnet.env of flanneld. */
export function bridge(written: string): object {
  const value = (name: string): string => new RegExp(`^FLANNEL_${name}=(.*)$`, "m").exec(written)?.[1] ?? "";
  const subnets = [
    value("SUBNET").replace(/\.\d+\//, ".0/"),
    value("IPV6_SUBNET").replace(/::1\//, "::/"),
  ].filter((subnet) => subnet !== "");
  const ipam = {
    type: "host-local",
    ranges: subnets.map((subnet) => [{ subnet }]),
    routes: [value("NETWORK"), value("IPV6_NETWORK")].filter((dst) => dst !== "").map((dst) => ({ dst })),
  };
  const gateway = { isGateway: true, isDefaultGateway: true, ipMasq: false, hairpinMode: true };
  const hasIPv6 = value("IPV6_SUBNET") !== "";
  const mtu = Math.min(Number(value("MTU")), hasIPv6 ? mtuOf.pods : Number.POSITIVE_INFINITY);
  return {
    cniVersion: "1.0.0",
    name: "cbr0",
    plugins: [
      { type: "bridge", bridge: "cni0", mtu, ...gateway, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
