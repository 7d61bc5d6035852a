/** A program that is known to use bits of a mark, with the bits that it uses unless it is told otherwise. */
export interface KnownProgram {
  readonly name: string;
  readonly bits: number;
  readonly mark: "packet" | "packet and connection" | "connection";
  /** The purpose of the bits, and the setting that chooses others where there is one. */
  readonly what: string;
}

/**
 * The programs whose bits are known, with where they are written down. What a program was told to use instead is seen in
 * its rules alone.
 */
export const knownPrograms: readonly KnownProgram[] = [
  {
    name: "kubespan, KubeSpan of Talos",
    bits: 0x60,
    mark: "packet and connection",
    what: "leads packets into the mesh; marks in KubeSpanDaemonConfig chooses other bits",
  },
  {
    name: "kube-proxy, Flannel", // --iptables-masquerade-bit of kube-proxy, which is 14 by default
    bits: 0x4000,
    mark: "packet",
    what: "masquerades packets; masqueradeBit of kube-proxy chooses another bit",
  },
  {
    name: "kubelet before Kubernetes 1.28", // the chain KUBE-MARK-DROP, which the change log of 1.28 removes
    bits: 0x8000,
    mark: "packet",
    what: "drops packets",
  },
  {
    name: "Calico", // iptablesMarkMask of FelixConfiguration
    bits: 0xffff0000,
    mark: "packet and connection",
    what: "notes what its policies decided; iptablesMarkMask chooses other bits",
  },
  {
    name: "Cilium", // MARK_MAGIC_HOST_MASK in bpf/lib/common.h
    bits: 0xf00,
    mark: "packet",
    what: "notes where packets come from, and writes identities into the bits beside these",
  },
  {
    name: "Tailscale", // tailscaleFwmarkMask in util/linuxfw
    bits: 0xff0000,
    mark: "packet",
    what: "tells its own packets and those of subnet routes",
  },
  {
    name: "AWS VPC CNI", // defaultConnmark in pkg/networkutils
    bits: 0x80,
    mark: "connection",
    what: "keeps answers on the link of the request; AWS_VPC_K8S_CNI_CONNMARK chooses another bit",
  },
];

/** The bits that no known program uses. */
export const freeBits = (): number => ~knownPrograms.reduce((all, { bits }) => all | bits, 0) >>> 0;
