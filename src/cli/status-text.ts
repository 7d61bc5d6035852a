import type { PeerReport, Status } from "../api/index.ts";
import { age } from "../base/index.ts";
import { errorOf } from "../discovery/index.ts";
import type { LeftOut } from "../net/index.ts";
import { bytes, oneLine, table } from "./render.ts";

/** What `kubespan status` prints on a terminal. */
export function statusText(status: Status): string {
  const sections = [
    nodeText(status),
    registriesText(status),
    peersText(status.peers),
    changesText(status.peers),
    warningsText(status),
    leftOutText(status),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function nodeText({ node, work, repairs, dropped }: Status): string {
  const lines: [string, string][] = [
    ["node", `${node.hostname} (${node.nodeId})`],
    ["address", node.address],
    ["public key", node.publicKey],
    ["link", `${node.interfaceName}, ${node.implementation}, port ${node.listenPort}, MTU ${node.mtu}`],
    ["announced", node.announcedEndpoints.join(", ") || "no endpoint"],
    ["networks", node.advertisedPrefixes.join(", ") || "none"],
  ];
  const repaired = Object.entries(repairs).filter(([, count]) => count > 0);
  if (repaired.length > 0) lines.push(["put back", repaired.map((each) => each.join(" ")).join(", ")]);
  const kept = droppedText(dropped);
  if (kept !== "") lines.push(["dropped", kept]);
  if (work.state === "disabled") lines.push(["mesh", "disabled in the configuration"]);
  else if (work.state !== "working")
    lines.push(["problem", `${work.state} for ${age(work.seconds)}: ${work.why}`]);
  return lines.map(([name, value]) => `${`${name}:`.padEnd(12)}${oneLine(value)}`).join("\n");
}

const droppedText = ({ outside, tunnel, entering, leaving }: Status["dropped"]): string =>
  [
    [outside, "that came in outside the mesh"],
    [tunnel, "out of the tunnel to networks that are not this node's"],
    [entering, "into the mesh with a source of this node from elsewhere"],
    [leaving, "for the mesh that would have left another way"],
  ]
    .flatMap(([packets, what]) => (packets === 0 ? [] : [`${packets} ${what}`]))
    .join(", ");

const registriesText = ({ registries }: Status): string =>
  table(
    ["REGISTRY", "STATE", "AFFILIATES", "OBSERVED ADDRESS", "LOCATION"],
    registries.map((each) => [
      each.name,
      registryStateText(each),
      String(each.affiliates),
      each.reflected ?? "-",
      each.location,
    ]),
  );

function registryStateText(registry: Status["registries"][number]): string {
  const { phase, disowned } = registry;
  const state = phase === "cached" ? `${phase} ${age(registry.ageSeconds)} ago` : phase;
  const problem = errorOf(registry) ?? (disowned && `${disowned.what} (${disowned.times} times)`);
  return problem === undefined ? state : `${state}: ${problem}`;
}

function peersText(peers: readonly PeerReport[]): string {
  if (peers.length === 0) return "no peers yet";
  const up = peers.filter((peer) => peer.state === "up").length;
  const rows = peers.map((peer) => [
    peer.label,
    peer.suspected ? "suspected" : peer.state,
    peer.endpoint ?? "-",
    peer.handshakeAgeSeconds === undefined ? "never" : age(peer.handshakeAgeSeconds),
    bytes(peer.receivedBytes),
    bytes(peer.sentBytes),
    String(peer.candidates.length),
    peer.address,
  ]);
  const head = ["PEER", "STATE", "ENDPOINT", "HANDSHAKE", "RX", "TX", "CANDIDATES", "ADDRESS"];
  return `${table(head, rows)}\n${up} of ${peers.length} peers up`;
}

/** The peers whose endpoint has changed. */
function changesText(peers: readonly PeerReport[]): string {
  const rows = peers.flatMap(({ label, endpointChanges, lastEndpointChange: last }) =>
    last
      ? [[label, `${age(last.ageSeconds)} ago`, last.from, last.to, String(endpointChanges), last.reason]]
      : [],
  );
  return rows.length === 0 ? "" : table(["MOVED", "LAST", "FROM", "TO", "TIMES", "WHY"], rows);
}

const warningsText = ({ warnings }: Status): string =>
  warnings.length === 0
    ? ""
    : table(
        ["WARNING", "WHAT"],
        warnings.map(({ who, what }) => [who, what]),
      );

function leftOutText(status: Status): string {
  const rows = [
    ...named("this node", status.node.leftOut),
    ...status.registries.flatMap((registry) =>
      registry.refused.map(({ nodeId, reason }) => [registry.name, `affiliate ${nodeId}`, reason]),
    ),
    ...status.refusedAffiliates.map(({ label, nodeId, reason }) => [label, `affiliate ${nodeId}`, reason]),
    ...status.peers.flatMap((peer) => [
      ...named(peer.label, peer.refusedCandidates),
      ...named(peer.label, peer.refusedPrefixes),
    ]),
  ];
  return rows.length === 0 ? "" : table(["LEFT OUT", "WHAT", "WHY"], rows);
}

const named = (name: string, items: readonly LeftOut[]): string[][] =>
  items.map(({ value, reason }) => [name, value, reason]);
