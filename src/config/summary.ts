import { hexText } from "../base/index.ts";
import { clusterPrefix } from "../identity/index.ts";
import { hostPortText } from "../net/index.ts";
import type { Config, ServiceConfig } from "./config.ts";

/** What a configuration means, in a few lines for an operator; nothing secret is in it. */
export function configSummary(config: Config): string {
  const rows: readonly (readonly [string, string])[] = [
    ["mesh", config.enabled ? "enabled" : "not enabled (a KubeSpanConfig with 'enabled: true' turns it on)"],
    ["cluster", `${config.cluster.id} (addresses in ${clusterPrefix(config.cluster.id)})`],
    ["discovery", registries(config).join(", ") || "no service"],
    [
      "link",
      `${config.interfaceName}, UDP port ${config.listenPort}, MTU ${config.mtu}, ${config.wireguard}`,
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
      config.allowDownPeerBypass ? "its traffic goes outside the mesh, in clear" : "its traffic is held back",
    ],
    ["node", [config.node.name ?? "named as the host", config.node.machineType].join(", ")],
    ["state", `${config.stateDirectory}, socket in ${config.runDirectory}`],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(11)}${text}\n`).join("");
}

const registries = ({ services, kubernetes }: Config): string[] => [
  ...services.map(serviceText),
  ...(kubernetes ? [`Kubernetes (${kubernetes.kubeconfig ?? "as a pod"})`] : []),
];

function serviceText({ name, host, port, tls, caFile }: ServiceConfig): string {
  const security = tls ? `TLS${caFile === undefined ? "" : `, trusting ${caFile}`}` : "plaintext";
  return `${name} at ${hostPortText({ host, port })} (${security})`;
}

function advertised(config: Config): string {
  const prefixes: string[] = [...config.advertisedPrefixes];
  if (config.advertiseKubernetesNetworks)
    prefixes.push(config.kubernetes ? "its pod networks" : "no pod networks (kubernetes is not enabled)");
  return shortList(prefixes) || "only its own addresses";
}

function announced(config: Config): string {
  const filters = config.endpointFilters.map(({ prefix, exclude }) => `${exclude ? "!" : ""}${prefix}`);
  const extra = shortList(config.extraAnnouncedEndpoints);
  return `${filters.length > 0 ? `addresses in ${shortList(filters)}` : "all its addresses"}${extra && `, and ${extra}`}`;
}

const longestList = 8;

const shortList = (items: readonly string[]): string =>
  items.length > longestList
    ? `${items.slice(0, longestList).join(", ")} and ${items.length - longestList} more`
    : items.join(", ");
