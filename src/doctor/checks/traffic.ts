import { hexText } from "../../base/index.ts";
import type { Block } from "../../marks/index.ts";
import { maskOf } from "../../net/index.ts";
import type { Facts } from "../facts.ts";
import { type Finding, type Fix, unknownFinding } from "../finding.ts";

/** Checks for routes that refuse what this node itself sends to the mesh. */
export function checkRefusals({ refusals }: Facts): Finding[] {
  const id = "routing.refused";
  if ("unknown" in refusals) return [unknownFinding(id, "the routes that refuse", refusals.unknown)];
  const [first] = refusals.value;
  if (first === undefined)
    return [
      {
        id,
        severity: "ok",
        text: "no route refuses what goes to the mesh",
        evidence: "asked for each network of the mesh that such a route touches",
      },
    ];
  const more = refusals.value.length > 1 ? ` and ${refusals.value.length - 1} more` : "";
  return [
    {
      id,
      severity: "warning",
      text: `a route refuses what this node itself sends to ${first.target}${more}, before it gets into the mesh; its pods are not concerned`,
      evidence: [...new Set(refusals.value.map(({ route }) => route))].slice(0, 5).join("; "),
      fix: {
        advice: `take that route away where nobody needs it, or add one for what the mesh carries, which comes first: ip route add ${first.target} dev LINK, with LINK that of the default route`,
      },
    },
  ];
}

const nearlyFull = 0.8;

/**
 * Checks the room for tracked connections. The nft table needs connection tracking at the entrance of the host, and the
 * kernel then tracks all connections, also on a host where nobody else asked for that.
 */
export function checkTracking({ sysctls }: Facts): Finding[] {
  const id = "conntrack";
  const keys = ["net/netfilter/nf_conntrack_count", "net/netfilter/nf_conntrack_max"] as const;
  const [count, most] = keys.map((key) => Number(sysctls.get(key) ?? Number.NaN));
  if (count === undefined || most === undefined || Number.isNaN(count) || Number.isNaN(most))
    return [
      {
        id,
        severity: "ok",
        text: "connections are not tracked yet: the mesh begins with it, for all traffic of this host",
        evidence: "no nf_conntrack in /proc/sys",
      },
    ];
  const evidence = `${count} of at most ${most} connections`;
  if (count < most * nearlyFull)
    return [{ id, severity: "ok", text: "there is room for tracked connections", evidence }];
  const more = String(most * 4);
  return [
    {
      id,
      severity: "warning",
      text: "the table of tracked connections is nearly full: when it is, new connections of this host are dropped, in and outside the mesh",
      evidence,
      fix: {
        commands: [`sysctl -w net.netfilter.nf_conntrack_max=${more}`],
        file: { path: "/etc/sysctl.d/90-kubespan.conf", lines: [`net.netfilter.nf_conntrack_max = ${more}`] },
      },
    },
  ];
}

/** Checks whether a firewall of this host lets through what the mesh needs. */
export function checkFirewall({ firewall, settings }: Facts): Finding[] {
  const id = "firewall";
  if (firewall.length === 0)
    return [
      {
        id,
        severity: "ok",
        text: "no firewall of this host was seen to drop what the mesh needs",
        evidence: "policies and rules of input and forward",
      },
    ];
  return firewall.map(
    (block): Finding => ({
      id: `${id}.${block.hook}`,
      severity: "warning",
      text: textOf(block, settings),
      evidence: `${block.where}: ${block.refusal}`,
      fix: fixOf(block, settings),
    }),
  );
}

type Needed = Pick<Facts["settings"], "interfaceName" | "listenPort" | "networks" | "marks">;

function textOf({ missing, hook }: Block, { interfaceName, listenPort }: Needed): string {
  const what = [
    ...(missing.includes("port") ? [`UDP port ${listenPort}, at which peers dial this node`] : []),
    ...(missing.includes("link")
      ? [
          hook === "input"
            ? `what peers send to this node by ${interfaceName}`
            : `what goes between ${interfaceName} and the pods`,
        ]
      : []),
    ...(missing.includes("relayed") ? ["what this node relays, which bears WireGuard's mark"] : []),
  ];
  return `a firewall refuses on ${hook} what no rule accepts, and none was seen for ${what.join(", nor for ")}`;
}

function fixOf(
  { manager, missing, hook, place }: Block,
  { interfaceName, listenPort, networks, marks }: Needed,
): Fix {
  const needs = (what: Block["missing"][number]): boolean => missing.includes(what);
  const isForward = hook === "forward";
  const [mark, mask] = [marks.fromWireGuard, maskOf(marks)].map(hexText);
  if (missing.length === 1 && needs("relayed") && place.tool === "nft" && manager === "nobody")
    return {
      commands: [`nft insert rule ${place.table} ${place.chain} meta mark and ${mask} == ${mark} accept`],
      advice: "and put this line into the file from which the ruleset is loaded, such as /etc/nftables.conf",
    };
  if (missing.length === 1 && needs("relayed"))
    return {
      commands: [`iptables -I FORWARD -m mark --mark ${mark}/${mask} -j ACCEPT`],
      advice: "and save the rule in the way of this distribution, so that it is there after a reboot",
    };
  if (manager === "firewalld")
    return {
      commands: [
        ...(needs("port") ? [`firewall-cmd --permanent --add-port=${listenPort}/udp`] : []),
        ...(needs("link")
          ? [`firewall-cmd --permanent --zone=trusted --add-interface=${interfaceName}`]
          : []),
        ...(isForward
          ? networks.map((network) => `firewall-cmd --permanent --zone=trusted --add-source=${network}`)
          : []),
        "firewall-cmd --reload",
      ],
    };
  if (manager === "ufw")
    return {
      commands: [
        ...(needs("port") ? [`ufw allow ${listenPort}/udp`] : []),
        ...(needs("link") && !isForward ? [`ufw allow in on ${interfaceName}`] : []),
        ...(isForward
          ? [`ufw route allow in on ${interfaceName}`, `ufw route allow out on ${interfaceName}`]
          : []),
      ],
    };
  if (place.tool !== "nft")
    return {
      commands: [
        ...(needs("port") ? [`${place.tool} -I INPUT -p udp --dport ${listenPort} -j ACCEPT`] : []),
        ...(needs("link") && !isForward ? [`${place.tool} -I INPUT -i ${interfaceName} -j ACCEPT`] : []),
        ...(isForward
          ? ["-i", "-o"].map((end) => `${place.tool} -I FORWARD ${end} ${interfaceName} -j ACCEPT`)
          : []),
      ],
      advice: "and save the rules in the way of this distribution, so that they are there after a reboot",
    };
  const insert = `nft insert rule ${place.table} ${place.chain}`;
  return {
    commands: [
      ...(needs("port") ? [`${insert} udp dport ${listenPort} accept`] : []),
      ...(needs("link") && !isForward ? [`${insert} iifname ${interfaceName} accept`] : []),
      ...(isForward ? ["iifname", "oifname"].map((end) => `${insert} ${end} ${interfaceName} accept`) : []),
    ],
    advice: "and put these lines into the file from which the ruleset is loaded, such as /etc/nftables.conf",
  };
}
