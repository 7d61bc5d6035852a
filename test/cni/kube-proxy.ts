import type { LabNode } from "../../lab/index.ts";
import { podAddress } from "./mesh.ts";

/** A Service with one endpoint, the pod of b. */
export const service = {
  clusterIP: "10.96.0.10",
  port: 80,
  /** With externalTrafficPolicy Cluster, and with Local. */
  nodePort: { cluster: 30080, local: 30081 },
} as const;

const endpoint = `${podAddress.b}:8080`;

/** One mode of kube-proxy: what it writes on each node, as its documentation describes that. */
export interface Proxy {
  readonly name: string;
  readonly install: (node: LabNode, hasEndpoint: boolean) => Promise<void>;
  readonly remove: (node: LabNode) => Promise<void>;
}

/** Masquerading is decided by the mark 0x4000 before routing, and done after it; the mark is taken off again. */
function iptablesRules(hasEndpoint: boolean): string {
  const { clusterIP, port, nodePort } = service;
  return [
    "*nat",
    ...[
      "SERVICES",
      "NODEPORTS",
      "TO-SERVICE",
      "TO-ENDPOINT",
      "FROM-OUTSIDE",
      "TO-LOCAL",
      "MASQ",
      "POSTROUTING",
    ].map((chain) => `:KP-${chain} - [0:0]`),
    "-A PREROUTING -j KP-SERVICES",
    "-A OUTPUT -j KP-SERVICES",
    "-A POSTROUTING -j KP-POSTROUTING",
    `-A KP-SERVICES -d ${clusterIP}/32 -p tcp --dport ${port} -j KP-TO-SERVICE`,
    "-A KP-SERVICES -m addrtype --dst-type LOCAL -j KP-NODEPORTS",
    `-A KP-NODEPORTS -p tcp --dport ${nodePort.cluster} -j KP-FROM-OUTSIDE`,
    `-A KP-NODEPORTS -p tcp --dport ${nodePort.local} -j KP-TO-LOCAL`,
    "-A KP-FROM-OUTSIDE -j KP-MASQ",
    "-A KP-FROM-OUTSIDE -j KP-TO-ENDPOINT",
    ...(hasEndpoint ? ["-A KP-TO-LOCAL -j KP-TO-ENDPOINT"] : []),
    "-A KP-TO-SERVICE ! -s 10.244.0.0/16 -j KP-MASQ",
    "-A KP-TO-SERVICE -j KP-TO-ENDPOINT",
    `-A KP-TO-ENDPOINT -s ${podAddress.b}/32 -j KP-MASQ`,
    `-A KP-TO-ENDPOINT -p tcp -j DNAT --to-destination ${endpoint}`,
    "-A KP-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A KP-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KP-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KP-POSTROUTING -j MASQUERADE --random-fully",
    "COMMIT",
    "",
  ].join("\n");
}

function nftablesRules(hasEndpoint: boolean): string {
  const { clusterIP, port, nodePort } = service;
  return `
    table ip kube_proxy {
      chain services {
        ip daddr ${clusterIP} tcp dport ${port} ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x4000
        ip daddr ${clusterIP} tcp dport ${port} goto to_endpoint
        fib daddr type local tcp dport ${nodePort.cluster} meta mark set meta mark | 0x4000
        fib daddr type local tcp dport ${nodePort.cluster} goto to_endpoint
        ${hasEndpoint ? `fib daddr type local tcp dport ${nodePort.local} goto to_endpoint` : ""}
      }
      chain to_endpoint {
        ip saddr ${podAddress.b} meta mark set meta mark | 0x4000
        meta l4proto tcp dnat to ${endpoint}
      }
      chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
      chain output { type nat hook output priority -100; policy accept; jump services; }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        meta mark & 0x4000 == 0 return
        meta mark set meta mark ^ 0x4000
        masquerade fully-random
      }
    }
  `;
}

export const proxies: readonly Proxy[] = [
  {
    name: "kube-proxy, iptables",
    install: async (node, hasEndpoint) => {
      await node.namespace.write("/run/kube-proxy", iptablesRules(hasEndpoint));
      await node.run("sh", "-c", "iptables-restore --noflush </run/kube-proxy");
    },
    remove: async (node) => {
      await node.run("nft", "delete", "table", "ip", "nat");
    },
  },
  {
    name: "kube-proxy, nftables",
    install: (node, hasEndpoint) => node.namespace.nft(nftablesRules(hasEndpoint)),
    remove: async (node) => {
      await node.run("nft", "delete", "table", "ip", "kube_proxy");
    },
  },
];
