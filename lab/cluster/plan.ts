/** The numbers of a cluster: three nodes, of which the first is public and has the control plane. */
export const address = {
  service: "203.0.113.9",
  n1: "203.0.113.10",
  routerA: "203.0.113.20",
  routerB: "203.0.113.30",
  client: "203.0.113.50",
  n2: "192.168.2.2",
  n3: "192.168.3.2",
} as const;

export const nodeNames = ["n1", "n2", "n3"] as const;
export type NodeName = (typeof nodeNames)[number];

export const podNetwork = "10.244.0.0/16";
export const serviceNetwork = "10.96.0.0/16";

/** The programs of a cluster that can differ. */
export interface Variant {
  readonly cni: "flannel" | { readonly folder: string };
  /** The backend of flannel. */
  readonly backend: "vxlan" | "host-gw";
  readonly proxy: "iptables" | "nftables";
  /** `advertiseKubernetesNetworks` of the mesh. */
  readonly advertised: boolean;
  /** Whether Kubernetes, whose API server is on a member, is the mesh's only registry. */
  readonly onlyKubernetes?: boolean;
}

/** The name of a variant on one line. */
export const nameOf = ({ cni, backend, proxy, advertised }: Variant): string =>
  [
    cni === "flannel" ? `Flannel ${backend}` : `CNI of ${cni.folder}`,
    `kube-proxy ${proxy}`,
    advertised ? "advertised" : "not advertised",
  ].join(", ");

const backends = ["vxlan", "host-gw"] as const;
const proxies = ["iptables", "nftables"] as const;

/** All combinations with Flannel. */
export const variants: readonly Variant[] = backends.flatMap((backend) =>
  proxies.flatMap((proxy) =>
    [true, false].map((advertised) => ({ cni: "flannel" as const, backend, proxy, advertised })),
  ),
);
