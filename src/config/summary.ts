import { hexText, shortList } from "../base/index.ts";
import { clusterPrefix } from "../identity/index.ts";
import { hostPortText } from "../net/index.ts";
import type { Config, ServiceConfig } from "./config.ts";
import { proxyFor, proxyText } from "./proxy.ts";

/** The meaning of a configuration in a few lines for an operator, without secrets. */
export function configSummary(config: Config): string {
  const rows: readonly (readonly [string, string])[] = [
    ["mesh", config.enabled ? "enabled" : "not enabled (a KubeSpanConfig with 'enabled: true' turns it on)"],
    ["cluster", `${config.cluster.id} (addresses in ${clusterPrefix(config.cluster.id)})`],
    ["discovery", registries(config).join(", ") || "no service"],
    [
      "link",
      `${config.interfaceName}, UDP port ${config.listenPort}, ${mtuText(config)}, ${implementationText(config)}`,
    ],
    ["routing", `table ${config.routing.table}, rule priority ${config.routing.priority}`],
    [
      "marks",
      `${hexText(config.marks.fromWireGuard)} from WireGuard, ${hexText(config.marks.toWireGuard)} to it`,
    ],
    ["advertises", advertised(config)],
    ["announces", announced(config)],
    [
      "peer down",
      config.allowDownPeerBypass ? "its traffic goes outside the mesh, in clear" : "its traffic is refused",
    ],
    ...(config.localNetworks.length > 0
      ? [["in clear", `what is sent to ${listed(config.localNetworks)}`] as const]
      : []),
    ...(config.allowLocalMachineBypass
      ? [["in clear", "what is sent to peers' private addresses for which machines around answer"] as const]
      : []),
    ["node", [config.node.name ?? "named as the host", config.node.machineType].join(", ")],
    ["state", `${config.stateDirectory}, socket in ${config.runDirectory}`],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(11)}${text}\n`).join("");
}

const registries = ({ services, kubernetes }: Config): string[] => [
  ...services.map(serviceText),
  ...(kubernetes ? [`Kubernetes (${kubernetes.kubeconfig ?? "as a pod"})`] : []),
];

function serviceText(service: ServiceConfig): string {
  const { name, host, port, tls, caFile } = service;
  const proxy = proxyFor(service.proxies, service);
  const way = proxy ? `, through the proxy ${proxyText(proxy)}` : "";
  const security = tls ? `TLS${caFile === undefined ? "" : `, trusting ${caFile}`}` : "plaintext";
  return `${name} at ${hostPortText({ host, port })} (${security}${way})`;
}

function advertised(config: Config): string {
  const prefixes: string[] = [...config.advertisedPrefixes];
  if (config.advertiseKubernetesNetworks)
    prefixes.push(config.kubernetes ? "its pod networks" : "no pod networks (kubernetes is not enabled)");
  return listed(prefixes) || "only its own addresses";
}

function announced(config: Config): string {
  const extra = listed([...config.extraAnnouncedEndpoints, ...config.extraAnnouncedNames.map(hostPortText)]);
  return `${announcedAddresses(config)}${extra && `, and ${extra}`}`;
}

function announcedAddresses({ endpointFilters: filters }: Config): string {
  if (filters.length === 0) return "all its addresses";
  if (filters.every(({ exclude }) => exclude))
    return `all its addresses except those in ${listed(filters.map(({ prefix }) => prefix))}`;
  return `addresses in ${listed(filters.map(({ prefix, exclude }) => `${exclude ? "!" : ""}${prefix}`))}`;
}

const listed = (items: readonly string[]): string => shortList(items, 8);

const mtuText = ({ mtu }: Config): string => (mtu === "auto" ? "MTU by the node's own links" : `MTU ${mtu}`);

const implementationText = ({ wireguard }: Config): string =>
  wireguard === "auto" ? "in the kernel or else in userspace" : wireguard;
