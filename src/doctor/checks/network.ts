import { hexText } from "../../base/index.ts";
import type { Interference } from "../../marks/index.ts";
import { maskOf } from "../../net/index.ts";
import { type Link, tooLargePodLinks } from "../../routing/index.ts";
import type { Facts, Settings } from "../facts.ts";
import { type Finding, unknownFinding } from "../finding.ts";

/** The number of bytes by which a packet grows in the tunnel: IPv6, UDP, WireGuard's header and tag. */
const wireguardOverhead = 80;

/** The MTU that nearly every network has, and the bytes of the headers of a ping over IPv4. */
const [ordinaryMTU, icmpHeaders] = [1500, 28];

/** Checks the UDP port. Another WireGuard, such as Flannel's or Calico's encryption, uses the same port by default. */
export function checkPort({ port, settings }: Facts): Finding[] {
  const id = "port";
  const what = `UDP port ${settings.listenPort}`;
  if ("unknown" in port) return [unknownFinding(id, what, port.unknown)];
  const { isTaken, users, wireguardLinks } = port.value;
  const evidence = [...users, ...wireguardLinks.map((name) => `WireGuard link ${name}`)].join(", ");
  if (!isTaken) return [{ id, severity: "ok", text: `${what} is free`, evidence: "no socket has it" }];
  if (wireguardLinks.includes(settings.interfaceName))
    return [{ id, severity: "ok", text: `${what} is used by our link`, evidence }];
  return [
    {
      id,
      severity: "error",
      text: `${what} is taken by somebody else`,
      evidence: evidence || "a socket of the kernel, perhaps in a WireGuard link",
      fix: { advice: "set another listenPort in KubeSpanDaemonConfig, or end the other program" },
    },
  ];
}

export function checkLink({ links, settings }: Facts): Finding[] {
  const id = "link";
  if ("unknown" in links) return [unknownFinding(id, "the links", links.unknown)];
  const link = links.value.find(({ name }) => name === settings.interfaceName);
  if (!link) {
    const text = `the name ${settings.interfaceName} is free`;
    return [{ id, severity: "ok", text, evidence: `${links.value.length} links` }];
  }
  const evidence = `${link.name} is of the kind ${link.kind ?? "hardware"}`;
  if (link.kind === "wireguard" || link.kind === "tun")
    return [{ id, severity: "ok", text: `the link ${link.name} is there`, evidence }];
  const advice = "set another interfaceName in KubeSpanDaemonConfig";
  return [{ id, severity: "error", text: `${link.name} is no WireGuard link`, evidence, fix: { advice } }];
}

export function checkRouting({ routing, settings }: Facts): Finding[] {
  const id = "routing";
  const what = `table ${settings.table} and priority ${settings.priority}`;
  if ("unknown" in routing) return [unknownFinding(id, what, routing.unknown)];
  const { foreignRules, foreignRoutes, ahead } = routing.value;
  const others = [...foreignRules, ...foreignRoutes];
  const before = ahead.map(({ who, what: evidence }): Finding => {
    const advice = "nothing, as long as the daemon runs: it moves its rule when these change";
    const text = `${who} comes before the mesh's`;
    return { id: `${id}.ahead`, severity: "warning", text, evidence, fix: { advice } };
  });
  const free: Finding = {
    id,
    severity: "ok",
    text: `${what} are free or ours`,
    evidence: "nobody else uses them",
  };
  if (others.length === 0) return before.length > 0 ? before : [free];
  return [
    ...before,
    {
      id,
      severity: "error",
      text: `somebody else uses ${what}: the daemon does not touch that and refuses to start`,
      evidence: others.slice(0, 5).join("; "),
      fix: { advice: "set routing.table and routing.priority in KubeSpanDaemonConfig to free numbers" },
    },
  ];
}

/** Reports software that uses marks, tables or priorities of the mesh, found as the daemon finds it (src/marks). */
export function checkOthers({ others, settings }: Facts): Finding[] {
  const id = "marks";
  const { warnings, unread } = others;
  if (warnings.length === 0) {
    const left = unread.length === 0 ? "" : `; not read: ${unread.join("; ")}`;
    const evidence = `no rule or link with them${left}`;
    return [{ id, severity: "ok", text: "nobody else uses our mark bits", evidence }];
  }
  return warnings.map(({ who, what, about }) => ({
    id,
    severity: about === "reversePath" ? "error" : "warning",
    text: `${who} and the mesh get in each other's way`,
    evidence: what,
    fix: { advice: adviceFor(about, settings) },
  }));
}

