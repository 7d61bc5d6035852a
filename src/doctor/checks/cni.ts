import { bypassOf, cniWarnings } from "../../cni/index.ts";
import type { Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** Checks what CNI plug-ins do past the mesh, or without it, in the same words as `status`. */
export const checkCni = (facts: Facts): Finding[] => [
  ...bypassFindings(facts),
  ...disagreements(facts),
  ...calicoFindings(facts),
];

function bypassFindings({ cni }: Facts): Finding[] {
  const id = "cni.bypass";
  const found = bypassOf(cni);
  if (found)
    return [
      {
        id,
        severity: "error",
        text: `${found.who} ${found.what}`,
        evidence: found.evidence,
        fix: { advice: found.advice },
      },
    ];
  const how = cni.cilium ? `; Cilium's host routing: ${cni.cilium.hostRouting}` : "";
  return [
    {
      id,
      severity: "ok",
      text: "nothing was seen to send packets of pods past nftables",
      evidence: `traffic control at ${cni.uplinks.join(", ") || "no link that leads out"} and at links of pods${how}`,
    },
  ];
}

function disagreements({ cni, settings, steered, services }: Facts): Finding[] {
  const { interfaceName, networks, advertisesPods, localNetworks, hasMainRoutes } = settings;
  const found = cniWarnings(cni, {
    interfaceName,
    targets: steered,
    advertised: [
      ...networks,
      ...(advertisesPods ? services.flatMap(({ podNetworks = [] }) => podNetworks) : []),
    ],
    advertisesPods,
    localNetworks,
    hasMainRoutes,
  });
  return found.map(({ id, who, what, advice }) => ({
    id: `cni.${id}`,
    severity: "warning",
    text: what,
    evidence: who,
    fix: { advice },
  }));
}

/**
 * Names Calico's way to find the node's address. It takes the first link whose name is on none of its lists, and the
 * mesh's link carries the node's addresses, too.
 */
function calicoFindings({ cni, settings }: Facts): Finding[] {
  if (!cni.hasCalico) return [];
  const { interfaceName } = settings;
  return [
    {
      id: "cni.calico_address",
      severity: "note",
      text: `Calico's first-found may take an address of ${interfaceName} for the node's`,
      evidence: "Calico passes over links by name, and this name is on none of its lists",
      fix: {
        advice: `let Calico take Kubernetes' address: nodeAddressAutodetectionV4 and V6 with kubernetes: NodeInternalIP in its Installation (IP_AUTODETECTION_METHOD and IP6_AUTODETECTION_METHOD: kubernetes-internal-ip, or skip-interface=${interfaceName})`,
      },
    },
  ];
}
