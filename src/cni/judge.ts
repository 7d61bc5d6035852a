import { bitsOf, type Prefix, prefixContains, prefixFamily, subtract, withoutSpecial } from "../net/index.ts";
import { isContainerLink } from "../routing/index.ts";
import type { CniFacts } from "./facts.ts";
import { isOfOwnPods, type MainRoute } from "./main-route.ts";

/** Something by which packets of pods leave outside the mesh, in clear. */
interface Bypass {
  readonly who: string;
  readonly what: string;
  /** What to do about it. */
  readonly advice: string;
  /** What shows it. */
  readonly evidence: string;
}

const legacyAdvice =
  "install Cilium with the Helm value bpf.hostLegacyRouting=true ('cilium-dbg status' then says 'Host: Legacy'), and " +
  "set podNetworks.mainTable: true in KubeSpanDaemonConfig";
const mostNamed = 5;

const named = (texts: readonly string[]): string =>
  `${texts.slice(0, mostNamed).join(", ")}${texts.length > mostNamed ? ` and ${texts.length - mostNamed} more` : ""}`;

/**
 * What sends packets of pods to other links by eBPF or traffic control where they arrive. Such packets pass neither
 * nftables nor rules, so the mesh cannot steer them. `undefined` if nothing was found.
 */
export function bypassOf(facts: CniFacts): Bypass | undefined {
  return ciliumBypass(facts) ?? redirectBypass(facts);
}

function ciliumBypass({ cilium, programs, uplinks }: CniFacts): Bypass | undefined {
  if (!cilium || cilium.hostRouting === "legacy") return undefined;
  const who = "Cilium";
  const loaded = programs.map(({ link, program }) => `${link}: ${program}`);
  if (cilium.hostRouting === "ebpf")
    return {
      who,
      what: "sends packets of pods by eBPF (host routing), past nftables and rules: they leave outside the mesh, in clear",
      advice: legacyAdvice,
      evidence: `eBPF host routing is on${loaded.length > 0 ? `; ${named(loaded)}` : ""}`,
    };
  // Without programs at the links that lead out kube-proxy does the Services, and with kube-proxy there is no eBPF host
  // routing.
  const outside = programs.filter(({ link }) => uplinks.includes(link));
  if (outside.length === 0) return undefined;
  return {
    who,
    what:
      "has programs at links that lead out, and does by default send packets of pods by eBPF, past nftables and rules: " +
      "they leave outside the mesh, in clear. Its configuration (/run/cilium/state) cannot be read here",
    advice: `${legacyAdvice}; and let this program read /run/cilium/state`,
    evidence: named(outside.map(({ link, program }) => `${link}: ${program}`)),
  };
}

function redirectBypass({ redirects, uplinks }: CniFacts): Bypass | undefined {
  const outward = redirects.filter(({ link, to }) => link !== to && uplinks.includes(to));
  if (outward.length === 0) return undefined;
  const evidence = named(outward.map(({ link, to }) => `${link} to ${to}`));
  return {
    who: "traffic control",
    what: `sends what arrives at a link straight to one that leads out (${evidence}), past nftables and rules: that leaves outside the mesh, in clear`,
    advice:
      "take that filter away (tc filter show dev LINK ingress), or let the CNI forward through the kernel",
    evidence,
  };
}

/** The mesh as a CNI meets it. */
export interface MeshView {
  readonly interfaceName: string;
  /** The networks that are steered into the mesh. */
  readonly targets: readonly Prefix[];
  /** The networks that this node advertises, and whether those of its pods should be among them. */
  readonly advertised: readonly Prefix[];
  readonly advertisesPods: boolean;
  /** The networks that the operator keeps out of the mesh. */
  readonly localNetworks: readonly Prefix[];
  readonly hasMainRoutes: boolean;
}

/** A disagreement between the mesh and a CNI. */
interface CniWarning {
  readonly id:
    | "clear_routes"
    | "flannel"
    | "main_table_yields"
    | "pods_elsewhere"
    | "main_table"
    | "calico_ebpf";
  readonly who: string;
  readonly what: string;
  readonly advice: string;
}

/** What of a CNI goes outside the mesh, or is not reached in it, although nothing bypasses nftables. */
export const cniWarnings = (facts: CniFacts, mesh: MeshView): CniWarning[] => [
  ...clearRoutes(facts, mesh),
  ...flannelInClear(facts, mesh),
  ...yielding(facts, mesh),
  ...podsElsewhere(facts, mesh),
  ...servicesInClear(facts, mesh),
  ...calicoPrograms(facts),
];

/** A network that is wider than members may claim is not that of pods. */
const widest = { 4: 8, 6: 16 } as const;

/**
 * The routes that lead to pods on another node by that node's address (host-gw, BGP without encapsulation), without the
 * mesh knowing of these pods.
 */