function adviceFor(about: Interference["about"], { interfaceName, marks }: Settings): string {
  const without = hexText(~maskOf(marks));
  switch (about) {
    case "numbers":
      return "set marks or routing in KubeSpanDaemonConfig to what nobody uses, on every node alike";
    case "mask":
      return (
        `leave the mesh's bits out of that rule, whichever they are: with the mask ${without} (CONNMARK: --nfmask ${without} ` +
        `--ctmask ${without}); until then the mesh works, but may answer through itself who came in outside`
      );
    case "translation":
      return "except what leaves by the mesh's link, and WireGuard's UDP port, from that rule";
    case "reversePath":
      return (
        `let what comes out of the mesh pass before that rule (nft: iifname "${interfaceName}" accept; iptables: -i ` +
        `${interfaceName} -j RETURN), or let it look at the mark in prerouting, at a priority below 20 (fib saddr . mark . ` +
        "iif; -m rpfilter --validmark; firewalld: IPv6_rpfilter=strict)"
      );
  }
}

export function checkMTU({ links, uplinks, settings }: Facts): Finding[] {
  if ("unknown" in links) return [unknownFinding("mtu", "the links", links.unknown)];
  const below = links.value.filter(({ name }) => uplinks.includes(name) && name !== settings.interfaceName);
  return [
    ...below.map((link) => uplinkFinding(link, settings.mtu)),
    ...cniFindings(links.value, settings.mtu),
  ];
}

function uplinkFinding({ name, mtu }: Link, mesh: number): Finding {
  const [id, evidence] = [`mtu.${name}`, `${name} ${mtu}, mesh ${mesh}`];
  const most = mtu - wireguardOverhead;
  const beyond = "smaller networks on the way to the peers were not looked for";
  if (mesh <= most && mtu > ordinaryMTU)
    return {
      id,
      severity: "note",
      text: `the mesh fits through ${name}, if every network on the way to the peers takes ${mtu} bytes, too: that was not tested`,
      evidence,
      fix: {
        advice: `see whether "ping -M do -s ${mtu - icmpHeaders} PEER" is answered outside the mesh; if not, set mtu: ${ordinaryMTU - wireguardOverhead} in KubeSpanConfig`,
      },
    };
  if (mesh <= most) return { id, severity: "ok", text: `the mesh fits through ${name}; ${beyond}`, evidence };
  return {
    id,
    severity: "warning",
    text: `the mesh needs ${wireguardOverhead} bytes less than ${name} has: large packets are fragmented or lost`,
    evidence,
    fix: {
      advice: most < 1280 ? `raise the MTU of ${name} to 1360 or more` : `set mtu: ${most} in KubeSpanConfig`,
    },
  };
}

/** The advice on setting the MTU of a CNI, by the name of its link. `fits` is the MTU that fits through the mesh. */
const cniAdvice: readonly (readonly [RegExp, (fits: number) => string])[] = [
  // Flannel takes off 50 for VXLAN over IPv6, too.
  [/^flannel(?:-v6)?\.\d/, (fits) => `set "MTU": ${fits + 50} in the Backend of Flannel's net-conf.json`],
  [/^vxlan\.calico$/, (fits) => felixCommand(`{"vxlanMTU":${fits}}`)],
  [/^vxlan-v6\.calico$/, (fits) => felixCommand(`{"vxlanMTUV6":${fits}}`)],
  [/^tunl0$/, (fits) => felixCommand(`{"ipipMTU":${fits}}`)],
  [/^cilium_vxlan$/, (fits) => `install Cilium with the Helm value MTU=${fits + 50}`],
  [/^cilium|^lxc/, (fits) => `install Cilium with the Helm value MTU=${fits}`],
];

const felixCommand = (spec: string): string =>
  `kubectl patch felixconfiguration default --type merge -p '{"spec":${spec}}'`;

function cniFindings(links: readonly Link[], mesh: number): Finding[] {
  return tooLargePodLinks(links, mesh).map(({ link, mtu, fits, more }): Finding => {
    const [, advice] = cniAdvice.find(([form]) => form.test(link)) ?? [];
    const others = more > 0 ? ` (and ${more} more links)` : "";
    return {
      id: `mtu.${link}`,
      severity: "warning",
      text: `packets of ${link}${others} do not fit into the mesh: large ones are fragmented or lost`,
      evidence: `${link} ${mtu}, mesh ${mesh}, at most ${fits} fit`,
      fix: { advice: `${advice?.(fits) ?? `set the MTU of the CNI to ${fits}`}; then restart its pods` },
    };
  });
}

/** The links that Flannel, Calico and Cilium make for their own encryption. */
const encryptedLinks = /^(?:flannel-wg|wireguard\.cali|wg-v6\.cali|cilium_wg\d)/;

/**
 * Checks for WireGuard within WireGuard, which works, but at twice the cost and with packets that are 80 bytes smaller.
 */
export function checkEncryption({ links }: Facts): Finding[] {
  const found = "value" in links ? links.value.filter(({ name }) => encryptedLinks.test(name)) : [];
  return found.map(({ name }) => ({
    id: `encryption.${name}`,
    severity: "note",
    text: "the CNI encrypts what the mesh encrypts again",
    evidence: `link ${name}`,
    fix: {
      advice:
        "switch the CNI's own encryption off: Flannel's backend vxlan or host-gw, wireguardEnabled: false in Calico",
    },
  }));
}
