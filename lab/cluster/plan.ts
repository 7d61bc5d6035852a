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

export type Family = 4 | 6;

/** The addresses in IPv6, which a cluster of both families has. Nobody translates it, and routers let in only what was asked for. */
const address6: Readonly<Record<keyof typeof address, string>> = {
  service: "2001:db8::9",
  n1: "2001:db8::10",
  routerA: "2001:db8::20",
  routerB: "2001:db8::30",
  client: "2001:db8::50",
  n2: "2001:db8:2::2",
  n3: "2001:db8:3::2",
};

export const addressOf = (family: Family): typeof address6 => (family === 4 ? address : address6);

export const nodeNames = ["n1", "n2", "n3"] as const;
export type NodeName = (typeof nodeNames)[number];

export const podNetwork = { 4: "10.244.0.0/16", 6: "fd00:10:244::/56" } as const;
export const serviceNetwork = { 4: "10.96.0.0/16", 6: "fd00:10:96::/112" } as const;

/** The families of a cluster's addresses; the first one is Kubernetes' own choice where there is one. */
export const familiesOf = ({ isDual }: Pick<Variant, "isDual">): readonly Family[] => (isDual ? [4, 6] : [4]);

/** Both values of a cluster with two families as Kubernetes' options have them, or the one. */
export const ofFamilies = (
  values: Readonly<Record<Family, string>>,
  cluster: Pick<Variant, "isDual">,
): string =>
  familiesOf(cluster)
    .map((family) => values[family])
    .join();

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
  /** Whether nodes, pods and Services have IPv6, too. */
  readonly isDual?: boolean;
  /** Whether kube-router enforces NetworkPolicies, as it does in k3s. Flannel has none. */
  readonly hasPolicies?: boolean;
}

/** The name of a variant on one line. */
export const nameOf = ({ cni, backend, proxy, advertised, isDual, hasPolicies }: Variant): string =>
  [
    cni === "flannel" ? `Flannel ${backend}` : `CNI of ${cni.folder}`,
    `kube-proxy ${proxy}`,
    advertised ? "advertised" : "not advertised",
    ...(isDual ? ["both families"] : []),
    ...(hasPolicies ? ["kube-router"] : []),
  ].join(", ");

const backends = ["vxlan", "host-gw"] as const;
const proxies = ["iptables", "nftables"] as const;

const simple: readonly Variant[] = backends.flatMap((backend) =>
  proxies.flatMap((proxy) =>
    [true, false].map((advertised) => ({ cni: "flannel" as const, backend, proxy, advertised })),
  ),
);

/** All combinations with Flannel, the same in both families, and with kube-router's NetworkPolicies. */
export const variants: readonly Variant[] = [
  ...simple,
  ...simple.map((variant) => ({ ...variant, isDual: true })),
  { cni: "flannel", backend: "vxlan", proxy: "iptables", advertised: false, hasPolicies: true },
  { cni: "flannel", backend: "host-gw", proxy: "iptables", advertised: true, hasPolicies: true },
];