function clearRoutes({ routes }: CniFacts, mesh: MeshView): CniWarning[] {
  const { targets, localNetworks } = mesh;
  const clear = routes
    .filter((route) => leadsElsewhere(route, mesh))
    .filter(({ gateway, network }) => {
      const isPeer = gateway !== undefined && targets.some((target) => prefixContains(target, gateway));
      return isPeer && withoutSpecial(subtract([network], [...targets, ...localNetworks])).length > 0;
    });
  const [first] = clear;
  if (!first) return [];
  return [
    {
      id: "clear_routes",
      who: `route ${routeText(first)}${clear.length > 1 ? ` and ${clear.length - 1} more` : ""}`,
      what: "leads to a peer outside the mesh, in clear: the peer does not advertise that network",
      advice:
        "set advertiseKubernetesNetworks: true on all nodes, or name the network in advertisedPrefixes of that peer (in localNetworks here, if it shall stay outside)",
    },
  ];
}

/**
 * Flannel that sends without a tunnel (host-gw) to pods here that the mesh does not know. It makes a route only to nodes of the same
 * network. To all others, packets take the default route, so that the other node has nothing that tells.
 */
function flannelInClear({ flannel }: CniFacts, mesh: MeshView): CniWarning[] {
  const { advertised, advertisesPods, localNetworks } = mesh;
  const isUnknown = advertisesPods && advertised.length === 0; // what Kubernetes gave to the node
  if (!flannel || flannel.hasTunnel || isUnknown) return [];
  const left = subtract(flannel.networks, [...advertised, ...localNetworks]);
  if (left.length === 0) return [];
  return [
    {
      id: "flannel",
      who: "Flannel without a tunnel of its own",
      what: `has others send to this node's pods in clear: the node does not advertise ${named(left)}`,
      advice: "set advertiseKubernetesNetworks: true on all nodes, or let Flannel use vxlan",
    },
  ];
}

/** Whether a route leads out by a gateway, to a network that may be that of pods, and not into the mesh or an overlay. */
const leadsElsewhere = ({ type, gateway, link, network }: MainRoute, { interfaceName }: MeshView): boolean =>
  type === "unicast" &&
  gateway !== undefined &&
  link !== undefined &&
  link !== interfaceName &&
  !isContainerLink(link) &&
  bitsOf(network) >= widest[prefixFamily(network)];

/** The routes of others to pods in the mesh, before which ours in the main table stand back. */
function yielding({ routes }: CniFacts, mesh: MeshView): CniWarning[] {
  if (!mesh.hasMainRoutes) return [];
  const first = routes
    .filter((route) => leadsElsewhere(route, mesh))
    .find(({ network }) => subtract([network], mesh.targets).length === 0);
  if (!first) return [];
  return [
    {
      id: "main_table_yields",
      who: `route ${routeText(first)}`,
      what: "comes before the mesh's own in the main table: what an eBPF program forwards by it leaves in clear",
      advice: "let the CNI make no routes to other nodes (Cilium: autoDirectNodeRoutes=false)",
    },
  ];
}

const routeText = ({ network, gateway, link }: MainRoute): string => `${network} via ${gateway} dev ${link}`;

/** The pods of this node outside of the networks that it advertises: other nodes do not reach them. */
function podsElsewhere({ routes }: CniFacts, { advertised, advertisesPods }: MeshView): CniWarning[] {
  if (!advertisesPods || advertised.length === 0) return [];
  const outside = routes
    .filter(isOfOwnPods)
    .filter(({ network }) => withoutSpecial(subtract([network], advertised)).length > 0)
    .map(({ network }) => network);
  const [first] = outside;
  if (first === undefined) return [];
  return [
    {
      id: "pods_elsewhere",
      who: `pods in ${first}${outside.length > 1 ? ` and ${outside.length - 1} more networks` : ""}`,
      what: `are outside of what this node advertises (${named(advertised)}): without an overlay, other nodes do not reach them`,
      advice:
        "set podNetworks.source: node in KubeSpanDaemonConfig, or let the CNI give addresses from the Node's podCIDRs (Calico: host-local IPAM)",
    },
  ];
}

/** Cilium's Services look up the way to a pod elsewhere in the main table, and send it there by eBPF. */
function servicesInClear({ cilium }: CniFacts, { hasMainRoutes }: MeshView): CniWarning[] {
  if (cilium?.hostRouting !== "legacy" || !cilium.replacesKubeProxy || hasMainRoutes) return [];
  return [
    {
      id: "main_table",
      who: "Cilium",
      what: "looks the way to pods elsewhere up in the main table: what comes in by a NodePort for them leaves in clear",
      advice: "set podNetworks.mainTable: true in KubeSpanDaemonConfig",
    },
  ];
}

function calicoPrograms({ programs }: CniFacts): CniWarning[] {
  const found = programs.filter(({ program }) => program.startsWith("cali_"));
  if (found.length === 0) return [];
  return [
    {
      id: "calico_ebpf",
      who: `Calico's eBPF data plane (${named(found.map(({ link, program }) => `${link}: ${program}`))})`,
      what: "was not tried with the mesh, and may send packets of pods past nftables, in clear",
      advice: "use Calico's data plane Iptables or Nftables (linuxDataplane in its Installation)",
    },
  ];
}
