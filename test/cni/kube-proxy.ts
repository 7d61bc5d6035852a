import type { LabNode } from "../../lab/index.ts";
import { type Addresses, podAddress } from "./addresses.ts";

/** A Service with one endpoint, the pod of b. */
export const service = {
  clusterIP: { 4: "10.96.0.10", 6: "fd00:10:96::a" },
  port: 80,
  /** With externalTrafficPolicy Cluster, and with Local. */
  nodePort: { cluster: 30080, local: 30081 },
} as const;

const endpoint = (addresses: Addresses): string => {
  const { b } = podAddress(addresses);
  return addresses.family === 4 ? `${b}:8080` : `[${b}]:8080`;
};

/** One mode of kube-proxy: what it writes on each node for a family, as its documentation describes that. */
export interface Proxy {
  readonly name: string;
  readonly install: (node: LabNode, addresses: Addresses, hasEndpoint: boolean) => Promise<void>;
  readonly remove: (node: LabNode, addresses: Addresses) => Promise<void>;
}

/** Masquerading is decided by the mark 0x4000 before routing, and done after it; the mark is taken off again. */
function iptablesRules(addresses: Addresses, hasEndpoint: boolean): string {
  const { port, nodePort } = service;
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
    `-A KP-SERVICES -d ${service.clusterIP[addresses.family]} -p tcp --dport ${port} -j KP-TO-SERVICE`,
    "-A KP-SERVICES -m addrtype --dst-type LOCAL -j KP-NODEPORTS",
    `-A KP-NODEPORTS -p tcp --dport ${nodePort.cluster} -j KP-FROM-OUTSIDE`,
    `-A KP-NODEPORTS -p tcp --dport ${nodePort.local} -j KP-TO-LOCAL`,
    "-A KP-FROM-OUTSIDE -j KP-MASQ",
    "-A KP-FROM-OUTSIDE -j KP-TO-ENDPOINT",
    ...(hasEndpoint ? ["-A KP-TO-LOCAL -j KP-TO-ENDPOINT"] : []),
    `-A KP-TO-SERVICE ! -s ${addresses.allPods} -j KP-MASQ`,
    "-A KP-TO-SERVICE -j KP-TO-ENDPOINT",
    `-A KP-TO-ENDPOINT -s ${podAddress(addresses).b} -j KP-MASQ`,
    `-A KP-TO-ENDPOINT -p tcp -j DNAT --to-destination ${endpoint(addresses)}`,
    "-A KP-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A KP-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KP-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KP-POSTROUTING -j MASQUERADE --random-fully",
    "COMMIT",
    "",
  ].join("\n");
}

function nftablesRules(addresses: Addresses, hasEndpoint: boolean): string {
  const { port, nodePort } = service;
  const { ip, allPods } = addresses;
  const clusterIP = service.clusterIP[addresses.family];
  return `
    table ${ip} kube_proxy {
      chain services {
        ${ip} daddr ${clusterIP} tcp dport ${port} ${ip} saddr != ${allPods} meta mark set meta mark | 0x4000
        ${ip} daddr ${clusterIP} tcp dport ${port} goto to_endpoint
        fib daddr type local tcp dport ${nodePort.cluster} meta mark set meta mark | 0x4000
        fib daddr type local tcp dport ${nodePort.cluster} goto to_endpoint
        ${hasEndpoint ? `fib daddr type local tcp dport ${nodePort.local} goto to_endpoint` : ""}
      }
      chain to_endpoint {
        ${ip} saddr ${podAddress(addresses).b} meta mark set meta mark | 0x4000
        meta l4proto tcp dnat to ${endpoint(addresses)}
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
    install: async (node, addresses, hasEndpoint) => {
      await node.namespace.write("/run/kube-proxy", iptablesRules(addresses, hasEndpoint));
      await node.run("sh", "-c", `${addresses.ip}tables-restore --noflush </run/kube-proxy`);
    },
    remove: async (node, { ip }) => {
      await node.run("nft", "delete", "table", ip, "nat");
    },
  },
  {
    name: "kube-proxy, nftables",
    install: (node, addresses, hasEndpoint) => node.namespace.nft(nftablesRules(addresses, hasEndpoint)),
    remove: async (node, { ip }) => {
      await node.run("nft", "delete", "table", ip, "kube_proxy");
    },
  },
];
