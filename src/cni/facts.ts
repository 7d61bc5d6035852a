import type { Prefix } from "../net/index.ts";
import type { MainRoute } from "./main-route.ts";

/** The way in which Cilium sends packets of pods to other nodes: by eBPF, past nftables, rules and routes, or by the kernel's own way. */
type HostRouting = "ebpf" | "legacy" | "unknown";

export interface CiliumFacts {
  readonly hostRouting: HostRouting;
  /** Whether Cilium does the work of kube-proxy; `undefined` if its configuration does not tell. */
  readonly replacesKubeProxy: boolean | undefined;
}

/** An eBPF program of a CNI plug-in at a link. */
export interface LoadedProgram {
  readonly link: string;
  readonly program: string;
}

/** A filter that sends what arrives at a link to another link, before nftables sees it. */
export interface Redirect {
  readonly link: string;
  readonly to: string;
}

/** Flannel on this node. */
interface FlannelFacts {
  /** The networks of this node's pods. */
  readonly networks: readonly Prefix[];
  /** Whether a link of Flannel's carries what pods send to other nodes, as with VXLAN. */
  readonly hasTunnel: boolean;
}

/** What CNI plug-ins made on this node, as far as it concerns the mesh. */
export interface CniFacts {
  /** Absent where Cilium is not. */
  readonly cilium?: CiliumFacts;
  /** Absent where Flannel is not. */
  readonly flannel?: FlannelFacts;
  readonly hasCalico: boolean;
  readonly programs: readonly LoadedProgram[];
  readonly redirects: readonly Redirect[];
  /** The routes of the main table that concern pods, or lead to another node by a gateway. */
  readonly routes: readonly MainRoute[];
  /** The ranges from which host-local gives addresses on this node. */
  readonly ranges: readonly Prefix[];
  /** The links by which packets leave this node. */
  readonly uplinks: readonly string[];
}

export const nothingFound: CniFacts = {
  hasCalico: false,
  programs: [],
  redirects: [],
  routes: [],
  ranges: [],
  uplinks: [],
};
